"""Announce expired coupons, requeue stalled jobs and discard abandoned imports."""

import threading
from collections.abc import Callable
from contextlib import suppress

import structlog

from coupon_core.domain.models import utc_now
from coupon_core.persistence import database, diagnostics
from coupon_core.services.codes import csv_import, jobs
from coupon_core.services.coupons import expiry
from workers.outages import DATABASE, OUTAGES

log = structlog.get_logger("coupon.sweeper")

SWEEP_INTERVAL_SECONDS = 30.0
BEAT_INTERVAL_SECONDS = 1.0


def run(stop: threading.Event, beat: Callable[[], None]) -> None:
    """Run maintenance until `stop` is set; wait while the database is unavailable."""
    while not stop.is_set():
        try:
            counts = run_once(stop, beat)
            OUTAGES.recover()
            if any(counts.values()):
                log.info("swept", **counts)
        except diagnostics.DATABASE_ERRORS as error:
            OUTAGES.fail("cannot sweep", error, DATABASE)
        finally:
            with suppress(*diagnostics.DATABASE_ERRORS):
                database.release_connection()
        _wait_with_heartbeats(stop, beat)


def _wait_with_heartbeats(stop: threading.Event, beat: Callable[[], None]) -> None:
    for _ in range(int(SWEEP_INTERVAL_SECONDS / BEAT_INTERVAL_SECONDS)):
        beat()
        if stop.wait(BEAT_INTERVAL_SECONDS):
            return


def run_once(stop: threading.Event, beat: Callable[[], None]) -> dict[str, int]:
    """Run all maintenance tasks once; return their counts."""
    looked_at = sum(
        _announce_tenant_expiry(tenant_id, stop, beat)
        for tenant_id in expiry.iterate_tenant_ids()
    )
    return {
        "looked_at": looked_at,
        "jobs_reminded": jobs.requeue_stalled_jobs(utc_now()),
        "imports_abandoned": csv_import.discard_abandoned_imports(utc_now()),
    }


def _announce_tenant_expiry(
    tenant_id: str, stop: threading.Event, beat: Callable[[], None]
) -> int:
    """Announce all expired coupons of a tenant in short transactions.

    Stops early while the outbox is full.
    """
    looked_at = 0
    while not stop.is_set():
        beat()
        announced = expiry.announce_expired(tenant_id, utc_now())
        looked_at += announced
        if not announced or expiry.is_outbox_full(utc_now()):
            break
    return looked_at
