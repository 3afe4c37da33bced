"""Maintenance: ends of coupons and reservations, warnings, refills, stalled jobs.

Also continues the deletion of tenants, and fills the reports with earlier uses.
"""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime

import structlog

from coupon_core.domain.models import utc_now
from coupon_core.persistence import database, diagnostics
from coupon_core.services import batches
from coupon_core.services.catalog import definition_warnings
from coupon_core.services.codes import csv_import, jobs
from coupon_core.services.coupons import expiry, reservation_endings
from coupon_core.services.insight import backfill
from coupon_core.services.privacy import retention, tenant_deletion
from workers.outages import DATABASE, OUTAGES

log = structlog.get_logger("coupon.sweeper")

SWEEP_INTERVAL_SECONDS = 30.0
BEAT_INTERVAL_SECONDS = 1.0
PRUNE_HOUR = 3  # UTC
MAX_BACKFILL_SECONDS = 10.0

_last_pruned_on: date | None = None


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
        "refilled": _for_each_tenant(batches.refill, stop, beat),
        "warned": _for_each_tenant(definition_warnings.announce, stop, beat),
        "reservations_expired": _announce_expired_reservations(stop, beat),
        "jobs_reminded": jobs.requeue_stalled_jobs(utc_now()),
        "imports_abandoned": csv_import.discard_abandoned_imports(utc_now()),
        "uses_backfilled": _fill_reports(stop, beat),
        "deleted_with_tenants": _delete_tenants(stop, beat),
        "pruned": _prune_nightly(stop, beat),
    }


def _announce_expired_reservations(
    stop: threading.Event, beat: Callable[[], None]
) -> int:
    """Reclaim and announce the ended reservations of each tenant."""
    count = 0
    for tenant_id in expiry.iterate_tenant_ids():
        while not stop.is_set() and (
            expired := reservation_endings.announce_expired(tenant_id, utc_now())
        ):
            beat()
            count += expired
    return count


def _for_each_tenant(
    act: Callable[[str, datetime], int], stop: threading.Event, beat: Callable[[], None]
) -> int:
    """Return the sum of what `act` counts for each tenant, until `stop` is set."""
    count = 0
    for tenant_id in expiry.iterate_tenant_ids():
        if stop.is_set():
            break
        beat()
        count += act(tenant_id, utc_now())
    return count


def _fill_reports(stop: threading.Event, beat: Callable[[], None]) -> int:
    """Count uses before the cut-over of reports, for a limited time.

    The next run continues, so that it does not delay the other tasks.
    """
    count, deadline = 0, time.monotonic() + MAX_BACKFILL_SECONDS
    for tenant_id in backfill.list_due_tenants(utc_now()):
        while (
            not stop.is_set()
            and time.monotonic() < deadline
            and (counted := backfill.continue_backfill(tenant_id, utc_now()))
        ):
            beat()
            count += counted
    return count


def _delete_tenants(stop: threading.Event, beat: Callable[[], None]) -> int:
    """Continue the deletion of tenants until they are gone or `stop` is set."""
    count = 0
    for tenant_id in tenant_deletion.list_unfinished():
        while not stop.is_set() and (
            deleted := tenant_deletion.continue_deletion(tenant_id)
        ):
            beat()
            count += deleted
    return count


def _prune_nightly(stop: threading.Event, beat: Callable[[], None]) -> int:
    """Delete what is past its retention, once a day from `PRUNE_HOUR` on."""
    global _last_pruned_on
    now = utc_now()
    if now.hour < PRUNE_HOUR or _last_pruned_on == now.date():
        return 0

    def should_stop() -> bool:
        beat()
        return stop.is_set()

    count = sum(
        sum(retention.prune(tenant_id, now, should_stop).values())
        for tenant_id in expiry.iterate_tenant_ids()
    )
    if not stop.is_set():
        _last_pruned_on = now.date()
    return count


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
