"""Many codes at once: revoke one, a user's or a batch's, extend a batch."""

from datetime import datetime
from typing import Any

import rich_click as click

from admin_gateway.cli.options import (
    CODE,
    OURSELVES,
    TIME,
    USER,
    UUID,
    of_tenant,
)
from admin_gateway.cli.output import answering
from admin_gateway.cli.progress import bar, of_job
from coupon_core.domain import serialization
from coupon_core.domain.models import utc_now
from coupon_core.domain.models.filters import CouponFilter
from coupon_core.domain.models.inventory import CodeJob
from coupon_core.services.codes import jobs
from coupon_core.services.coupons import administration

batch = click.option("--batch", "batch_id", type=UUID, help="All of this batch.")


@click.command()
@of_tenant
@click.option("--code", type=CODE, help="This code; with --user, that user's.")
@click.option("--user", "user_id", type=USER, help="All that this user holds.")
@batch
@answering()
def revoke(
    tenant_id: str, code: str | None, user_id: str | None, batch_id: str | None
) -> dict[str, Any]:
    """Take codes out of use: one, all of a user, or a whole batch.

    Once this has ended no redeem of them begins and succeeds. Interrupted, the workers
    go on with it: `couponctl code job` tells how far it is.

    Example: `couponctl code revoke --tenant acme --batch 0198c0de-…`
    """
    now = utc_now()
    if sum(map(bool, (code or user_id, batch_id))) != 1:
        raise click.UsageError("Give --code, --user or --batch.")
    if code:
        which = CouponFilter(code=code, user_id=user_id)
        return serialization.coupon(
            administration.revoke(tenant_id, which, now, OURSELVES), now
        )
    if user_id:
        return _finished(jobs.revoke_user(tenant_id, user_id, OURSELVES, now))
    return _finished(jobs.revoke_batch(tenant_id, batch_id or "", OURSELVES, now))


@click.command()
@of_tenant
@click.option("--batch", "batch_id", type=UUID, required=True, help="Which batch.")
@click.option("--until", "expires_at", type=TIME, required=True, help="A time to come.")
@answering()
def extend(tenant_id: str, batch_id: str, expires_at: datetime) -> dict[str, Any]:
    """Let the codes of a batch expire later; none will expire sooner.

    Example: `couponctl code extend --tenant acme --batch 0198c0de-…
    --until 2030-01-31T12:00:00Z`
    """
    by = OURSELVES, utc_now()
    return _finished(jobs.extend_batch(tenant_id, batch_id, expires_at, *by))


@click.command()
@of_tenant
@click.argument("job_id", type=UUID)
@answering()
def job(tenant_id: str, job_id: str) -> dict[str, Any]:
    """Show how far work on many codes is.

    Example: `couponctl code job --tenant acme 0198c0de-…`
    """
    return serialization.code_job(jobs.get(tenant_id, job_id))


def _finished(begun: CodeJob) -> dict[str, Any]:
    with bar(begun.kind.value, begun.total_count or None) as tell:
        return serialization.code_job(jobs.finish(begun, of_job(tell)))
