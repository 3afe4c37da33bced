"""What holds the house together and no tool checks."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.paths import PROJECT_ROOT

PURE = ("domain",)


def sources(name: str) -> list[Path]:
    """The files of a module of the core, be it a file or a package."""
    core = PROJECT_ROOT / "coupon_core"
    found = [*core.glob(f"{name}.py"), *core.glob(f"{name}/**/*.py")]
    assert found, f"no module {name}"
    return found


def imported(source: Path) -> Iterator[str]:
    """The top-level names of all that a file imports; its own package is skipped."""
    for node in ast.walk(ast.parse(source.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield (node.module or "").partition(".")[0]


@pytest.mark.parametrize("name", PURE)
def test_pure_modules_import_the_standard_library_only(name: str) -> None:
    allowed = {*sys.stdlib_module_names, "coupon_core"}
    used = {module for source in sources(name) for module in imported(source)}
    assert used - allowed == set()


def test_every_dependency_is_locked() -> None:
    project = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text())["project"]
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    wanted = {re.split(r"[\[>=]", line)[0] for group in groups for line in group}
    lock = (PROJECT_ROOT / "requirements.lock").read_text()
    locked = set(re.findall(r"^([a-z0-9-]+)(?:\[\w+\])?==", lock, re.MULTILINE))
    assert wanted - locked == set()


def test_the_lock_does_not_say_where_packages_come_from() -> None:
    lock = (PROJECT_ROOT / "requirements.lock").read_text()
    assert "://" not in lock
