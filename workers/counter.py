"""Count events of the outbox for reports, whether they are published yet or not."""

import threading
from collections.abc import Callable
from contextlib import suppress

from coupon_core.persistence import database, diagnostics
from coupon_core.services.insight import counting
from workers.outages import DATABASE, OUTAGES

BATCH_SIZE = 500
IDLE_PAUSE_SECONDS = 0.2
RETRY_PAUSE_SECONDS = 1.0


def run(stop: threading.Event, beat: Callable[[], None]) -> None:
    """Count until `stop` is set; wait while the database is unavailable."""
    while not stop.is_set():
        try:
            has_more = run_round(stop, beat)
            OUTAGES.recover()
            pause = 0.0 if has_more else IDLE_PAUSE_SECONDS
        except diagnostics.DATABASE_ERRORS as error:
            OUTAGES.fail("cannot count", error, DATABASE)
            pause = RETRY_PAUSE_SECONDS
            with suppress(*diagnostics.DATABASE_ERRORS):
                database.release_connection()
        beat()
        stop.wait(pause)
    with suppress(*diagnostics.DATABASE_ERRORS):
        database.release_connection()


def run_round(stop: threading.Event, beat: Callable[[], None]) -> bool:
    """Count once for each tenant; return True if one of them may have more events.

    So a tenant with many events does not delay the reports of others.
    """
    has_more = False
    for tenant_id in counting.list_tenants_with_uncounted():
        if stop.is_set():
            break
        beat()
        has_more |= counting.count_events(tenant_id, BATCH_SIZE) == BATCH_SIZE
    return has_more
