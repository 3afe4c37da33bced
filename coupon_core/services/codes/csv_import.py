"""Codes that exist elsewhere: all of a file are held first, and made only when good.

A code that an import holds is nobody else's, so what follows cannot fail: the coupons
are made a chunk at a time by a job, which goes on after whatever interrupts it.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import islice

from coupon_core.domain.models import AdminReason, Definition, Refused
from coupon_core.domain.models.inventory import (
    BadRow,
    CodeJob,
    ImportRow,
    JobKind,
    JobState,
)
from coupon_core.domain.rules import generation as generation_rules
from coupon_core.persistence.database import release, transaction
from coupon_core.persistence.repositories import code_imports as store
from coupon_core.persistence.repositories import code_jobs as job_store
from coupon_core.persistence.repositories import definitions as definition_store
from coupon_core.persistence.repositories import tenants as tenant_store
from coupon_core.services.codes import jobs

HELD_AT_ONCE = 4_000
MOST_TOLD = 100
ABANDONED = timedelta(hours=1)
AWARDED = "the codes of this definition are awarded: user_id: expected none"

Row = ImportRow | BadRow
Clock = Callable[[], datetime]


@dataclass(slots=True)
class Report:
    """How a file was: good lines, and bad ones with the first reasons."""

    good_count: int = 0
    bad_count: int = 0
    bad_rows: list[BadRow] = field(default_factory=list)

    def add_bad(self, rows: Iterable[BadRow]) -> None:
        """Count bad lines; of the first, keep why."""
        for row in rows:
            self.bad_count += 1
            if len(self.bad_rows) < MOST_TOLD:
                self.bad_rows.append(row)


class BadFile(Exception):
    """Lines of a file cannot be imported, and so nothing of it was."""

    def __init__(self, report: Report) -> None:
        super().__init__(report.bad_count)
        self.report = report


def receive(
    tenant_id: str,
    definition_id: str,
    rows: Iterable[Row],
    partial: bool,
    actor: str,
    clock: Clock,
) -> tuple[CodeJob, Report]:
    """Import codes; gives the job that makes them, its first chunk done.

    All or none, unless `partial`: then the bad lines are left out. Refused when the
    definition does not take codes; BadFile. Any error leaves nothing behind.
    """
    definition = _open_for_codes(tenant_id, definition_id)
    job = _opened(definition, actor, clock())
    report = Report()
    try:
        _hold_all(job, definition, rows, report, clock)
        if not report.good_count or (report.bad_count and not partial):
            raise BadFile(report)
        return _started(job, report, clock()), report
    except BaseException:
        abandon(job)
        raise


def _open_for_codes(tenant_id: str, definition_id: str) -> Definition:
    definition = definition_store.get(tenant_id, definition_id)
    if definition is None:
        raise Refused(AdminReason.DEFINITION_NOT_FOUND)
    for reason in generation_rules.against_importing(definition):
        raise Refused(reason)
    return definition


def _opened(definition: Definition, actor: str, now: datetime) -> CodeJob:
    about = definition.tenant_id, JobKind.IMPORT, actor, now
    draft = jobs.new_job(*about, state=JobState.RECEIVING)
    job = replace(draft, definition_id=definition.definition_id, batch_id=draft.job_id)
    with transaction():
        job_store.insert(job)
    return job


def _hold_all(
    job: CodeJob,
    definition: Definition,
    rows: Iterable[Row],
    report: Report,
    clock: Clock,
) -> None:
    for chunk in _chunks(rows):
        good = [row for row in chunk if isinstance(row, ImportRow)]
        report.add_bad(row for row in chunk if isinstance(row, BadRow))
        if definition.awarded_only:
            report.add_bad(BadRow(row.line, AWARDED) for row in good if row.user_id)
            good = [row for row in good if not row.user_id]
        bad = _hold(job, good, clock()) if good else []
        report.good_count += len(good) - len(bad)
        report.add_bad(bad)
        release()  # whoever sends slowly keeps no connection from others


def _chunks(rows: Iterable[Row]) -> Iterator[list[Row]]:
    source = iter(rows)
    while chunk := list(islice(source, HELD_AT_ONCE)):
        yield chunk


def _hold(job: CodeJob, rows: list[ImportRow], now: datetime) -> list[BadRow]:
    with transaction():
        # Codes named by hand and drawn ones are made in turns, never at once.
        if not tenant_store.lock(job.tenant_id):
            raise Refused(AdminReason.TENANT_NOT_FOUND)
        job_store.update(replace(job, updated_at=now))
        return store.hold(job, rows)


def _started(job: CodeJob, report: Report, now: datetime) -> CodeJob:
    """The job from here on: it makes what is held, and cannot be called back."""
    running = replace(
        job, state=JobState.RUNNING, total_count=report.good_count, updated_at=now
    )
    jobs.start(running, now)
    return jobs.work_at_once(running, now)


def abandon(job: CodeJob) -> None:
    """Let go of all that an import holds, unless it makes its codes already."""
    while _left(job):
        pass


def _left(job: CodeJob) -> bool:
    with transaction():
        now_so = job_store.get(job.tenant_id, job.job_id, lock=True)
        if now_so is None or now_so.state != JobState.RECEIVING:
            return False
        if store.leave(job.tenant_id, job.job_id, HELD_AT_ONCE):
            return True
        job_store.delete(job.tenant_id, job.job_id)
        return False


def abandon_old(now: datetime) -> int:
    """Let go of imports whose sender has gone with the gateway; gives how many."""
    old = job_store.forsaken(JobState.RECEIVING, now - ABANDONED)
    for job in old:
        abandon(job)
    return len(old)
