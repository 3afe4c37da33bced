"""Code guessing: one account tries random codes while others redeem."""

from __future__ import annotations

import http.client
import json
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import repeat
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from coupon_core.domain.codes import ALPHABETS
from coupon_core.domain.models import CodeAlphabet, utc_now
from coupon_core.persistence import database
from coupon_core.security.rate_limiting.policy import parse_rate_limit
from coupon_core.services.access import tokens
from coupon_core.settings.loader import Settings
from tests.benchmarks.cost import Meter
from tests.chaos.load_clients import LoadPlan, LoadResult, running_load
from tests.factories.tenant import TenantFactory
from tests.support import patient_gateway
from tests.support.invariants import assert_invariants
from tests.support.servers.gunicorn import Gateway, gateway_server
from tests.support.simultaneous_requests import build_request

RESPONSE_TIMEOUT_SECONDS = 60.0
CODE_ALPHABET = ALPHABETS[CodeAlphabet.UNAMBIGUOUS]
PAUSE_SECONDS = 0.01  # between two redeems of an honest player


@dataclass(frozen=True)
class Plan:
    """How many guesses, guessing clients, and unassigned codes.

    `honest_redemptions` redeems are timed alone, as many beside ordinary callers, and
    as many beside the guessers. They take turns, so that noise affects all alike. The
    latency is checked only with `check_latency`.
    """

    guesses: int
    guessers: int = 8
    unassigned_codes: int = 1_000
    honest_redemptions: int = 100
    rounds: int = 1
    check_latency: bool = False


@dataclass
class LoadMeasurement:
    """Latencies of honest redeems beside other load, and that load's cost.

    All times are in seconds.
    """

    latencies: list[list[float]] = field(default_factory=list)  # of each round
    answers: Counter[int] = field(default_factory=Counter)
    seconds: float = 0.0
    cpu: float = 0.0

    @property
    def p99_ms(self) -> float:
        """Return the p99 of an honest redeem, as the median of the rounds."""
        ranked = [sorted(waits) for waits in self.latencies]
        return 1_000 * median(waits[int(0.99 * len(waits))] for waits in ranked)

    @property
    def rate(self) -> float:
        """Return the answers per second to the other callers."""
        return self.answers.total() / self.seconds

    @property
    def cost_us(self) -> float:
        """Return the gateway's CPU per answer to other callers, all work included."""
        return 1_000_000 * self.cpu / self.answers.total()


@dataclass
class Outcome:
    """What was measured; `beside_callers` has as many callers, which only validate."""

    budget: int
    alone: LoadMeasurement = field(default_factory=LoadMeasurement)
    beside_callers: LoadMeasurement = field(default_factory=LoadMeasurement)
    beside_guessers: LoadMeasurement = field(default_factory=LoadMeasurement)
    honest_statuses: Counter[int] = field(default_factory=Counter)

    @property
    def evaluated(self) -> int:
        """Return the number of guesses that were looked up in the database."""
        return self.beside_guessers.answers.total() - self.beside_guessers.answers[429]

    def is_good(self, allowed: int) -> bool:
        """Return True if guesses kept to the limit and no one else was refused."""
        well = self.honest_statuses.keys() | self.beside_callers.answers.keys() == {200}
        only = self.beside_guessers.answers.keys() <= {404, 429}
        return well and only and self.evaluated <= allowed


def measure_guessing(settings: Settings, tenant: TenantFactory, plan: Plan) -> Outcome:
    """Time honest players alone, beside ordinary callers, and beside the guessers."""
    budget = parse_rate_limit("", settings.guesses_per_user)
    assert budget
    outcome = Outcome(budget.amount)
    _issue_codes(tenant, [""] * plan.unassigned_codes)
    share = plan.honest_redemptions // plan.rounds
    looks = _build_validations(tenant, "ann")
    with _running_gateway(settings) as gateway:
        measure = partial(_measure_round, gateway, tenant, outcome.honest_statuses)
        crowds = partial(
            LoadPlan, gateway.port, plan.guessers, low_priority=plan.check_latency
        )
        for number in range(plan.rounds):
            guesses = _build_guesses(
                tenant, "mallory", plan.guesses // plan.rounds, number
            )
            measure(share, outcome.alone)
            measure(share, outcome.beside_callers, crowds(looks))
            measure(share, outcome.beside_guessers, crowds(guesses, send_all=True))
    assert_invariants()
    return outcome


