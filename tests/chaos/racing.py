"""Two hundred redeems of one code that end at one moment: exact, and soon answered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from flask import Flask

from coupon_core.domain.models import NO_LIMIT
from coupon_core.persistence import database
from tests.chaos.faults import Scene
from tests.invariants import assert_invariants
from tests.query_gateway.last_byte import send_at_once
from tests.query_gateway.tenant import HMAC, SERVER, USER, Way, new_tenant
from tests.query_gateway.test_races import redeems

CROWD, CODE = 200, "OPEN2026"
POOLS = (10, 150, 1_000)  # uses of a code that all may claim
# A signature names its tenant, so it goes with the path that does so as well.
WAYS = (Way("A", USER), Way("B", USER), Way("A", SERVER), Way("B", SERVER))
WAYS = (*WAYS, Way("A", HMAC))
MOST_SECONDS = 1.0  # that of a hundred all but one may wait (issue 6)
MOST_TRIES = 3


@dataclass(frozen=True)
class Race:
    """How the redeems of one code ended, all in one way."""

    way: Way
    pool: int
    statuses: Counter[int]
    p99: float  # seconds

    @property
    def is_exact(self) -> bool:
        served = min(CROWD, self.pool)
        return self.statuses == Counter({200: served, 400: CROWD - served})


@dataclass(frozen=True)
class Races:
    """The same race, again where it took too long: the machine may have been busy."""

    tries: Sequence[Race]

    @property
    def is_good(self) -> bool:
        """Exact every time, and once in time."""
        in_time = any(one.p99 <= MOST_SECONDS for one in self.tries)
        return in_time and all(one.is_exact for one in self.tries)

    def __str__(self) -> str:
        one = next((race for race in self.tries if not race.is_exact), self.tries[-1])
        ranked = sorted(one.statuses.items())
        counts = ", ".join(f"{count} × {status}" for status, count in ranked)
        times = ", then ".join(f"{1_000 * race.p99:.0f} ms" for race in self.tries)
        uses = f"{CROWD} at once for {one.pool:,} uses"
        return f"{one.way}: {uses}: {counts}; p99 {times}"


def all_races(scene: Scene) -> Iterator[Races]:
    """Every way and every pool; one race more at first, for a gateway that is warm."""
    race(scene, WAYS[0], POOLS[0])
    for way in WAYS:
        for pool in POOLS:
            yield races(scene, way, pool)
    assert_invariants()


def races(scene: Scene, way: Way, pool: int) -> Races:
    """A race, and again while it takes too long."""
    tries = [race(scene, way, pool)]
    while tries[-1].p99 > MOST_SECONDS and len(tries) < MOST_TRIES:
        tries.append(race(scene, way, pool))
    return Races(tries)


def race(scene: Scene, way: Way, pool: int) -> Race:
    """All at once for one code, of which there are so many uses."""
    tenant = new_tenant()
    tenant.share(CODE, claimable=True, per_code_limit=NO_LIMIT, total_limit=pool)
    users = [f"user-{number}" for number in range(CROWD)]
    crowd = redeems(Flask(__name__), tenant, CODE, users, [way])
    database.release()
    answers = send_at_once(scene.gateway, crowd)
    waits = sorted(answer.seconds for answer in answers)
    statuses = Counter(answer.status for answer in answers)
    return Race(way, pool, statuses, waits[int(0.99 * len(waits))])
