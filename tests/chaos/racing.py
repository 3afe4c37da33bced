"""Two hundred simultaneous redeems of one code: exact counts, fast answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from flask import Flask

from coupon_core.domain.models import NO_LIMIT
from coupon_core.persistence import database
from tests.chaos.faults import FaultEnvironment
from tests.factories.tenant import create_tenant
from tests.query_gateway.caller import (
    HMAC_SIGNATURE,
    SERVER_TOKEN,
    USER_TOKEN,
    CallStyle,
)
from tests.query_gateway.phoenix.test_races import redeems
from tests.support.invariants import assert_invariants
from tests.support.report_invariants import assert_reports_agree
from tests.support.simultaneous_requests import send_simultaneously

CLIENT_COUNT, CODE = 200, "OPEN2026"
POOL_SIZES = (10, 150, 1_000)  # uses of a code that anyone may claim
# A signature names its tenant, so it goes with the path that names it as well.
CALL_STYLES = (
    CallStyle("A", USER_TOKEN),
    CallStyle("B", USER_TOKEN),
    CallStyle("A", SERVER_TOKEN),
    CallStyle("B", SERVER_TOKEN),
)
CALL_STYLES = (*CALL_STYLES, CallStyle("A", HMAC_SIGNATURE))
MAX_P99_SECONDS = 1.0  # the p99 that one attempt must reach
MAX_ATTEMPTS = 3


@dataclass(frozen=True)
class Race:
    """The results of one race with one call style."""

    call_style: CallStyle
    pool_size: int
    statuses: Counter[int]
    p99_seconds: float

    @property
    def is_exact(self) -> bool:
        """Return True if exactly the available uses were redeemed."""
        served = min(CLIENT_COUNT, self.pool_size)
        return self.statuses == Counter({200: served, 400: CLIENT_COUNT - served})


@dataclass(frozen=True)
class Races:
    """The same race, repeated if it was slow because the machine was busy."""

    attempts: Sequence[Race]

    @property
    def is_good(self) -> bool:
        """Return True if every attempt was exact and one was fast enough."""
        in_time = any(
            attempt.p99_seconds <= MAX_P99_SECONDS for attempt in self.attempts
        )
        return in_time and all(attempt.is_exact for attempt in self.attempts)

    def __str__(self) -> str:
        attempt = next(
            (race for race in self.attempts if not race.is_exact), self.attempts[-1]
        )
        ranked = sorted(attempt.statuses.items())
        counts = ", ".join(f"{count} × {status}" for status, count in ranked)
        times = ", then ".join(
            f"{1_000 * race.p99_seconds:.0f} ms" for race in self.attempts
        )
        uses = f"{CLIENT_COUNT} simultaneous redeems, {attempt.pool_size:,} uses"
        return f"{attempt.call_style}: {uses}: {counts}; p99 {times}"


def run_all_races(environment: FaultEnvironment) -> Iterator[Races]:
    """Run every call style with every pool size, after one race to warm up."""
    run_race(environment, CALL_STYLES[0], POOL_SIZES[0])
    for call_style in CALL_STYLES:
        for pool in POOL_SIZES:
            yield run_race_with_retries(environment, call_style, pool)
    assert_invariants()
    assert_reports_agree()


def run_race_with_retries(
    environment: FaultEnvironment, call_style: CallStyle, pool_size: int
) -> Races:
    """Run a race, and repeat it while it is too slow."""
    tries = [run_race(environment, call_style, pool_size)]
    while tries[-1].p99_seconds > MAX_P99_SECONDS and len(tries) < MAX_ATTEMPTS:
        tries.append(run_race(environment, call_style, pool_size))
    return Races(tries)


def run_race(
    environment: FaultEnvironment, call_style: CallStyle, pool_size: int
) -> Race:
    """Send all redeems of one code at once; the code has that many uses."""
    tenant = create_tenant(now=None)
    tenant.define_custom(
        CODE, claimable=True, per_code_limit=NO_LIMIT, total_limit=pool_size
    )
    users = [f"user-{number}" for number in range(CLIENT_COUNT)]
    crowd = redeems(Flask(__name__), tenant, CODE, users, [call_style])
    database.release_connection()
    answers = send_simultaneously(environment.gateway, crowd)
    waits = sorted(answer.seconds for answer in answers)
    statuses = Counter(answer.status for answer in answers)
    return Race(call_style, pool_size, statuses, waits[int(0.99 * len(waits))])
