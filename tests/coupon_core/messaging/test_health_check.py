"""Test that the status of the broker is known in time, even if it does not respond."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from coupon_core.messaging import health_check
from coupon_core.messaging.health_check import BrokerHealth, is_reachable
from tests.support.databases import SqliteDatabases, migrate_database
from tests.support.servers import RedisServer, redis_server
from tests.support.servers.process import SOON_SECONDS, wait_until
from tests.support.servers.rabbitmq import RabbitServer
from tests.support.settings import build_settings


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that accepts connections and never responds, like a hanging broker."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_running_redis_answers(redis: RedisServer) -> None:
    assert is_reachable(redis.url, 60)
    assert is_reachable(f"redis://user:wrong@127.0.0.1:{redis.port}/3", 60)


def test_a_running_rabbitmq_answers(rabbitmq: RabbitServer) -> None:
    assert is_reachable(rabbitmq.url, 60)
    assert not is_reachable(f"redis://127.0.0.1:{rabbitmq.port}/0")


def test_redis_is_no_rabbitmq(redis: RedisServer) -> None:
    assert not is_reachable(f"amqp://127.0.0.1:{redis.port}//")


@pytest.mark.parametrize(
    "url",
    [
        "redis://127.0.0.1:1/0",
        "amqp://127.0.0.1:1//",
        "redis+socket:///no/such/socket",
        "redis://127.0.0.1:99999/0",
        f"redis://{'x' * 70}.example/0",
    ],
)
def test_what_is_not_there_does_not_answer(url: str) -> None:
    assert not is_reachable(url)


@pytest.mark.parametrize("scheme", ["redis", "rediss", "amqp", "amqps"])
def test_a_broker_that_hangs_keeps_nobody_waiting(
    silent_port: int, scheme: str
) -> None:
    started_at = time.monotonic()
    health = BrokerHealth(f"{scheme}://127.0.0.1:{silent_port}/")
    assert health.status() == "unavailable"
    # Without a timeout the check would never finish.
    assert time.monotonic() - started_at < SOON_SECONDS


def test_the_answer_is_remembered_for_a_while_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health_check, "MAX_STATUS_AGE_SECONDS", 600)
    with redis_server(tmp_path) as server:
        health = BrokerHealth(server.url)
        wait_until(lambda: health.status() == "connected", 60, "an answer")
        server.stop()
        assert health.status() == "connected"
        monkeypatch.setattr(health_check, "MAX_STATUS_AGE_SECONDS", 0)
        wait_until(lambda: health.status() == "unavailable", 60, "a refusal")
        server.start()
        wait_until(lambda: health.status() == "connected", 60, "an answer")


READY_SCRIPT = """
import sys, admin_gateway, query_gateway
from pathlib import PosixPath
from coupon_core.settings.model import Settings
settings = Settings(**eval(sys.argv[1]))
for gateway in (admin_gateway, query_gateway):
    client = gateway.create_app(settings).test_client()
    # A busy machine may answer too late for the first request.
    while client.get("/ready").json["message_queue"] != "connected":
        pass
print("kombu" in sys.modules)
"""


def test_gateways_tell_of_the_bus_without_loading_kombu(
    tmp_path: Path, redis: RedisServer
) -> None:
    with SqliteDatabases(tmp_path, migrate_database).temporary_database() as url:
        settings = build_settings(url, tmp_path, broker_url=redis.url)
        values = {name: getattr(settings, name) for name in settings.__slots__}
        result = subprocess.run(
            [sys.executable, "-c", READY_SCRIPT, repr(values)],
            capture_output=True,
            text=True,
            timeout=120,
        )
    assert result.stdout.split() == ["False"], result.stderr
