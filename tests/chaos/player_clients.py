"""Players who redeem over HTTP during faults, and record every answer."""

from __future__ import annotations

import http.client
import itertools
import json
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Lock

from coupon_core.domain.models import utc_now
from coupon_core.services.access import tokens
from tests.factories.tenant import TenantFactory
from tests.support.concurrency import running_in_threads
from tests.support.servers.gunicorn import Gateway

RESPONSE_TIMEOUT_SECONDS = 60.0  # then the answer counts as missing
RETRY_PAUSE_SECONDS = 0.02
CONNECTION_RESET = "reset"
RETRIED_STATUSES = (503, CONNECTION_RESET)


@dataclass(frozen=True, slots=True)
class PlayerResponse:
    """An answer and its request time; a broken connection is CONNECTION_RESET."""

    code: str
    status: int | str
    started_at: float
    seconds: float
    retry_after: str | None = None


@dataclass
class PlayerClients:
    """All answers so far."""

    gateway: Gateway
    token: str
    codes: Iterator[tuple[str, str]]
    responses: list[PlayerResponse] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def redeem(self, code: str, user_id: str) -> PlayerResponse:
        """Redeem a code once, on a new connection."""
        asked_at = time.monotonic()
        status, retry_after = self._send_redeem(code, user_id)
        seconds = time.monotonic() - asked_at
        answer = PlayerResponse(code, status, asked_at, seconds, retry_after)
        with self._lock:
            self.responses.append(answer)
        return answer

    def _send_redeem(self, code: str, user_id: str) -> tuple[int | str, str | None]:
        address = self.gateway.host, self.gateway.port
        connection = http.client.HTTPConnection(
            *address, timeout=RESPONSE_TIMEOUT_SECONDS
        )
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
            return CONNECTION_RESET, None
        finally:
            connection.close()

    def next_code(self) -> tuple[str, str] | None:
        """Return the next code and its user, or None at the end."""
        with self._lock:
            return next(self.codes, None)

    def count_statuses(self) -> Counter[int | str]:
        """Return the number of answers by status."""
        return Counter(answer.status for answer in self.responses)

    def seconds_until_success(self, moment: float) -> float:
        """Return the seconds from a moment to the first success requested after it."""
        good = [a for a in self.responses if a.status == 200 and a.started_at >= moment]
        if not good:
            return float("inf")
        first = min(good, key=lambda answer: answer.started_at + answer.seconds)
        return first.started_at + first.seconds - moment


@contextmanager
def running_players(
    gateway: Gateway,
    tenant: TenantFactory,
    codes: Sequence[tuple[str, str]],
    client_count: int = 8,
) -> Iterator[PlayerClients]:
    """Run clients that redeem one code after the other while the block runs.

    Codes without an answer are requested again.
    """
    token = tokens.mint(tenant.tenant_id, None, 3_600, utc_now())
    players = PlayerClients(gateway, token, iter(codes))

    def work(stop: Event) -> None:
        while not stop.is_set() and (code := players.next_code()):
            while players.redeem(*code).status in RETRIED_STATUSES and not stop.wait(
                RETRY_PAUSE_SECONDS
            ):
                pass

    with running_in_threads([work] * client_count, RESPONSE_TIMEOUT_SECONDS + 5):
        yield players


def issue_codes(tenant: TenantFactory, count: int) -> list[tuple[str, str]]:
    """Return codes with the users who redeem them.

    Every tenth one is the same code, which has fewer uses than requests.
    """
    definition = tenant.define()
    own_codes = [
        (one.coupon.code, one.coupon.user_id)
        for at in range(0, count, 500)
        for one in tenant.generate(
            definition, [f"user-{n}" for n in range(at, at + 500)]
        )
    ]
    tenant.define_claimable("HOT", total_limit=20)
    hot = (("HOT", f"fan-{number}") for number in itertools.count())
    return [next(hot) if at % 10 == 0 else one for at, one in enumerate(own_codes)]
