"""`couponctl webhook`: webhook subscriptions and their delivery logs."""

from typing import Any

import rich_click as click

from admin_gateway.cli.api_commands import api_command
from admin_gateway.cli.names import Admin, id_argument
from admin_gateway.cli.options import active_option, combine_options
from admin_gateway.cli.output import exit_with_failure
from admin_gateway.cli.param_types import EnumChoice
from admin_gateway.cli.request_groups import RequestGroup
from coupon_core.domain.models.webhooks import SignatureScheme

COLUMNS = ("id", "event_type", "url", "signature", "is_active", "inactive_reason")
LOG_COLUMNS = (
    *("created_at", "status", "attempt", "response_status", "error", "event_id"),
)
# The options shared by create and update.
webhook_field_options = combine_options(
    click.option(
        "--retries",
        "retry_count",
        type=int,
        help="Maximum retries of a failed request, 0 to 10.",
    ),
    click.option(
        "--timeout-ms", type=int, help="Request timeout in milliseconds, 1000 to 30000."
    ),
)

webhook = RequestGroup(
    "webhook",
    "webhooks",
    "Webhooks: create, list, show, update, delete, logs, test, resend, rotate-secret.",
)
webhook.add_request(
    "create --event coupon.redeemed --url https://hooks.example.com/coupons --json",
    "POST",
    "Subscribe a URL to an event. The secret is shown only once.",
    click.option(
        "--event",
        "event_type",
        required=True,
        help="Event type, for example coupon.redeemed.",
    ),
    click.option("--url", required=True, help="Target URL, http or https."),
    click.option(
        "--signature",
        type=EnumChoice(SignatureScheme),
        help="Format and signature of requests. Default: standard.",
    ),
    webhook_field_options,
    shown_once="secret",
)
webhook.add_request(
    "list", "GET", "List a tenant's webhooks, newest first.", columns=COLUMNS
)
webhook.add_request(
    "show 7293846529384652",
    "GET {webhook_id}",
    "Show a webhook and, if it was disabled, the reason.",
)
webhook.add_request(
    "update 7293846529384652 --active",
    "PATCH {webhook_id}",
    "Change a webhook. A new URL or --active resets its failure count.",
    click.option("--url", help="Target URL, http or https."),
    active_option("Whether it receives events."),
    webhook_field_options,
)
webhook.add_request(
    "delete 7293846529384652",
    "DELETE {webhook_id}",
    "Delete a webhook, its log, and its pending deliveries.",
)
webhook.add_request(
    "logs 7293846529384652 --limit 20",
    "GET {webhook_id}/logs",
    "List delivery attempts of the last seven days, newest event first.",
    columns=LOG_COLUMNS,
)
webhook.add_request(
    "resend 7293846529384652 01936f2e-6d3e-7e50-9c77-4a7c8c3fbd32",
    "POST {webhook_id}/deliveries/{delivery_id}/resend",
    """Send an event again, once; DELIVERY_ID is the `event_id` of `webhook logs`.

    The workers send it, with the same event ID and the current secret; the shown
    attempt is pending, and `webhook logs` shows its result.
    """,
)
webhook.add_request(
    "rotate-secret 7293846529384652 --json",
    "POST {webhook_id}/rotate",
    "Create a new secret. For one day, Standard Webhooks are signed with both.",
    shown_once="secret",
)


@api_command(webhook, id_argument("webhook_id"))
def test(admin: Admin, webhook_id: str) -> Any:
    """Send a test event and show the response. Exit status 1 if it was not accepted.

    Example: `couponctl webhook test --tenant acme 7293846529384652`
    """
    result = admin.call("POST", "webhooks", webhook_id, "test")
    if not result["success"]:
        exit_with_failure()
    return result
