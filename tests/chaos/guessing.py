"""Guessing under way: one account tries codes at random while others just redeem."""

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
from coupon_core.security.rate_limiting.policy import budget_of
from coupon_core.services.access import tokens
from coupon_core.settings.loader import Settings
from tests.bench.cost import Meter
from tests.chaos.crowds import Crowd, Orders, crowd
from tests.invariants import assert_invariants
from tests.query_gateway.last_byte import request
from tests.servers.gunicorn import Gateway, gateway_server
from tests.shop import Shop

PATIENCE = 20.0
LETTERS = ALPHABETS[CodeAlphabet.UNAMBIGUOUS]
PAUSE = 0.01  # between two redeems of an honest player


@dataclass(frozen=True)
class Plan:
    """How much is guessed, by how many at once, among how many codes of nobody.

    In turns, for noise falls on all alike, `honest` redeems are timed alone, as many
    beside ordinary callers, and as many beside the guessers. Their time counts where
    it is `timed`.
    """

    guesses: int
    guessers: int = 8
    loose_codes: int = 1_000
    honest: int = 100
    rounds: int = 1
    timed: bool = False


@dataclass
class Company:
    """How long honest players waited beside others, what these were answered in which
    time, and what CPU the gateway took meanwhile; all in seconds."""

    waits: list[list[float]] = field(default_factory=list)  # of each round
    answers: Counter[int] = field(default_factory=Counter)
    seconds: float = 0.0
    cpu: float = 0.0

    @property
    def p99_ms(self) -> float:
        """What one honest redeem of a hundred exceeded, in the median of the rounds."""
        ranked = [sorted(waits) for waits in self.waits]
        return 1_000 * median(waits[int(0.99 * len(waits))] for waits in ranked)

    @property
    def rate(self) -> float:
        """Answers to the others a second."""
        return self.answers.total() / self.seconds

    @property
    def cost_us(self) -> float:
        """What the gateway spends on an answer, all that it does put on the others."""
        return 1_000_000 * self.cpu / self.answers.total()


@dataclass
class Outcome:
    """How it went; `ordinary` are as many callers as guessers, who only validate."""

    budget: int
    alone: Company = field(default_factory=Company)
    ordinary: Company = field(default_factory=Company)
    guessers: Company = field(default_factory=Company)
    honest: Counter[int] = field(default_factory=Counter)

    @property
    def evaluated(self) -> int:
        """Guesses that were answered by what is in the database."""
        return self.guessers.answers.total() - self.guessers.answers[429]

    def is_good(self, allowed: int) -> bool:
        """Whether nobody guessed more than that, and no other had any trouble."""
        well = self.honest.keys() | self.ordinary.answers.keys() == {200}
        only = self.guessers.answers.keys() <= {404, 429}
        return well and only and self.evaluated <= allowed


def guess_against(settings: Settings, shop: Shop, plan: Plan) -> Outcome:
    """Time honest players alone, beside ordinary callers, and beside the guessers."""
    budget = budget_of("", settings.guesses_per_user)
    assert budget
    outcome = Outcome(budget.amount)
    _codes(shop, [""] * plan.loose_codes)
    share = plan.honest // plan.rounds
    looks = _looks(shop, "ann")
    with _gateway(settings) as gateway:
        beside = partial(_beside, gateway, shop, outcome.honest)
        crowds = partial(Orders, gateway.port, plan.guessers, yields=plan.timed)
        for number in range(plan.rounds):
            guesses = _guesses(shop, "mallory", plan.guesses // plan.rounds, number)
            beside(share, outcome.alone)
            beside(share, outcome.ordinary, crowds(looks))
            beside(share, outcome.guessers, crowds(guesses, to_the_end=True))
    assert_invariants()
    return outcome


def _beside(
    gateway: Gateway,
    shop: Shop,
    seen: Counter[int],
    count: int,
    company: Company,
    others: Orders | None = None,
) -> None:
    """Let honest players redeem so many codes, beside others."""
    codes = _codes(shop, [f"honest-{number}" for number in range(count)])
    meter = Meter({"gateway": gateway.pid})
    with crowd(others) if others else nullcontext(Crowd()) as found:
        company.waits.append(_redeemed(gateway, shop, seen, codes))
    company.answers += found.answers
    company.seconds += found.seconds
    company.cpu += meter.cpu_seconds()["gateway"]


def _codes(shop: Shop, users: list[str]) -> list[tuple[str, str]]:
    """New codes, each with the user who holds it."""
    definition = shop.define()
    issued = [
        one
        for at in range(0, len(users), 500)
        for one in shop.generate(definition, users[at : at + 500])
    ]
    database.release()
    return [(one.coupon.code, one.coupon.user_id) for one in issued]


def _looks(shop: Shop, user: str) -> Callable[[], Iterator[bytes]]:
    """A user who validates a code of his own, again and again."""
    [(code, _)] = _codes(shop, [user])
    path = f"/v1/coupons/validate/{code}"
    return partial(repeat, request("GET", path, _headers(shop, user)))


def _guesses(
    shop: Shop, user: str, count: int, seed: int
) -> Callable[[], Iterator[bytes]]:
    return partial(_at_random, _headers(shop, user), user, count, seed)


def _at_random(
    headers: dict[str, str], user: str, count: int, seed: int
) -> Iterator[bytes]:
    choice, body = random.Random(seed), json.dumps({"user_id": user}).encode()
    for _ in range(count):
        code = "".join(choice.choices(LETTERS, k=8))
        yield request("POST", f"/v1/coupons/redeem/{code}", headers, body)


def _headers(shop: Shop, user: str | None) -> dict[str, str]:
    token = tokens.mint(shop.tenant_id, user, 3_600, utc_now())
    database.release()
    return {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}


@contextmanager
def _gateway(settings: Settings) -> Iterator[Gateway]:
    two = replace(settings, gateway_workers=2)
    with (
        TemporaryDirectory() as home,
        gateway_server("query_gateway", two, Path(home)) as running,
    ):
        yield running


def _redeemed(
    gateway: Gateway, shop: Shop, seen: Counter[int], codes: list[tuple[str, str]]
) -> list[float]:
    """How long each redeem of an honest player took."""
    times = []
    with _asker(gateway, _headers(shop, None)) as ask:
        for code, user_id in codes:
            began = time.monotonic()
            seen[ask(code, user_id)] += 1
            times.append(time.monotonic() - began)
            time.sleep(PAUSE)
    return times


@contextmanager
def _asker(
    gateway: Gateway, headers: dict[str, str]
) -> Iterator[Callable[[str, str], int]]:
    """Redeems on one connection; gives the status."""
    connection = http.client.HTTPConnection(gateway.host, gateway.port, PATIENCE)

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
