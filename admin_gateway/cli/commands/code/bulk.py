"""Revoke codes of a user or a batch, and extend the expiry of a batch."""

from datetime import datetime
from typing import Any

import rich_click as click

from admin_gateway.cli.options import (
    CLI_ACTOR,
    CODE_PARAM,
    TIME_PARAM,
    USER_PARAM,
    UUID_PARAM,
    tenant_option,
)
from admin_gateway.cli.output import json_command
from admin_gateway.cli.progress import job_progress_reporter, progress_bar
from coupon_core.domain import serialization
from coupon_core.domain.models import utc_now
from coupon_core.domain.models.filters import CouponFilter
from coupon_core.domain.models.inventory import CodeJob
from coupon_core.services.codes import jobs
from coupon_core.services.coupons import administration

batch_option = click.option(
    "--batch", "batch_id", type=UUID_PARAM, help="Batch ID: revoke all its codes."
)


@click.command()
@tenant_option
@click.option(
    "--code", type=CODE_PARAM, help="Code; with --user only the coupon of that user."
)
@click.option(
    "--user", "user_id", type=USER_PARAM, help="User ID: revoke all codes of this user."
)
@batch_option
@json_command()
def revoke(
    tenant_id: str, code: str | None, user_id: str | None, batch_id: str | None
) -> dict[str, Any]:
    """Revoke one code, all codes of a user, or a batch.

    When the command has finished, none of the codes can be redeemed any more. After
    an interruption the workers continue; `couponctl code job` shows the progress.

    Example: `couponctl code revoke --tenant acme --batch 0198c0de-…`
    """
    now = utc_now()
    if sum(map(bool, (code or user_id, batch_id))) != 1:
        raise click.UsageError("Use either --code, --user or --batch.")
    if code:
        coupon_filter = CouponFilter(code=code, user_id=user_id)
        return serialization.serialize_coupon(
            administration.revoke(tenant_id, coupon_filter, now=now, actor=CLI_ACTOR),
            now,
        )
    if user_id:
        return _finish_job(
            jobs.revoke_user(tenant_id, user_id, actor=CLI_ACTOR, now=now)
        )
    return _finish_job(
        jobs.revoke_batch(tenant_id, batch_id or "", actor=CLI_ACTOR, now=now)
    )


@click.command()
@tenant_option
@click.option("--batch", "batch_id", type=UUID_PARAM, required=True, help="Batch ID.")
@click.option(
    "--until",
    "expires_at",
    type=TIME_PARAM,
    required=True,
    help="New expiry, for example 2030-01-31T12:00:00Z.",
)
@json_command()
def extend(tenant_id: str, batch_id: str, expires_at: datetime) -> dict[str, Any]:
    """Extend the expiry of a batch's codes; later expiry dates are kept.

    Example: `couponctl code extend --tenant acme --batch 0198c0de-…
    --until 2030-01-31T12:00:00Z`
    """
    started_job = jobs.extend_batch(
        tenant_id, batch_id, expires_at=expires_at, actor=CLI_ACTOR, now=utc_now()
    )
    return _finish_job(started_job)


@click.command()
@tenant_option
@click.argument("job_id", type=UUID_PARAM)
@json_command()
def job(tenant_id: str, job_id: str) -> dict[str, Any]:
    """Show the progress of a bulk job.

    Example: `couponctl code job --tenant acme 0198c0de-…`
    """
    return serialization.serialize_code_job(jobs.get(tenant_id, job_id))


def _finish_job(started_job: CodeJob) -> dict[str, Any]:
    with progress_bar(
        started_job.kind.value, started_job.total_count or None
    ) as report_progress:
        return serialization.serialize_code_job(
            jobs.run_to_completion(started_job, job_progress_reporter(report_progress))
        )
