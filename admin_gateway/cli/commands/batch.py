"""`couponctl batch`: follow and cancel the bulk generation of coupons."""

from typing import TYPE_CHECKING, Any

import rich_click as click

from admin_gateway.cli.api_commands import api_command, definition_option, page_options
from admin_gateway.cli.background_work import follow_batch
from admin_gateway.cli.options import EnumChoice
from admin_gateway.cli.suspension_commands import add_suspension_commands
from coupon_core.domain.models.batches import BatchState

if TYPE_CHECKING:
    from coupons_sdk import CouponsAdmin

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


@click.group()
def batch() -> None:
    """Batches of coupons: list, show, watch, cancel, suspend, resume."""


add_suspension_commands(batch, click.argument("batch_id"), "batches")


@api_command(
    batch,
    definition_option("Only batches of this definition, by ID or name."),
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


@api_command(batch, click.argument("batch_id"))
def watch(admin: "CouponsAdmin", batch_id: str) -> Any:
    """Show the progress until the batch ends. Ctrl-C does not stop the batch.

    Exit status 1 if the batch failed.

    Example: `couponctl batch watch --tenant acme 0198c0de-…`
    """
    return follow_batch(admin, admin.call("GET", "batches", batch_id))


@api_command(batch, click.argument("batch_id"))
def cancel(admin: "CouponsAdmin", batch_id: str) -> Any:
    """Cancel a batch; coupons already generated are kept.

    Example: `couponctl batch cancel --tenant acme 0198c0de-…`
    """
    return admin.call("POST", "batches", batch_id, "cancel")
