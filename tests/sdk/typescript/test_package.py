"""The npm package: what it contains, and what packaging tools say."""

from __future__ import annotations

import json
import re
import shutil
import tarfile
from pathlib import Path
from typing import Any

import pytest

from tests.sdk.typescript.npm import MODULES, PACKAGE, install_tools, run_node
from tests.support.ports import find_free_port
from tests.support.requirements import REQUIRED_VARIABLE

pytestmark = pytest.mark.slow
MANIFEST = json.loads((PACKAGE / "package.json").read_text())


def test_the_tarball_contains_what_was_built_and_no_sources(tarball: Path) -> None:
    with tarfile.open(tarball) as archive:
        names = {name.removeprefix("package/") for name in archive.getnames()}
    others = {name for name in names if not re.search(r"^dist/.+\.(js|d\.ts)$", name)}
    assert others == {"package.json", "README.md", "LICENSE"}
    assert {"dist/index.js", "dist/index.d.ts", "dist/openapi/admin.d.ts"} <= names


def test_the_package_has_no_dependencies(project: Path) -> None:
    installed = {path.name for path in (project / "node_modules").iterdir()}
    assert installed == {".package-lock.json", "coupons-sdk"}
    assert not {"dependencies", "peerDependencies"} & MANIFEST.keys()


def test_the_package_names_its_version_once(built_sdk: None) -> None:
    module = (PACKAGE / "src" / "version.ts").read_text()
    assert re.findall(r'VERSION = "(.+)"', module) == [MANIFEST["version"]]


@pytest.mark.parametrize(
    "tool",
    [["publint", "--strict"], ["attw", "--profile", "esm-only"]],
    ids=lambda t: t[0],
)
def test_packaging_tools_find_no_fault(tarball: Path, tool: list[str]) -> None:
    name, *options = tool
    done = run_node((MODULES / ".bin" / name).resolve(), tarball, *options, cwd=PACKAGE)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("required", "outcome"),
    [("", pytest.skip), ("npm", pytest.fail)],
    ids=["skipped", "failed"],
)
def test_without_the_registry_the_tests_are_skipped_unless_required(
    required: str,
    outcome: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in "package.json", "package-lock.json":
        shutil.copy(PACKAGE / name, tmp_path)
    monkeypatch.setenv(REQUIRED_VARIABLE, required)
    away = {
        "npm_config_registry": f"http://127.0.0.1:{find_free_port()}",
        "npm_config_cache": str(tmp_path / "cache"),
    }
    with pytest.raises(outcome.Exception, match=r"npm.*its registry cannot be reached"):
        install_tools(tmp_path, **away)
