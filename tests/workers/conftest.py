"""Checks the statements that the tests of this folder send."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.statement_recorder import (
    READERS_OF_ALL_TENANTS,
    recorded_statements,
)


@pytest.fixture(scope="package", autouse=True)
def _bound_statements() -> Iterator[None]:
    """Workers change and lock rows of one tenant at a time."""
    with recorded_statements() as recorder:
        yield
    assert recorder.list_violations(READERS_OF_ALL_TENANTS) == []
