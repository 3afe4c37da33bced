"""The primary of a Redis with Sentinel is killed: limits and messages go on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from coupon_core.messaging.cloud_events import OutgoingMessage
from coupon_core.messaging.health_check import is_reachable
from coupon_core.messaging.inspection import check_access
from coupon_core.messaging.publisher import open_publisher
from coupon_core.messaging.topology import EVENTS_EXCHANGE, BrokerUnavailable
from coupon_core.security.rate_limiting import counters as counters_module
from coupon_core.security.rate_limiting.blocklist import Blocklist
from coupon_core.security.rate_limiting.counters import Counters
from coupon_core.security.rate_limiting.policy import RateLimit
from coupon_core.settings.loader import Settings
from tests.chaos.worker_processes import worker_group
from tests.support.concurrency import started_core
from tests.support.databases import SqliteDatabases, migrate_database
from tests.support.invariants import fetch_rows
from tests.support.servers.sentinel import SentinelGroup, sentinel_group
from tests.support.settings import build_settings
from tests.workers.raw_messages import becomes_true

pytestmark = pytest.mark.slow
MAX_FAILOVER_SECONDS = 60  # on a busy machine; docs/scaling.md says 15 seconds
LIMIT = RateLimit("guesses-per-user", 100, 600)


@pytest.fixture(scope="module")
def group(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SentinelGroup]:
    with sentinel_group(tmp_path_factory.mktemp("sentinel")) as running:
        yield running


@pytest.fixture
def worker_settings(group: SentinelGroup, tmp_path: Path) -> Iterator[Settings]:
    """Yield settings whose broker is the group, with a consumer running."""
    databases = SqliteDatabases(tmp_path / "sqlite", migrate_database)
    with databases.temporary_database() as url:
        settings = build_settings(url, tmp_path / "var", group.url)
        with started_core(settings), worker_group("consumer", 1, settings):
            yield settings


def publish_invalid_message(url: str) -> None:
    """Publish what a consumer can only store as a dead letter."""
    with open_publisher(url) as publisher:
        message = OutgoingMessage(EVENTS_EXCHANGE, "streak.milestone", body=b"[]")
        publisher.publish([message])


def count_dead_letters() -> int:
    return len(fetch_rows("SELECT reason FROM dead_letter"))


def test_a_primary_that_refuses_the_password_is_not_called_away(
    group: SentinelGroup,
) -> None:
    url = group.url.replace("://", "://other:wrong@", 1)
    assert is_reachable(url)
    with pytest.raises(BrokerUnavailable, match="invalid username-password"):
        check_access(url)


def test_limits_and_messages_survive_the_death_of_the_primary(
    group: SentinelGroup, worker_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A busy machine answers late, which is no failure.
    monkeypatch.setattr(counters_module, "REDIS_TIMEOUT_SECONDS", 5.0)
    counters = Counters(group.url)
    blocklist = Blocklist(group.url, counters, [LIMIT])
    blocklist.has_entries()  # starts the thread that tests whether Redis is back
    assert is_reachable(group.url)
    assert counters.count(LIMIT, "ann")[0] == 1
    publish_invalid_message(worker_settings.broker_url)
    assert becomes_true(lambda: count_dead_letters() == 1, MAX_FAILOVER_SECONDS)

    group.wait_for_replication()
    killed, killed_at = group.kill_primary(), time.monotonic()
    counts = []
    while time.monotonic() - killed_at < MAX_FAILOVER_SECONDS:
        counts.append(counters.count(LIMIT, "bob")[0])
        if counters.is_shared and len(counts) > 1 and is_reachable(group.url):
            break
        time.sleep(0.1)
    blocklist.close()
    assert counters.is_shared
    assert counts[0] == 1  # counted by this process, without an error
    assert group.find_primary() != killed
    assert counters.count(LIMIT, "ann")[0] == 2  # the replica had the first
    publish_invalid_message(worker_settings.broker_url)
    assert becomes_true(lambda: count_dead_letters() == 2, MAX_FAILOVER_SECONDS)
