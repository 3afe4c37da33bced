"""Guessing under way: one account tries codes at random while others just redeem."""

from __future__ import annotations

import http.client
import json
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread

from coupon_core import tokens
from coupon_core.codes import ALPHABETS
from coupon_core.config import Settings
from coupon_core.limits.budgets import budget_of
from coupon_core.model import CodeAlphabet, utc_now
from coupon_core.store import database
from tests.invariants import assert_invariants
from tests.servers.gunicorn import Gateway, gateway_server
from tests.shop import Shop

PATIENCE = 20.0
LETTERS = ALPHABETS[CodeAlphabet.UNAMBIGUOUS]
PAUSE = 0.01  # between two redeems of an honest player


@dataclass(frozen=True)
class Plan:
    """How much is guessed, by how many at once, among how many codes of nobody."""

    guesses: int
    guessers: int = 8
    loose_codes: int = 1_000
    honest: int = 300


@dataclass
class Outcome:
    """What the guesser was answered, and how long honest players waited, in s."""

    answers: Counter[int]
    budget: int
    seconds: float
    before: list[float]
    during: list[float]
    honest: Counter[int] = field(default_factory=Counter)

    @property
    def evaluated(self) -> int:
        """Guesses that were answered by what is in the database."""
        return self.answers.total() - self.answers[429]

    def is_good(self) -> bool:
        only = self.answers.keys() <= {404, 429} and self.honest.keys() == {200}
        return only and self.evaluated <= self.budget


def percentile(seconds: list[float], share: float = 0.99) -> float:
    """The time that so large a share of them did not exceed."""
    ranked = sorted(seconds)
    return ranked[min(len(ranked) - 1, int(share * len(ranked)))]


def guess_against(settings: Settings, shop: Shop, plan: Plan) -> Outcome:
    """Measure honest players alone, then beside the guesser."""
    own = [(code, user) for code, user in _codes(shop, plan.honest, "honest")]
    for start in range(0, plan.loose_codes, 500):
        shop.generate(shop.define(), [""] * min(500, plan.loose_codes - start))
    database.release()
    half = len(own) // 2
    with _gateway(settings) as gateway:
        honest: Counter[int] = Counter()
        before = _redeemed(gateway, shop, own[:half], honest)
        with _guessing(gateway, shop, plan) as (answers, done):
            began = time.monotonic()
            during = _redeemed(gateway, shop, own[half:], honest)
            done.wait()
            seconds = time.monotonic() - began
    assert_invariants()
    budget = budget_of("", settings.guesses_per_user)
    assert budget
    return Outcome(answers, budget.amount, seconds, before, during, honest)


def _codes(shop: Shop, count: int, prefix: str) -> Iterator[tuple[str, str]]:
    users = [f"{prefix}-{number}" for number in range(count)]
    for issued in shop.generate(shop.define(), users):
        yield issued.coupon.code, issued.coupon.user_id


@contextmanager
def _gateway(settings: Settings) -> Iterator[Gateway]:
    two = replace(settings, gateway_workers=2)
    with (
        TemporaryDirectory() as home,
        gateway_server("query_gateway", two, Path(home)) as running,
    ):
        yield running


def _redeemed(
    gateway: Gateway, shop: Shop, codes: list[tuple[str, str]], seen: Counter[int]
) -> list[float]:
    """How long each redeem of an honest player took."""
    times = []
    with _asker(gateway, tokens.mint(shop.tenant_id, None, 3_600, utc_now())) as ask:
        for code, user_id in codes:
            began = time.monotonic()
            seen[ask(code, user_id)] += 1
            times.append(time.monotonic() - began)
            time.sleep(PAUSE)
    return times


@contextmanager
def _guessing(
    gateway: Gateway, shop: Shop, plan: Plan
) -> Iterator[tuple[Counter[int], Event]]:
    """Callers who guess, all with the token of one account."""
    answers: Counter[int] = Counter()
    counts: list[Counter[int]] = [Counter() for _ in range(plan.guessers)]
    token, done = tokens.mint(shop.tenant_id, "mallory", 3_600, utc_now()), Event()
    share = plan.guesses // plan.guessers

    def guess(number: int) -> None:
        choice = random.Random(number)
        with _asker(gateway, token) as ask:
            for _ in range(share):
                code = "".join(choice.choices(LETTERS, k=8))
                counts[number][ask(code, "mallory")] += 1

    threads = [Thread(target=guess, args=(at,)) for at in range(plan.guessers)]
    for thread in threads:
        thread.start()
    waiter = Thread(target=lambda: ([one.join() for one in threads], done.set()))
    waiter.start()
    yield answers, done
    waiter.join()
    for count in counts:
        answers.update(count)


@contextmanager
def _asker(gateway: Gateway, token: str) -> Iterator[Callable[[str, str], int]]:
    """Redeems on one connection; gives the status."""
    connection = http.client.HTTPConnection(gateway.host, gateway.port, PATIENCE)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

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
