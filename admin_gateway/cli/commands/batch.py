"""`couponctl batch`: follow and cancel the bulk generation of coupons."""

import time
from typing import TYPE_CHECKING, Any

import rich_click as click

from admin_gateway.cli.api_commands import DEFINITION, api_command, page_options
from admin_gateway.cli.field_params import UUID_PARAM
from admin_gateway.cli.options import EnumChoice
from admin_gateway.cli.output import (
    exit_with_failure,
    print_status,
    tenant_command,
)
from admin_gateway.cli.progress import progress_bar
from admin_gateway.cli.suspension_commands import add_suspension_commands
from admin_gateway.responses.batches import serialize_batch
from coupon_core.domain.models import utc_now
from coupon_core.domain.models.batches import ACTIVE_STATES, Batch, BatchState
from coupon_core.services import batches

if TYPE_CHECKING:
    from coupons_sdk import CouponsAdmin

POLL_INTERVAL_SECONDS = 0.5
COLUMNS = (
    "batch_id",
    "kind",
    "state",
    "requested",
    "generated",
    "rate_per_second",
    "eta_seconds",
    "created_at",
    "suspended_at",
)
batch_argument = click.argument("batch_id", type=UUID_PARAM)


@click.group()
def batch() -> None:
    """Batches of coupons: list, show, watch, cancel, suspend, resume."""


add_suspension_commands(batch, click.argument("batch_id"), "batches")


@api_command(
    batch,
    click.option(
        "--definition",
        "definition_id",
        type=DEFINITION,
        help="Only batches of this definition, by ID or name.",
    ),
    click.option(
        "--state", type=EnumChoice(BatchState), help="Only batches in this state."
    ),
    page_options,
    name="list",
    columns=COLUMNS,
)
def list_(admin: "CouponsAdmin", **query: Any) -> Any:
    """List batches, newest first.

    Example: `couponctl batch list --tenant acme --state running`
    """
    return admin.call("GET", "batches", query=query)


@api_command(batch, click.argument("batch_id"))
def show(admin: "CouponsAdmin", batch_id: str) -> Any:
    """Show the progress of a batch, its rate, and the estimated time left.

    Example: `couponctl batch show --tenant acme 0198c0de-…`
    """
    return admin.call("GET", "batches", batch_id)


@tenant_command(batch, batch_argument)
def watch(tenant_id: str, batch_id: str) -> dict[str, Any]:
    """Show the progress until the batch ends. Ctrl-C does not stop the batch.

    Exit status 1 if the batch failed.

    Example: `couponctl batch watch --tenant acme 0198c0de-…`
    """
    return _watch_batch(batches.get(tenant_id, batch_id), generates_chunks=False)


@api_command(batch, click.argument("batch_id"))
def cancel(admin: "CouponsAdmin", batch_id: str) -> Any:
    """Cancel a batch; coupons already generated are kept.

    Example: `couponctl batch cancel --tenant acme 0198c0de-…`
    """
    return admin.call("POST", "batches", batch_id, "cancel")


def generate_with_workers(batch: Batch) -> dict[str, Any]:
    """Generate a batch together with the workers; return it as it is at the end."""
    return _watch_batch(batch, generates_chunks=True)


def _watch_batch(batch: Batch, generates_chunks: bool) -> dict[str, Any]:
    """Show a progress bar until the batch ends or Ctrl-C is pressed."""
    tenant_id, batch_id = batch.tenant_id, batch.batch_id
    try:
        with progress_bar("coupons", batch.requested_count) as report_progress:
            # Workers start with the first chunk, so this process starts with the last.
            chunk_numbers = iter(
                range(batch.chunk_count, 0, -1) if generates_chunks else ()
            )
            while (current := batches.get(tenant_id, batch_id)).state in ACTIVE_STATES:
                report_progress(current.generated_count)
                number = next(chunk_numbers, None)
                if number is None:
                    time.sleep(POLL_INTERVAL_SECONDS)
                else:
                    batches.generate_chunk((tenant_id, batch_id, number), utc_now())
            report_progress(current.generated_count)
    except KeyboardInterrupt:
        print_status(
            "The batch continues. Show its progress with: "
            f"couponctl batch watch --tenant {tenant_id} {batch_id}"
        )
    current = batches.get(tenant_id, batch_id)
    if current.state == BatchState.FAILED:
        exit_with_failure()
    return serialize_batch(current)
