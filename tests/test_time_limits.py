"""No test fails because the machine is busy: limits of waits are only against hanging.

A test waits for a condition, and what must not take long is compared with what it takes
without the limit of the product (`SOON_SECONDS`).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.paths import PROJECT_ROOT
from tests.support.servers.process import SOON_SECONDS

TESTS = PROJECT_ROOT / "tests"
WAITS = {
    *("wait_until", "becomes_true", "join", "wait", "communicate"),
    "running_in_threads",
}
CLOCKS = {"monotonic", "perf_counter"}
# Other files need not be parsed, which takes long.
MAY_WAIT = re.compile(
    r"wait_until|becomes_true|running_in_threads|join\([\d\n]|wait\(|communicate\("
    r"|monotonic|perf_counter"
)
# Benchmarks measure, and the documents have programs of users.
EXEMPT_FOLDERS = {"benchmarks", "documents"}


def find_short_limits(tree: ast.AST) -> Iterator[int]:
    """Yield the lines with a limit of less than SOON_SECONDS.

    Less than a second is a pause, and `not becomes_true(…)` says that nothing happens.
    """
    denied = {node.operand for node in ast.walk(tree) if isinstance(node, ast.UnaryOp)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node not in denied:
            if get_name(node.func) in WAITS:
                limits = [*node.args, *(keyword.value for keyword in node.keywords)]
                if any(1 <= get_number(limit) < SOON_SECONDS for limit in limits):
                    yield node.lineno
        elif isinstance(node, ast.Assert) and isinstance(node.test, ast.Compare):
            names = {get_name(part) for part in ast.walk(node.test)}
            if names & CLOCKS and get_number(node.test.comparators[-1]) < SOON_SECONDS:
                yield node.lineno


def get_name(node: ast.AST) -> str:
    """Return the last name of an expression."""
    return getattr(node, "id", "") or getattr(node, "attr", "")


def get_number(node: ast.AST) -> float:
    """Return a number that stands in the source; infinity for anything else."""
    value = getattr(node, "value", None)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number else float("inf")


@pytest.mark.parametrize(
    ("source", "is_short"),
    [
        ("wait_until(is_done, 5, 'the end')", True),
        ("wait_until(is_done, 60, 'the end')", False),
        ("assert becomes_true(is_done, seconds=3)", True),
        ("assert not becomes_true(is_done, 1)", False),
        ("thread.join(2)", True),
        ("thread.join(0.1)", False),
        ("stop.wait(pause)", False),
        ("process.communicate(timeout=15)", True),
        ("assert time.monotonic() - began < 5", True),
        ("assert 2.5 < time.monotonic() - began < SOON_SECONDS", False),
        ("assert 30 <= age < 40", False),
    ],
)
def test_a_short_limit_is_recognized(source: str, is_short: bool) -> None:
    assert bool([*find_short_limits(ast.parse(source))]) == is_short


def test_no_wait_of_a_test_is_short() -> None:
    sources = {
        path: source
        for path in TESTS.rglob("*.py")
        if path.relative_to(TESTS).parts[0] not in EXEMPT_FOLDERS
        and MAY_WAIT.search(source := path.read_text())
    }
    found = [
        f"{path.relative_to(PROJECT_ROOT)}:{line}"
        for path, source in sources.items()
        for line in find_short_limits(ast.parse(source))
    ]
    assert Path(__file__) in sources
    assert found == []
