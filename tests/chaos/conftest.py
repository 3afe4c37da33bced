"""Brokers that tests may kill, because no other test uses them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Broker
from tests.support.servers import rabbit_server, redis_server


@pytest.fixture(params=["redis", "rabbitmq"])
def own_broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Broker]:
    """Yield a broker for this test alone."""
    if request.param == "redis":
        with redis_server(tmp_path) as server:
            yield server
        return
    with rabbit_server() as server:
        yield server
