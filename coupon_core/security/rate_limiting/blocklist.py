"""Block users and tenants that exceed a rate limit, in all processes.

A check costs at most a dictionary lookup; no request queries Redis before it is
processed. A block applies in its own process at once. The other processes receive it
through a Redis stream, which each of them reads in a thread.
"""

import os
import threading
import time
from collections.abc import Iterable
from typing import Any

import redis

from coupon_core.messaging import sentinel
from coupon_core.security.rate_limiting.counters import (
    REDIS_ERRORS,
    REDIS_TIMEOUT_SECONDS,
    Counters,
    build_redis_options,
)
from coupon_core.security.rate_limiting.policy import (
    IN_MEMORY_URL,
    RateLimit,
    RateLimitExceeded,
)

BLOCKLIST_STREAM = "coupon-limits:blocked"
MAX_ENTRIES = 100_000  # in this process, and approximately in the stream
STREAM_READ_TIMEOUT_SECONDS, RECONNECT_PAUSE_SECONDS = 2.0, 1.0


_process_id = os.getpid()


def _update_process_id() -> None:
    global _process_id
    _process_id = os.getpid()


os.register_at_fork(after_in_child=_update_process_id)


class Blocklist:
    """Blocked keys, each until a time of the monotonic clock."""

    def __init__(
        self, url: str, counters: Counters, rate_limits: Iterable[RateLimit]
    ) -> None:
        self._url, self._counters = url, counters
        self._limits_by_name = {
            rate_limit.name: rate_limit for rate_limit in rate_limits
        }
        self._entries: dict[str, tuple[float, RateLimit]] = {}
        self._is_in_memory = url == IN_MEMORY_URL
        self._listener_process_id = 0
        self._is_closed = False
        self._start_lock = threading.Lock()

    def has_entries(self) -> bool:
        """Return True if any key is blocked; starts the listener on first use."""
        if self._listener_process_id != _process_id:
            self._start_listener()
        return bool(self._entries)

    def check(self, key: str) -> None:
        """Check that a key is not blocked.

        Raises:
            RateLimitExceeded: The key is blocked.
        """
        entry = self._entries.get(key)
        if entry is None:
            return
        blocked_until, rate_limit = entry
        remaining = blocked_until - time.monotonic()
        if remaining > 0:
            raise RateLimitExceeded(rate_limit, remaining)
        self._entries.pop(key, None)

    def block(self, key: str, rate_limit: RateLimit, seconds: float) -> None:
        """Block a key for `seconds` in this and all other processes."""
        self._add_entry(key, rate_limit, seconds)
        if not self._counters.is_shared:
            return
        fields: Any = {"key": key, "budget": rate_limit.name, "seconds": str(seconds)}
        try:
            with _create_client(self._url, REDIS_TIMEOUT_SECONDS) as client:
                client.xadd(
                    BLOCKLIST_STREAM, fields, maxlen=MAX_ENTRIES, approximate=True
                )
                client.expire(BLOCKLIST_STREAM, rate_limit.seconds)
        except REDIS_ERRORS:
            self._counters.fall_back_to_memory()

    def _add_entry(self, key: str, rate_limit: RateLimit, seconds: float) -> None:
        now = time.monotonic()
        if len(self._entries) >= MAX_ENTRIES:
            entries = list(self._entries.items())
            self._entries = {key: entry for key, entry in entries if entry[0] > now}
        if len(self._entries) < MAX_ENTRIES:
            self._entries[key] = now + seconds, rate_limit

    def _start_listener(self) -> None:
        """Start the thread that receives the blocks of other processes."""
        with self._start_lock:
            if self._listener_process_id != _process_id:
                self._listener_process_id = _process_id
                if not self._is_in_memory:
                    threading.Thread(target=self._run_listener, daemon=True).start()

    def close(self) -> None:
        """Stop the listener within a few seconds."""
        self._is_closed = True

    def _run_listener(self) -> None:
        while not self._is_closed:
            try:
                with _create_client(
                    self._url, STREAM_READ_TIMEOUT_SECONDS + 1
                ) as client:
                    self._read_stream(client)
            except REDIS_ERRORS:
                self._counters.fall_back_to_memory()
                time.sleep(RECONNECT_PAUSE_SECONDS)

    def _read_stream(self, client: Any) -> None:
        seconds, _ = client.time()
        rate_limits = self._limits_by_name.values()
        max_window_seconds = max(
            (rate_limit.seconds for rate_limit in rate_limits), default=0
        )
        last_id = f"{max(0, seconds - max_window_seconds) * 1000}-0"
        while not self._is_closed:
            self._counters.resume_redis()
            response = client.xread(
                {BLOCKLIST_STREAM: last_id},
                block=int(STREAM_READ_TIMEOUT_SECONDS * 1000),
            )
            now = client.time()[0] if response else 0
            for last_id, fields in response[0][1] if response else ():
                self._apply_entry(fields, now - int(last_id.partition("-")[0]) / 1000)

    def _apply_entry(self, fields: dict[str, str], age: float) -> None:
        rate_limit = self._limits_by_name.get(fields.get("budget", ""))
        if rate_limit:
            remaining = float(fields["seconds"]) - max(0.0, age)
            self._add_entry(fields["key"], rate_limit, remaining)


def _create_client(url: str, timeout_seconds: float) -> Any:
    options = {**build_redis_options(timeout_seconds), "decode_responses": True}
    if sentinel.is_sentinel_url(url):
        return sentinel.create_client(url, **options)
    return redis.from_url(url, **options)
