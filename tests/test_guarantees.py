"""Every promise of docs/guarantees.md names a test and a command that exist."""

from __future__ import annotations

import re

import pytest

from tests.support.paths import PROJECT_ROOT

TEXT = (PROJECT_ROOT / "docs" / "guarantees.md").read_text()
PROMISES = {
    title: body
    for title, _, body in (part.partition("\n") for part in TEXT.split("\n## ")[1:])
}
TEST_REFERENCE = re.compile(r"\*\*Test\*\*: `(tests/[\w/]+\.py)::(test_\w+)`")
COMMAND = re.compile(r'\*\*Show it\*\*: `make test ARGS="(tests/\S+)( -k \w+)? -n 0"`')
on_each_promise = pytest.mark.parametrize(
    "body", PROMISES.values(), ids=[title.split(",")[0] for title in PROMISES]
)


@on_each_promise
def test_a_promise_says_how_it_is_kept_and_where_it_ends(body: str) -> None:
    assert re.search(r"\*\*How\*\*: \w", body)
    assert re.search(r"\*\*Where it ends\*\*: \w", body)


@on_each_promise
def test_a_promise_names_an_existing_test(body: str) -> None:
    (file, name) = TEST_REFERENCE.findall(body)[0]
    assert f"def {name}(" in (PROJECT_ROOT / file).read_text()


@on_each_promise
def test_a_promise_names_a_command_that_runs_its_test(body: str) -> None:
    ((path, word),) = COMMAND.findall(body)
    file, name = TEST_REFERENCE.findall(body)[0]
    assert (PROJECT_ROOT / path).exists()
    assert file.startswith(path)
    assert word.removeprefix(" -k ") in name
