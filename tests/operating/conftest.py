"""The whole house on one PostgreSQL and one Redis, at work for a module's tests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.cores import started
from tests.databases import Databases
from tests.operating.house import House, running_house
from tests.servers import RedisServer
from tests.settings import settings_for

PASSWORD = "hunter2-of-the-database"


@pytest.fixture(scope="module")
def house(
    migrated_template: Databases,
    redis: RedisServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[House]:
    """Both gateways and the workers, which tell as much as they ever tell."""
    home = tmp_path_factory.mktemp("house")
    redis.flush()
    with migrated_template.fresh() as url:
        url = url.replace("postgres@", f"postgres:{PASSWORD}@")
        settings = settings_for(url, home, redis.url)
        loud = replace(settings, log_level="debug")
        everything = "admin", "query", "workers"
        with (
            started(settings),
            running_house(loud, everything, home) as running,
        ):
            yield running
