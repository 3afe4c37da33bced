"""Revoke codes of a user or a batch, and extend the expiry of a batch."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import rich_click as click

from admin_gateway.cli.confirmation import confirm, confirmation_options
from admin_gateway.cli.options import (
    CLI_ACTOR,
    CODE_PARAM,
    EXPIRY_PARAM,
    TIME_EXAMPLES,
    USER_PARAM,
    UUID_PARAM,
    id_option,
    tenant_option,
)
from admin_gateway.cli.output import exit_with_failure, json_command, print_status
from admin_gateway.cli.progress import job_progress_reporter, progress_bar
from coupon_core.domain import serialization
from coupon_core.domain.entered_times import EnteredTime
from coupon_core.domain.models import CouponStatus, Page, utc_now
from coupon_core.domain.models.filters import CouponFilter
from coupon_core.domain.models.inventory import CodeJob, JobKind, JobState
from coupon_core.services import batches
from coupon_core.services.access import tenants
from coupon_core.services.codes import jobs
from coupon_core.services.coupons import administration

REVOCABLE_STATUSES = (CouponStatus.ACTIVE, CouponStatus.EXPIRED)
SKIP_REASONS = {
    JobKind.REVOKE: "used up or revoked before",
    JobKind.EXTEND: "revoked, without an expiry, or valid at least as long already",
}


@click.command()
@tenant_option
@click.option(
    "--code", type=CODE_PARAM, help="Code; with --user only the coupon of that user."
)
@click.option(
    "--user", "user_id", type=USER_PARAM, help="User ID: revoke all codes of this user."
)
@click.option(
    "--batch", "batch_id", type=UUID_PARAM, help="Batch ID: revoke all its codes."
)
@confirmation_options
@json_command()
def revoke(
    tenant_id: str, yes: bool, dry_run: bool, **selection: Any
) -> dict[str, Any]:
    """Revoke one code, all codes of a user, or a batch.

    Revoking several codes asks for confirmation. When the command has finished, none of
    the codes can be redeemed any more. After an interruption the workers continue;
    `couponctl code job` shows the progress.

    Example: `couponctl code revoke --tenant acme --batch 0198c0de-… --dry-run`
    """
    coupon_filter, now = CouponFilter(**selection), utc_now()
    code, user_id, batch_id = (
        selection["code"],
        selection["user_id"],
        selection["batch_id"],
    )
    if sum(map(bool, (code or user_id, batch_id))) != 1:
        raise click.UsageError("Use either --code, --user or --batch.")
    if code and not dry_run:
        revoked = administration.revoke(
            tenant_id, coupon_filter, now=now, actor=CLI_ACTOR
        )
        return serialization.serialize_coupon(revoked, now)
    counts = _count_revocable(tenant_id, coupon_filter, now=now)
    if dry_run:
        return {"dry_run": True, **counts}
    owner = f"user {user_id}" if user_id else f"batch {batch_id}"
    confirm(f"Revoke {counts['done']:,} codes of {owner}?", yes)
    if user_id:
        job = jobs.revoke_user(tenant_id, user_id, actor=CLI_ACTOR, now=now)
    else:
        job = jobs.revoke_batch(tenant_id, batch_id, actor=CLI_ACTOR, now=now)
    return _finish_job(job)


def _count_revocable(
    tenant_id: str, coupon_filter: CouponFilter, now: datetime
) -> dict[str, int]:
    """Count what a revocation would change (`done`) and leave alone (`skipped`)."""
    tenants.require(tenant_id)
    if coupon_filter.batch_id:
        batches.get(tenant_id, coupon_filter.batch_id)
    total, *counts = (
        administration.list_coupons(
            tenant_id,
            replace(coupon_filter, status=status),
            page=Page(limit=1),
            now=now,
        )[1]
        for status in (None, *REVOCABLE_STATUSES)
    )
    return {"total": total, "done": sum(counts), "skipped": total - sum(counts)}


@click.command()
@tenant_option
@id_option("batch", "Batch ID.", required=True)
@click.option(
    "--expires",
    "expires_at",
    type=EXPIRY_PARAM,
    required=True,
    help=f"New expiry, {TIME_EXAMPLES}.",
)
@json_command()
def extend(tenant_id: str, batch_id: str, expires_at: EnteredTime) -> dict[str, Any]:
    """Extend the expiry of a batch's codes; later expiry dates are kept.

    Exit status 1 if no code was extended.

    Example: `couponctl code extend --tenant acme --batch 0198c0de-…
    --expires 2030-01-31T12:00:00Z`
    """
    started_job = jobs.extend_batch(
        tenant_id, batch_id, expires_at=expires_at, actor=CLI_ACTOR, now=utc_now()
    )
    document = _finish_job(started_job)
    if document["state"] == JobState.COMPLETED and not document["done"]:
        exit_with_failure()
    return document


@click.command()
@tenant_option
@click.argument("job_id", type=UUID_PARAM)
@json_command()
def job(tenant_id: str, job_id: str) -> dict[str, Any]:
    """Show the progress of a bulk job.

    Example: `couponctl code job --tenant acme 0198c0de-…`
    """
    return _serialize_job(jobs.get(tenant_id, job_id))


def _finish_job(started_job: CodeJob) -> dict[str, Any]:
    """Complete a job, and say what it has changed and what it has left alone."""
    with progress_bar(
        started_job.kind.value, started_job.total_count or None
    ) as report_progress:
        finished_job = jobs.run_to_completion(
            started_job, job_progress_reporter(report_progress)
        )
    document = _serialize_job(finished_job)
    done, skipped = finished_job.done_count, finished_job.skipped_count
    start = f"Changed {done:,} codes" if done else "Nothing was changed"
    reason = f" ({document['skipped_reason']})" if skipped else ""
    print_status(f"{start}; {skipped:,} codes were skipped{reason}.")
    return document


def _serialize_job(job: CodeJob) -> dict[str, Any]:
    reason = SKIP_REASONS.get(job.kind) if job.skipped_count else None
    return {**serialization.serialize_code_job(job), "skipped_reason": reason}
