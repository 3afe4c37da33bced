"""Who may not go on for now: known here at once, and in all processes a moment later.

Looking somebody up costs nothing while nobody is blocked, and a look into a dict when
somebody is: no request asks Redis before it works. What one process finds out goes
through a stream in Redis, which a thread of every other process reads.
"""

import os
import threading
import time
from collections.abc import Iterable
from typing import Any

import redis

from coupon_core.security.rate_limiting.counters import (
    AWAY,
    DEADLINE_SECONDS,
    Counters,
    redis_options,
)
from coupon_core.security.rate_limiting.policy import ALONE, Budget, OverBudget

STREAM = "coupon-limits:blocked"
MOST = 100_000  # entries here, and about so many in the stream
LISTEN_SECONDS, AGAIN_SECONDS = 2.0, 1.0


_this_process = os.getpid()


def _after_fork() -> None:
    global _this_process
    _this_process = os.getpid()


os.register_at_fork(after_in_child=_after_fork)


class Blocks:
    """Keys that are blocked, each until a moment of the monotonic clock."""

    def __init__(self, url: str, counters: Counters, budgets: Iterable[Budget]) -> None:
        self._url, self._counters = url, counters
        self._budgets = {budget.name: budget for budget in budgets}
        self._until: dict[str, tuple[float, Budget]] = {}
        self._is_alone = url == ALONE
        self._listening_in = 0
        self._is_closed = False
        self._starting = threading.Lock()

    def are_any(self) -> bool:
        """Whether anybody is blocked at all."""
        if self._listening_in != _this_process:
            self._listen()
        return bool(self._until)

    def check(self, key: str) -> None:
        """OverBudget while the key is blocked."""
        found = self._until.get(key)
        if found is None:
            return
        left = found[0] - time.monotonic()
        if left > 0:
            raise OverBudget(found[1], left)
        self._until.pop(key, None)

    def block(self, key: str, budget: Budget, seconds: float) -> None:
        """Block a key for so long, here and in all processes."""
        self._keep(key, budget, seconds)
        if not self._counters.is_shared:
            return
        fields: Any = {"key": key, "budget": budget.name, "seconds": str(seconds)}
        try:
            with _client(self._url, DEADLINE_SECONDS) as client:
                client.xadd(STREAM, fields, maxlen=MOST, approximate=True)
                client.expire(STREAM, budget.seconds)
        except AWAY:
            self._counters.count_alone()

    def _keep(self, key: str, budget: Budget, seconds: float) -> None:
        now = time.monotonic()
        if len(self._until) >= MOST:
            held = self._until.items()
            self._until = {k: one for k, one in list(held) if one[0] > now}
        if len(self._until) < MOST:
            self._until[key] = now + seconds, budget

    # ------------------------------------------------------- what others find out

    def _listen(self) -> None:
        """Hear from other processes from now on, in a thread of this process."""
        with self._starting:
            if self._listening_in != _this_process:
                self._listening_in = _this_process
                if not self._is_alone:
                    threading.Thread(target=self._hear, daemon=True).start()

    def close(self) -> None:
        """Stop listening, within a few seconds."""
        self._is_closed = True

    def _hear(self) -> None:
        while not self._is_closed:
            try:
                with _client(self._url, LISTEN_SECONDS + 1) as client:
                    self._hear_from(client)
            except AWAY:
                self._counters.count_alone()
                time.sleep(AGAIN_SECONDS)

    def _hear_from(self, client: Any) -> None:
        seconds, _ = client.time()
        longest = max((one.seconds for one in self._budgets.values()), default=0)
        last = f"{max(0, seconds - longest) * 1000}-0"
        while not self._is_closed:
            self._counters.share()
            read = client.xread({STREAM: last}, block=int(LISTEN_SECONDS * 1000))
            now = client.time()[0] if read else 0
            for last, fields in read[0][1] if read else ():
                self._take(fields, now - int(last.partition("-")[0]) / 1000)

    def _take(self, fields: dict[str, str], age: float) -> None:
        budget = self._budgets.get(fields.get("budget", ""))
        if budget:
            left = float(fields["seconds"]) - max(0.0, age)
            self._keep(fields["key"], budget, left)


def _client(url: str, seconds: float) -> Any:
    options = redis_options(seconds)
    return redis.from_url(url, decode_responses=True, **options)