def _measure_round(
    gateway: Gateway,
    tenant: TenantFactory,
    statuses: Counter[int],
    count: int,
    measurement: LoadMeasurement,
    load: LoadPlan | None = None,
) -> None:
    """Let honest players redeem a number of codes beside other load."""
    codes = _issue_codes(tenant, [f"honest-{number}" for number in range(count)])
    meter = Meter({"gateway": gateway.pid})
    with running_load(load) if load else nullcontext(LoadResult()) as found:
        measurement.latencies.append(
            _time_redemptions(gateway, tenant, statuses, codes)
        )
    measurement.answers += found.answers
    measurement.seconds += found.seconds
    measurement.cpu += meter.cpu_seconds()["gateway"]


def _issue_codes(tenant: TenantFactory, users: list[str]) -> list[tuple[str, str]]:
    """Return new codes, each with the user who holds it."""
    definition = tenant.define()
    issued = [
        issued_coupon
        for start in range(0, len(users), 500)
        for issued_coupon in tenant.generate(definition, users[start : start + 500])
    ]
    database.release_connection()
    return [
        (issued_coupon.coupon.code, issued_coupon.coupon.user_id)
        for issued_coupon in issued
    ]


def _build_validations(
    tenant: TenantFactory, user: str
) -> Callable[[], Iterator[bytes]]:
    """Return requests of users who repeatedly validate their own code."""
    [(code, _)] = _issue_codes(tenant, [user])
    path = f"/v1/coupons/validate/{code}"
    return partial(repeat, build_request("GET", path, _build_headers(tenant, user)))


def _build_guesses(
    tenant: TenantFactory, user: str, count: int, seed: int
) -> Callable[[], Iterator[bytes]]:
    return partial(
        _generate_random_guesses, _build_headers(tenant, user), user, count, seed
    )


def _generate_random_guesses(
    headers: dict[str, str], user: str, count: int, seed: int
) -> Iterator[bytes]:
    choice, body = random.Random(seed), json.dumps({"user_id": user}).encode()
    for _ in range(count):
        code = "".join(choice.choices(CODE_ALPHABET, k=8))
        yield build_request("POST", f"/v1/coupons/redeem/{code}", headers, body)


def _build_headers(tenant: TenantFactory, user: str | None) -> dict[str, str]:
    token = tokens.mint(tenant.tenant_id, user, 3_600, utc_now())
    database.release_connection()
    return {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}


@contextmanager
def _running_gateway(settings: Settings) -> Iterator[Gateway]:
    two = replace(settings, gateway_workers=2)
    with (
        TemporaryDirectory() as home,
        gateway_server(patient_gateway.APP, two, Path(home)) as running,
    ):
        yield running


def _time_redemptions(
    gateway: Gateway,
    tenant: TenantFactory,
    statuses: Counter[int],
    codes: list[tuple[str, str]],
) -> list[float]:
    """Return the latency of each redeem of an honest player."""
    times = []
    with _redeem_client(gateway, _build_headers(tenant, None)) as ask:
        for code, user_id in codes:
            began = time.monotonic()
            statuses[ask(code, user_id)] += 1
            times.append(time.monotonic() - began)
            time.sleep(PAUSE_SECONDS)
    return times


@contextmanager
def _redeem_client(
    gateway: Gateway, headers: dict[str, str]
) -> Iterator[Callable[[str, str], int]]:
    """Return a function that redeems on one connection and returns the status."""
    connection = http.client.HTTPConnection(
        gateway.host, gateway.port, RESPONSE_TIMEOUT_SECONDS
    )

    def ask(code: str, user_id: str) -> int:
        body = json.dumps({"user_id": user_id})
        connection.request("POST", f"/v1/coupons/redeem/{code}", body, headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status

    try:
        yield ask
    finally:
        connection.close()
