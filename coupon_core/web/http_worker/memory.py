"""Give freed memory back to the system after many or large connections."""

import ctypes
from time import monotonic
from typing import Any

from coupon_core.web.http_worker.connection_table import ConnectionTable

_MIN_INTERVAL_SECONDS = 2.0
_MIN_RELEASED_BYTES = 2_097_152
_ESTIMATED_CONNECTION_BYTES = 8_192


class MemoryTrimmer:
    """Calls glibc's `malloc_trim` once the worker holds much less than before."""

    def __init__(self, table: ConnectionTable) -> None:
        self._table = table
        self._peak = 0
        self._next_at = 0.0
        self._trim: Any = getattr(ctypes.CDLL(None), "malloc_trim", None)

    def check(self) -> None:
        """Trim if that frees enough memory; the main thread calls this periodically."""
        table = self._table
        held = table.buffered_bytes + len(table) * _ESTIMATED_CONNECTION_BYTES
        self._peak = max(self._peak, held)
        if self._peak - held < max(_MIN_RELEASED_BYTES, held) or self._trim is None:
            return
        now = monotonic()
        if now >= self._next_at:
            self._next_at = now + _MIN_INTERVAL_SECONDS
            self._peak = held
            self._trim(0)
