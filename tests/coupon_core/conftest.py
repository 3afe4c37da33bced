"""Fixtures for tests of the core."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from coupon_core.settings.loader import Settings
from tests.support.concurrency import started_core
from tests.support.settings import build_settings


@pytest.fixture
def fresh_core(database_url: str, tmp_path: Path) -> Iterator[Settings]:
    """Start the core on a separate database for one test, and yield its settings."""
    with started_core(build_settings(database_url, tmp_path)) as settings:
        yield settings


@pytest.fixture
def repetitions(request: pytest.FixtureRequest) -> int:
    """Return how often a race is run."""
    return int(request.config.getoption("race_repetitions"))
