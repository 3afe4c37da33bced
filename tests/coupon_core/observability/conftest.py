"""A complete deployment on PostgreSQL and Redis for the tests of a module."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.support.concurrency import started_core
from tests.support.databases import Databases
from tests.support.deployment import Deployment, running_deployment
from tests.support.servers import RedisServer
from tests.support.settings import build_settings

DATABASE_PASSWORD = "hunter2-of-the-database"


@pytest.fixture(scope="module")
def deployment(
    migrated_template: Databases,
    redis: RedisServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Deployment]:
    """Both gateways and the workers, at the most verbose log level."""
    home = tmp_path_factory.mktemp("house")
    with run_deployment(migrated_template, redis, home) as deployment:
        yield deployment


@contextmanager
def run_deployment(
    template: Databases, redis: RedisServer, home: Path, **changes: Any
) -> Iterator[Deployment]:
    """Run a deployment with some other settings while the block runs."""
    redis.flush()
    with template.temporary_database() as url:
        url = url.replace("postgres@", f"postgres:{DATABASE_PASSWORD}@")
        settings = build_settings(url, home, broker_url=redis.url)
        verbose_settings = replace(
            settings, log_level="debug", metrics_by_tenant=50, **changes
        )
        programs = "admin", "query", "workers"
        with (
            started_core(settings),
            running_deployment(verbose_settings, programs, home=home) as deployment,
        ):
            yield deployment
