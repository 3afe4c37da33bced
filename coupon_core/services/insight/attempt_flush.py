"""Stores what this process has collected about attempts, every few seconds."""

import threading
from collections import Counter
from contextlib import suppress

import structlog

from coupon_core.domain.models import utc_now
from coupon_core.observability import attempt_buffer, metrics
from coupon_core.observability.error_summary import describe_error, stack_frames
from coupon_core.observability.outage_log import OutageLog
from coupon_core.persistence import database, diagnostics
from coupon_core.services.insight import attempts

log = structlog.get_logger("coupon.attempts")

INTERVAL_SECONDS = 5.0
STOP_SECONDS = 2.0
# A tenant's attempts beyond those that are kept are deleted each time that this process
# has stored so many.
ATTEMPTS_PER_PRUNING = 1_000

OUTAGES = OutageLog()
_stored_counts: Counter[str] = Counter()


def flush() -> None:
    """Store what was collected, in one transaction for each tenant.

    What the database cannot store now is kept for the next time.
    """
    collected = attempt_buffer.take()
    if collected.dropped:
        metrics.count_dropped_attempts(collected.dropped)
        log.warning("attempts dropped", count=collected.dropped)
    for tenant_id, part in collected.split_by_tenant().items():
        try:
            _flush_tenant(tenant_id, part)
            OUTAGES.recover()
        except database.UNAVAILABLE_ERRORS as error:
            attempt_buffer.put_back(part)
            OUTAGES.fail("cannot store attempts", error, "database")
        except Exception as error:  # must not end the thread, nor stop other tenants
            log.error(
                "attempts lost",
                error=describe_error(error),
                frames=stack_frames(error),
            )


def _flush_tenant(tenant_id: str, part: attempt_buffer.Collected) -> None:
    _stored_counts[tenant_id] += attempts.store(tenant_id, part, utc_now())
    if _stored_counts[tenant_id] >= ATTEMPTS_PER_PRUNING:
        del _stored_counts[tenant_id]
        attempts.delete_excess(tenant_id)


class FlushThread:
    """Calls `flush` every few seconds, and once more when it is stopped."""

    def __init__(self) -> None:
        self._should_stop = threading.Event()
        self._thread = threading.Thread(
            target=self._run, name="attempt-flush", daemon=True
        )

    def start(self) -> None:
        """Start the thread; call this after a fork, in the process that serves."""
        self._thread.start()

    def stop(self) -> None:
        """Store the rest, unless the database does not answer within two seconds."""
        self._should_stop.set()
        self._thread.join(STOP_SECONDS)

    def _run(self) -> None:
        is_stopping = False
        while not is_stopping:
            is_stopping = self._should_stop.wait(INTERVAL_SECONDS)
            flush()
            with suppress(*diagnostics.DATABASE_ERRORS):
                database.release_connection()
