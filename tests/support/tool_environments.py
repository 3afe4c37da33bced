"""Environments of their own for tools that the suite's environment does not contain."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path


def install_python_tools(
    directory: Path, lock: Path, source_packages: Sequence[str] = ()
) -> None:
    """Install a lock file into `directory`, unless it is installed.

    Only `source_packages` may be built from source.
    """
    if not is_outdated(directory, lock):
        return
    uv = [Path(sys.executable).parent / "uv", "--quiet"]
    create = ["venv", "--clear", "--python", sys.executable, directory]
    subprocess.run([*uv, *create], check=True)
    install = ["pip", "install", "--require-hashes", "--only-binary", ":all:"]
    sources = [part for name in source_packages for part in ("--no-binary", name)]
    target = ["--python", directory / "bin/python", "-r", lock]
    subprocess.run([*uv, *install, *sources, *target], check=True)
    (directory / ".complete").touch()


def is_outdated(directory: Path, lock: Path) -> bool:
    """Return True if a directory was not installed from this version of the lock."""
    stamp = directory / ".complete"
    return not stamp.exists() or stamp.stat().st_mtime < lock.stat().st_mtime
