"""Change codes in bulk: revoke and restore them, extend or move their expiry."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import rich_click as click

from admin_gateway.cli.commands.code.bulk_jobs import finish_job, serialize_job
from admin_gateway.cli.confirmation import confirm, confirmation_options
from admin_gateway.cli.field_params import (
    CODE_PARAM,
    EXPIRY_PARAM,
    USER_PARAM,
    UUID_PARAM,
)
from admin_gateway.cli.options import (
    CLI_ACTOR,
    TIME_EXAMPLES,
    OptionDecorator,
    combine_options,
    id_option,
    new_expiry_options,
    read_new_expiry,
    tenant_option,
)
from admin_gateway.cli.output import exit_with_failure, json_command
from coupon_core.domain import serialization
from coupon_core.domain.entered_times import EnteredTime
from coupon_core.domain.models import CouponStatus, IssuedCoupon, Page, utc_now
from coupon_core.domain.models.filters import CouponFilter
from coupon_core.domain.models.inventory import CodeJob, CodeTarget, JobKind, JobState
from coupon_core.services.access import tenants
from coupon_core.services.codes import bulk_changes, jobs
from coupon_core.services.coupons import administration, corrections

# By the kind of job: how one coupon is changed, and in which states it can be.
SINGLE_CHANGES: Mapping[
    JobKind, tuple[Callable[..., IssuedCoupon], tuple[CouponStatus, ...]]
] = {
    JobKind.REVOKE: (
        administration.revoke,
        (CouponStatus.ACTIVE, CouponStatus.EXPIRED),
    ),
    JobKind.RESTORE: (corrections.restore, (CouponStatus.REVOKED,)),
}


def selection_options(verb: str) -> OptionDecorator:
    """Return the options that select one code, or those of a user or a batch."""
    return combine_options(
        tenant_option,
        click.option(
            "--code",
            type=CODE_PARAM,
            help="Code; with --user only the coupon of that user.",
        ),
        click.option(
            "--user",
            "user_id",
            type=USER_PARAM,
            help=f"User ID: {verb} all codes of this user.",
        ),
        click.option(
            "--batch",
            "batch_id",
            type=UUID_PARAM,
            help=f"Batch ID: {verb} all its codes.",
        ),
        confirmation_options,
    )


@click.command()
@selection_options("revoke")
@json_command()
def revoke(**arguments: Any) -> dict[str, Any]:
    """Revoke one code, all codes of a user, or a batch.

    Revoking several codes asks for confirmation. When the command has finished, none of
    the codes can be redeemed any more. After an interruption the workers continue;
    `couponctl code job` shows the progress.

    Example: `couponctl code revoke --tenant acme --batch 0198c0de-… --dry-run`
    """
    return _change_selection(JobKind.REVOKE, bulk_changes.revoke, **arguments)


@click.command()
@selection_options("restore")
@json_command()
def restore(**arguments: Any) -> dict[str, Any]:
    """Undo the revocation of one code, of all codes of a user, or of a batch.

    The codes are valid as before. Restoring several codes asks for confirmation. Codes
    that a re-issue replaced, and codes returned for points, remain revoked.

    Example: `couponctl code restore --tenant acme --batch 0198c0de-… --dry-run`
    """
    return _change_selection(JobKind.RESTORE, bulk_changes.restore, **arguments)


def _change_selection(
    kind: JobKind,
    start_job: Callable[..., CodeJob],
    tenant_id: str,
    yes: bool,
    dry_run: bool,
    **selection: Any,
) -> dict[str, Any]:
    code, user_id, batch_id = (
        selection["code"],
        selection["user_id"],
        selection["batch_id"],
    )
    if sum(map(bool, (code or user_id, batch_id))) != 1:
        raise click.UsageError("Use either --code, --user or --batch.")
    if code:
        return _change_single(kind, tenant_id, CouponFilter(**selection), dry_run)
    tenants.require(tenant_id)
    target = CodeTarget(batch_id, user_id or "")
    planned = bulk_changes.preview(tenant_id, kind, target, now=utc_now())
    if dry_run:
        return _serialize_plan(planned)
    _confirm(kind.value.capitalize(), planned, yes)
    return finish_job(start_job(tenant_id, target, actor=CLI_ACTOR, now=utc_now()))


def _change_single(
    kind: JobKind, tenant_id: str, coupon_filter: CouponFilter, dry_run: bool
) -> dict[str, Any]:
    now = utc_now()
    change, statuses = SINGLE_CHANGES[kind]
    if not dry_run:
        changed = change(tenant_id, coupon_filter, now=now, actor=CLI_ACTOR)
        return serialization.serialize_coupon(changed, now)
    tenants.require(tenant_id)
    total, *counts = (
        administration.list_coupons(
            tenant_id,
            replace(coupon_filter, status=status),
            page=Page(limit=1),
            now=now,
        )[1]
        for status in (None, *statuses)
    )
    done = sum(counts)
    return {"dry_run": True, "total": total, "done": done, "skipped": total - done}


def _serialize_plan(planned: CodeJob) -> dict[str, Any]:
    return {
        "dry_run": True,
        "total": planned.done_count + planned.skipped_count,
        "done": planned.done_count,
        "skipped": planned.skipped_count,
        "skipped_reasons": dict(planned.skipped_reasons),
    }


def _confirm(action: str, planned: CodeJob, yes: bool) -> None:
    target = next(
        f"{name} {value}"
        for name in ("batch", "user", "definition")
        if (value := getattr(planned, f"{name}_id"))
    )
    confirm(f"{action} {planned.done_count:,} codes of {target}?", yes)


@click.command()
@tenant_option
@id_option("batch", "Batch ID: the codes of this batch.")
@id_option("definition", "Definition ID: the codes of this definition.")
@id_option("user", "User ID: the codes of this user.")
@new_expiry_options
@confirmation_options
@json_command()
def expiry(
    tenant_id: str,
    expires_at: EnteredTime | None,
    follow_definition: bool,
    yes: bool,
    dry_run: bool,
    **selection: Any,
) -> dict[str, Any]:
    """Move the expiry of all codes of a batch, a definition or a user.

    The new expiry may be earlier or later. Codes that are revoked, used up, or have
    this expiry already are left alone.

    Example: `couponctl code expiry --tenant acme --batch 0198c0de-…
    --expires 2030-01-31T12:00:00Z --dry-run`
    """
    new_expiry = read_new_expiry(expires_at, follow_definition)
    chosen = {name: value for name, value in selection.items() if value}
    if len(chosen) != 1:
        raise click.UsageError("Use either --batch, --definition or --user.")
    tenants.require(tenant_id)
    target = CodeTarget(**chosen)
    planned = bulk_changes.preview(
        tenant_id, JobKind.EXPIRY, target, now=utc_now(), expires_at=new_expiry
    )
    if dry_run:
        return _serialize_plan(planned)
    _confirm("Move the expiry of", planned, yes)
    started_job = bulk_changes.change_expiry(
        tenant_id, target, new_expiry, actor=CLI_ACTOR, now=utc_now()
    )
    return finish_job(started_job)


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
    started_job = bulk_changes.extend_batch(
        tenant_id, batch_id, expires_at=expires_at, actor=CLI_ACTOR, now=utc_now()
    )
    document = finish_job(started_job)
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
    return serialize_job(jobs.get(tenant_id, job_id))
