"""Import of existing codes: reserve all codes of a file, then create the coupons.

A reserved code cannot be taken by another transaction, so the second step cannot fail.
A job creates the coupons in chunks and continues after an interruption.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import islice

from coupon_core.domain.models import AdminReason, Definition, Refused
from coupon_core.domain.models.inventory import (
    CodeJob,
    ImportRow,
    JobKind,
    JobState,
    RejectedRow,
)
from coupon_core.domain.rules import generation as generation_rules
from coupon_core.domain.rules import imports as import_rules
from coupon_core.persistence.database import release_connection, transaction
from coupon_core.persistence.repositories import code_imports as code_import_repository
from coupon_core.persistence.repositories import code_jobs as code_job_repository
from coupon_core.persistence.repositories import definitions as definition_repository
from coupon_core.persistence.repositories import tenants as tenant_repository
from coupon_core.services import time_zones
from coupon_core.services.codes import job_construction, jobs
from coupon_core.services.errors import require_found

MAX_ROWS_PER_TRANSACTION = 4_000
MAX_REPORTED_ROWS = 100
ABANDONED_AFTER = timedelta(hours=1)

ParsedRow = ImportRow | RejectedRow
Clock = Callable[[], datetime]


@dataclass(slots=True)
class ImportReport:
    """The number of valid and rejected rows of a file, and the first rejected rows."""

    valid_count: int = 0
    rejected_count: int = 0
    used_count: int = 0  # rejected or, if `skips_used`, skipped
    skips_used: bool = False
    rejected_rows: list[RejectedRow] = field(default_factory=list)

    def add_rejected(self, rows: Iterable[RejectedRow]) -> None:
        """Count rejected rows, and keep the first `MAX_REPORTED_ROWS`."""
        for row in rows:
            self.rejected_count += 1
            if len(self.rejected_rows) < MAX_REPORTED_ROWS:
                self.rejected_rows.append(row)

    def add_used(self, line: int, reason: str) -> None:
        """Count a used, revoked or expired code as skipped or as rejected."""
        self.used_count += 1
        if not self.skips_used:
            self.add_rejected([RejectedRow(line, reason)])

    @property
    def skipped_count(self) -> int:
        """The number of rows that were left out without being rejected."""
        return self.used_count if self.skips_used else 0


class ImportRejected(Exception):
    """Rows of a file cannot be imported, so nothing was imported."""

    def __init__(self, report: ImportReport) -> None:
        super().__init__(report.rejected_count)
        self.report = report


def import_codes(
    tenant_id: str,
    definition_id: str,
    rows: Iterable[ParsedRow],
    partial: bool,
    actor: str,
    clock: Clock,
    skip_used: bool = False,
    dry_run: bool = False,
) -> tuple[CodeJob, ImportReport]:
    """Import codes; return the job that creates the coupons and the report.

    The first chunk of the job is already processed. All codes are imported or none;
    with `partial`, rejected rows are skipped. Rows of used, revoked and expired codes
    are rejected or, with `skip_used`, skipped. An error leaves no data behind, and
    neither does a dry run, which makes the same checks.

    Raises:
        Refused: The definition is unknown or does not accept imported codes.
        ImportRejected: No row is valid, or a row is rejected and `partial` is False.
    """
    definition = _require_importable(tenant_id, definition_id)
    job = _create_job(definition, actor, clock())
    report = ImportReport(skips_used=skip_used)
    try:
        _reserve_all(job, definition, rows=rows, report=report, clock=clock)
        if not report.valid_count or (report.rejected_count and not partial):
            raise ImportRejected(report)
        if not dry_run:
            return _start_job(job, report, clock()), report
    except BaseException:
        discard_import(job)
        raise
    discard_import(job)
    return job, report


def _require_importable(tenant_id: str, definition_id: str) -> Definition:
    definition = require_found(
        definition_repository.get(tenant_id, definition_id),
        AdminReason.DEFINITION_NOT_FOUND,
    )
    for reason in generation_rules.import_violations(definition):
        raise Refused(reason)
    return definition


def _create_job(definition: Definition, actor: str, now: datetime) -> CodeJob:
    draft = job_construction.build_job(
        definition.tenant_id,
        JobKind.IMPORT,
        actor=actor,
        now=now,
        state=JobState.RECEIVING,
    )
    job = replace(draft, definition_id=definition.definition_id, batch_id=draft.job_id)
    with transaction():
        code_job_repository.insert(job)
    return job


def _reserve_all(
    job: CodeJob,
    definition: Definition,
    rows: Iterable[ParsedRow],
    report: ImportReport,
    clock: Clock,
) -> None:
    for chunk in _split_into_chunks(rows):
        valid_rows = list(_select_valid(chunk, definition, report, clock()))
        rejected_rows = _reserve_chunk(job, valid_rows, clock()) if valid_rows else []
        report.valid_count += len(valid_rows) - len(rejected_rows)
        report.add_rejected(rejected_rows)
        # A client that sends slowly must not hold a connection that others need.
        release_connection()


def _select_valid(
    rows: Iterable[ParsedRow],
    definition: Definition,
    report: ImportReport,
    now: datetime,
) -> Iterator[ImportRow]:
    """Yield the rows to import, with their own expiry; report the others."""
    time_zone = time_zones.find_time_zone(definition)
    for row in rows:
        if isinstance(row, RejectedRow):
            report.add_rejected([row])
        elif use := import_rules.find_use(row, definition):
            report.add_used(row.line, use)
        elif violation := import_rules.find_violation(row, definition):
            report.add_rejected([RejectedRow(row.line, violation)])
        elif isinstance(
            checked := import_rules.with_own_expiry(row, definition, time_zone, now),
            RejectedRow,
        ):
            report.add_rejected([checked])
        else:
            yield checked


def _split_into_chunks(rows: Iterable[ParsedRow]) -> Iterator[list[ParsedRow]]:
    source = iter(rows)
    while chunk := list(islice(source, MAX_ROWS_PER_TRANSACTION)):
        yield chunk


def _reserve_chunk(
    job: CodeJob, rows: list[ImportRow], now: datetime
) -> list[RejectedRow]:
    with transaction():
        # Transactions that add random codes hold a shared lock on the tenant, so that
        # an imported code and a random code cannot become equal at the same time.
        if not tenant_repository.lock(job.tenant_id):
            raise Refused(AdminReason.TENANT_NOT_FOUND)
        code_job_repository.update(replace(job, updated_at=now))
        return code_import_repository.reserve(job, rows)


def _start_job(job: CodeJob, report: ImportReport, now: datetime) -> CodeJob:
    """Start the creation of the reserved coupons; from here on it cannot be undone."""
    running = replace(
        job,
        state=JobState.RUNNING,
        total_count=report.valid_count,
        skipped_count=report.skipped_count,
        updated_at=now,
    )
    jobs.start(running, now)
    return jobs.run_first_chunk(running, now)


def discard_import(job: CodeJob) -> None:
    """Release all codes that an import reserved, unless its job has already started."""
    while _release_some(job):
        pass


def _release_some(job: CodeJob) -> bool:
    with transaction():
        current = code_job_repository.get(job.tenant_id, job.job_id, lock=True)
        if current is None or current.state != JobState.RECEIVING:
            return False
        if code_import_repository.release(
            job.tenant_id, job.job_id, MAX_ROWS_PER_TRANSACTION
        ):
            return True
        code_job_repository.delete(job.tenant_id, job.job_id)
        return False


def discard_abandoned_imports(now: datetime) -> int:
    """Discard imports whose gateway process ended during the upload.

    Return the number of discarded imports.
    """
    abandoned_jobs = code_job_repository.find_stalled(
        JobState.RECEIVING, now - ABANDONED_AFTER
    )
    for job in abandoned_jobs:
        discard_import(job)
    return len(abandoned_jobs)
