"""Players who redeem over HTTP while things break, and remember every answer."""

from __future__ import annotations

import http.client
import itertools
import json
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Lock, Thread

from coupon_core.domain.models import utc_now
from coupon_core.services.access import tokens
from tests.servers.gunicorn import Gateway
from tests.shop import Shop

PATIENCE = 20.0  # seconds after which an answer counts as missing
PAUSE = 0.02
RESET = "reset"
AGAIN = (503, RESET)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, and when it was asked for; a connection that broke is RESET."""

    code: str
    status: int | str
    asked_at: float
    seconds: float
    retry_after: str | None = None


@dataclass
class Shoppers:
    """All answers so far."""

    gateway: Gateway
    token: str
    codes: Iterator[tuple[str, str]]
    answers: list[Answer] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def redeem(self, code: str, user_id: str) -> Answer:
        """Redeem a code once, on a connection of its own."""
        asked_at = time.monotonic()
        status, retry_after = self._ask(code, user_id)
        took = time.monotonic() - asked_at
        answer = Answer(code, status, asked_at, took, retry_after)
        with self._lock:
            self.answers.append(answer)
        return answer

    def _ask(self, code: str, user_id: str) -> tuple[int | str, str | None]:
        at = self.gateway.host, self.gateway.port
        connection = http.client.HTTPConnection(*at, timeout=PATIENCE)
        headers = {"Authorization": f"Bearer {self.token}"}
        headers["Content-Type"] = "application/json"
        body = json.dumps({"user_id": user_id})
        try:
            connection.request("POST", f"/v1/coupons/redeem/{code}", body, headers)
            answer = connection.getresponse()
            answer.read()
            return answer.status, answer.headers.get("Retry-After")
        except TimeoutError:
            raise
        except (OSError, http.client.HTTPException):
            return RESET, None
        finally:
            connection.close()

    def next_code(self) -> tuple[str, str] | None:
        with self._lock:
            return next(self.codes, None)

    def statuses(self) -> Counter[int | str]:
        return Counter(answer.status for answer in self.answers)

    def served_after(self, moment: float) -> float:
        """Seconds from a moment to the first success that was asked for after it."""
        good = [a for a in self.answers if a.status == 200 and a.asked_at >= moment]
        if not good:
            return float("inf")
        first = min(good, key=lambda answer: answer.asked_at + answer.seconds)
        return first.asked_at + first.seconds - moment


@contextmanager
def shopping(
    gateway: Gateway, shop: Shop, codes: Sequence[tuple[str, str]], callers: int = 8
) -> Iterator[Shoppers]:
    """Callers who redeem one code after the other, as long as the block lasts.

    What was not answered is asked for again.
    """
    token = tokens.mint(shop.tenant_id, None, 3_600, utc_now())
    shoppers, stop = Shoppers(gateway, token, iter(codes)), Event()
    failed: list[BaseException] = []

    def work() -> None:
        try:
            while not stop.is_set() and (one := shoppers.next_code()):
                while shoppers.redeem(*one).status in AGAIN and not stop.wait(PAUSE):
                    pass
        except BaseException as error:
            failed.append(error)

    threads = [Thread(target=work, daemon=True) for _ in range(callers)]
    for thread in threads:
        thread.start()
    try:
        yield shoppers
    finally:
        stop.set()
        for thread in threads:
            thread.join(PATIENCE + 5)
    if failed:
        raise failed[0]


def stock(shop: Shop, count: int) -> list[tuple[str, str]]:
    """Codes and the users who redeem them: each its own, but every tenth one the hot
    code, of which there are fewer than are asked for."""
    definition = shop.define()
    own = [
        (one.coupon.code, one.coupon.user_id)
        for at in range(0, count, 500)
        for one in shop.generate(definition, [f"user-{n}" for n in range(at, at + 500)])
    ]
    shop.open("HOT", total_limit=20)
    hot = (("HOT", f"fan-{number}") for number in itertools.count())
    return [next(hot) if at % 10 == 0 else one for at, one in enumerate(own)]
