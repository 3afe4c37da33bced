"""`couponctl batch`: coupons by the million: how far they are, and how to end it."""

import time
from typing import Any

import rich_click as click

from admin_gateway.cli.options import (
    UUID,
    of_tenant,
    page,
    paged,
)
from admin_gateway.cli.output import answering, ends_with_one, say
from admin_gateway.cli.progress import bar
from admin_gateway.responses import serializers
from coupon_core.domain.models import utc_now
from coupon_core.domain.models.batches import UNFINISHED, Batch, BatchState
from coupon_core.services import batches
from coupon_core.services.access import tenants

POLL_SECONDS = 0.5
COLUMNS = (
    "batch_id",
    "state",
    "requested",
    "generated",
    "rate_per_second",
    "eta_seconds",
    "created_at",
)
batch_argument = click.argument("batch_id", type=UUID)


@click.group()
def batch() -> None:
    """Batches of coupons: list, show, watch, cancel."""


@batch.command("list")
@of_tenant
@click.option("--definition", "definition_id", type=UUID, help="Only of this one.")
@click.option("--state", type=click.Choice([one.value for one in BatchState]))
@paged
@answering(*COLUMNS)
def list_(
    tenant_id: str,
    definition_id: str | None,
    state: str | None,
    limit: int,
    offset: int,
) -> dict[str, Any]:
    """List batches, newest first.

    Example: `couponctl batch list --tenant acme --state running`
    """
    tenants.require(tenant_id)
    chosen = BatchState(state) if state else None
    which = page(limit, offset), chosen, definition_id
    rows, total = batches.listed(tenant_id, *which)
    return {"batches": [serializers.batch(row) for row in rows], "total": total}


@batch.command()
@of_tenant
@batch_argument
@answering()
def show(tenant_id: str, batch_id: str) -> dict[str, Any]:
    """Show how far a batch is, how quick, and when it will be done.

    Example: `couponctl batch show --tenant acme 0198c0de-…`
    """
    return serializers.batch(batches.get(tenant_id, batch_id))


@batch.command()
@of_tenant
@batch_argument
@answering()
def watch(tenant_id: str, batch_id: str) -> dict[str, Any]:
    """Look on until a batch is at its end; Ctrl-C stops only the looking.

    Ends with 1 when the batch failed.

    Example: `couponctl batch watch --tenant acme 0198c0de-…`
    """
    return _attended(batches.get(tenant_id, batch_id), helping=False)


@batch.command()
@of_tenant
@batch_argument
@answering()
def cancel(tenant_id: str, batch_id: str) -> dict[str, Any]:
    """Make no more coupons of a batch; those made stay.

    Example: `couponctl batch cancel --tenant acme 0198c0de-…`
    """
    return serializers.batch(batches.cancel(tenant_id, batch_id, utc_now()))


def make_here(batch: Batch) -> dict[str, Any]:
    """Make a batch together with the workers; gives it as it is when this ends."""
    return _attended(batch, helping=True)


def _attended(batch: Batch, helping: bool) -> dict[str, Any]:
    """With a bar, until its end or Ctrl-C."""
    ids = batch.tenant_id, batch.batch_id
    try:
        with bar("coupons", batch.requested_count) as tell:
            # From its end: the workers begin at the other.
            chunks = iter(range(batch.chunk_count, 0, -1) if helping else ())
            while (now := batches.get(*ids)).state in UNFINISHED:
                tell(now.generated_count)
                number = next(chunks, None)
                if number is None:
                    time.sleep(POLL_SECONDS)
                else:
                    batches.make_chunk((*ids, number), utc_now())
            tell(now.generated_count)
    except KeyboardInterrupt:
        say(f"It goes on: couponctl batch watch --tenant {ids[0]} {ids[1]}")
    now = batches.get(*ids)
    if now.state == BatchState.FAILED:
        ends_with_one()
    return serializers.batch(now)
