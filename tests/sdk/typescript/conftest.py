"""The SDK, built and installed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sdk.typescript.npm import OPTIONS, PACKAGE, build_sdk, run_npm


@pytest.fixture(scope="session")
def built_sdk() -> None:
    """Build the SDK."""
    build_sdk()


@pytest.fixture(scope="session")
def tarball(built_sdk: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the packed SDK."""
    directory = tmp_path_factory.mktemp("packed")
    destination = ("--pack-destination", directory)
    done = run_npm("pack", "--ignore-scripts", *destination, cwd=PACKAGE)
    assert done.returncode == 0, done.stderr
    (path,) = directory.iterdir()
    return path


@pytest.fixture(scope="module")
def project(tarball: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an empty directory in which the SDK is installed, without the registry."""
    directory = tmp_path_factory.mktemp("project")
    (directory / "package.json").write_text('{"type": "module"}')
    done = run_npm("install", "--offline", *OPTIONS, tarball, cwd=directory)
    assert done.returncode == 0, done.stderr
    return directory
