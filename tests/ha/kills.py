"""What `make ha` kills, and how it sees that service is restored."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from coupon_core.security.rate_limiting.blocklist import Blocklist
from coupon_core.security.rate_limiting.counters import Counters
from coupon_core.security.rate_limiting.policy import RateLimit
from tests.ha.cluster import Cluster, kill_with_children
from tests.ha.event_listener import EventListener
from tests.ha.load import Load
from tests.support.servers.process import wait_until

HEAL_TIMEOUT_SECONDS = 90
LIMIT = RateLimit("guesses-per-user", 1_000_000, 600)


@dataclass
class Situation:
    """A cluster under load, and what was seen after something was killed."""

    cluster: Cluster
    load: Load
    listener: EventListener
    run: int
    killed_at: float = 0.0
    seconds_of_probe: float = 0.0
    heal: Callable[[], None] = field(default=lambda: None)


@dataclass(frozen=True)
class Kill:
    """A fault: what it kills, what must work again, and within how many seconds."""

    victim: str
    strike: Callable[[Situation], None]
    is_served: Callable[[Situation], bool]
    max_seconds: float


def kill_leader(situation: Situation) -> None:
    """Kill the leader with its Patroni, like the power failure of a machine."""
    leader = situation.cluster.postgres.find_leader()
    assert leader, "there is no leader"
    _kill_node(situation, leader)


def kill_standby(situation: Situation) -> None:
    """Kill the synchronous standby with its Patroni."""
    standby = situation.cluster.postgres.find_standby()
    assert standby, "there is no synchronous standby"
    _kill_node(situation, standby)


def _kill_node(situation: Situation, node: Any) -> None:
    node.process.stop(signal.SIGKILL)
    situation.killed_at = time.monotonic()

    def heal() -> None:
        node.process.start()
        situation.cluster.postgres.wait_until_complete()

    situation.heal = heal


def kill_rabbitmq_node(situation: Situation) -> None:
    """Kill another node in each run."""
    nodes = list(situation.cluster.rabbitmq.nodes.values())
    node = nodes[situation.run % len(nodes)]
    node.stop(signal.SIGKILL)
    situation.killed_at = time.monotonic()
    situation.heal = node.start


def kill_redis_primary(situation: Situation) -> None:
    """Kill the primary; a client of rate limits watches."""
    group = situation.cluster.redis
    counters = Counters(group.url)
    blocklist = Blocklist(group.url, counters, [LIMIT])
    blocklist.has_entries()
    counters.count(LIMIT, "probe")
    server = group.servers[group.kill_primary()]
    situation.killed_at = time.monotonic()
    wait_until(lambda: not _is_shared(counters), 60, "the counters to notice")
    wait_until(lambda: _is_shared(counters), HEAL_TIMEOUT_SECONDS, "the new primary")
    situation.seconds_of_probe = time.monotonic() - situation.killed_at
    blocklist.close()

    def heal() -> None:
        server.start()
        wait_until(group.is_complete, HEAL_TIMEOUT_SECONDS, "the replica")

    situation.heal = heal


def _is_shared(counters: Counters) -> bool:
    counters.count(LIMIT, "probe")
    return counters.is_shared


def kill_gateway(situation: Situation, kind: str) -> None:
    """Kill one of the two gateways of a kind, in turn."""
    gateways = situation.cluster.gateways[kind]
    process = gateways[situation.run % len(gateways)].process
    kill_with_children(process)
    situation.killed_at = time.monotonic()
    situation.heal = process.start


def kill_workers(situation: Situation) -> None:
    """Kill one of the two processes with all workers, in turn."""
    workers = situation.cluster.workers
    process = workers[situation.run % len(workers)]
    kill_with_children(process)
    situation.killed_at = time.monotonic()
    situation.heal = process.start


def answers_requests(situation: Situation) -> bool:
    """Return True if a request has succeeded that began after the last failed one.

    And after a second, within which requests notice the kill.
    """
    killed_at = situation.killed_at
    seconds = max(situation.load.seconds_of_failures(killed_at), 1.0)
    return situation.load.has_success_after(killed_at + seconds)


def delivers_events(situation: Situation) -> bool:
    """Return True if the event of a redemption after the kill has arrived."""
    if not situation.seconds_of_probe:
        arrived = situation.listener.arrived_at
        times = [
            arrived[each.subject]
            for each in list(situation.load.attempts)
            if each.started_at > situation.killed_at and each.subject in arrived
        ]
        if not times:
            return False
        situation.seconds_of_probe = min(times) - situation.killed_at
    return True


KILLS = {
    "leader": Kill("PostgreSQL leader", kill_leader, answers_requests, 30),
    "standby": Kill("PostgreSQL standby", kill_standby, answers_requests, 30),
    "rabbitmq": Kill("RabbitMQ node", kill_rabbitmq_node, delivers_events, 30),
    "redis": Kill("Valkey primary", kill_redis_primary, answers_requests, 15),
    "query": Kill(
        "query gateway", partial(kill_gateway, kind="query"), answers_requests, 5
    ),
    "admin": Kill(
        "admin gateway", partial(kill_gateway, kind="admin"), answers_requests, 5
    ),
    "workers": Kill("workers", kill_workers, delivers_events, 30),
}
