"""`couponctl batch`: follow and cancel the bulk generation of coupons."""

from typing import Any

import rich_click as click

from admin_gateway.cli.api_commands import api_command
from admin_gateway.cli.background_work import follow_batch
from admin_gateway.cli.names import Admin, definition_filter_option
from admin_gateway.cli.options import enum_filter_option
from admin_gateway.cli.request_groups import RequestGroup
from coupon_core.domain.models.batches import BatchState

COLUMNS = (
    *("batch_id", "kind", "state", "requested", "generated", "rate_per_second"),
    *("eta_seconds", "created_at", "suspended_at"),
)

batch = RequestGroup(
    "batch",
    "batches",
    "Batches of coupons: list, show, watch, cancel, suspend, resume.",
)
batch.add_suspension("batch_id")
batch.add_request(
    "list --state running",
    "GET",
    "List batches, newest first.",
    definition_filter_option,
    enum_filter_option("state", BatchState),
    columns=COLUMNS,
)
batch.add_request(
    "show 0198c0de-…",
    "GET {batch_id}",
    "Show the progress of a batch, its rate, and the estimated time left.",
)
batch.add_request(
    "cancel 0198c0de-…",
    "POST {batch_id}/cancel",
    "Cancel a batch; coupons already generated are kept.",
)


@api_command(batch, click.argument("batch_id"))
def watch(admin: Admin, batch_id: str) -> Any:
    """Show the progress until the batch ends. Ctrl-C does not stop the batch.

    Exit status 1 if the batch failed.

    Example: `couponctl batch watch --tenant acme 0198c0de-…`
    """
    return follow_batch(admin, admin.call("GET", "batches", batch_id))
