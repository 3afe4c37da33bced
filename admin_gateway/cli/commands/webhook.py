"""`couponctl webhook`: webhook subscriptions and their delivery logs."""

from typing import TYPE_CHECKING, Any

import rich_click as click

from admin_gateway.cli.api_commands import WEBHOOK, api_command, page_options
from admin_gateway.cli.options import EnumChoice, combine_options, without_unset
from admin_gateway.cli.output import exit_with_failure, print_secret_notice
from coupon_core.domain.models.webhooks import SignatureScheme

if TYPE_CHECKING:
    from coupons_sdk import CouponsAdmin

webhook_argument = click.argument("webhook_id", type=WEBHOOK)
COLUMNS = ("id", "event_type", "url", "signature", "is_active", "inactive_reason")
LOG_COLUMNS = (
    "created_at",
    "status",
    "attempt",
    "response_status",
    "error",
    "event_id",
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


@click.group()
def webhook() -> None:
    """Webhooks: create, list, show, update, delete, logs, test, resend, rotate."""


@api_command(
    webhook,
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
)
def create(admin: "CouponsAdmin", **options: Any) -> Any:
    """Subscribe a URL to an event. The secret is shown only once.

    Example: `couponctl webhook create --tenant acme --event coupon.redeemed
    --url https://hooks.example.com/coupons --json`
    """
    created = admin.call("POST", "webhooks", body=without_unset(**options))
    print_secret_notice("secret")
    return created


@api_command(webhook, page_options, name="list", columns=COLUMNS)
def list_(admin: "CouponsAdmin", **query: Any) -> Any:
    """List a tenant's webhooks, newest first.

    Example: `couponctl webhook list --tenant acme`
    """
    return admin.call("GET", "webhooks", query=query)


@api_command(webhook, webhook_argument)
def show(admin: "CouponsAdmin", webhook_id: str) -> Any:
    """Show a webhook and, if it was disabled, the reason.

    Example: `couponctl webhook show --tenant acme 7293846529384652`
    """
    return admin.call("GET", "webhooks", webhook_id)


@api_command(
    webhook,
    webhook_argument,
    click.option("--url", help="Target URL, http or https."),
    click.option("--on/--off", "is_active", default=None, help="Enable or disable it."),
    webhook_field_options,
)
def update(admin: "CouponsAdmin", webhook_id: str, **options: Any) -> Any:
    """Change a webhook. A new URL or --on resets its failure count.

    Example: `couponctl webhook update --tenant acme 7293846529384652 --on`
    """
    body = without_unset(**options)
    return admin.call("PATCH", "webhooks", webhook_id, body=body)


@api_command(webhook, webhook_argument)
def delete(admin: "CouponsAdmin", webhook_id: str) -> Any:
    """Delete a webhook, its log, and its pending deliveries.

    Example: `couponctl webhook delete --tenant acme 7293846529384652`
    """
    admin.call("DELETE", "webhooks", webhook_id)
    return {"deleted": int(webhook_id)}


@api_command(webhook, webhook_argument, page_options, columns=LOG_COLUMNS)
def logs(admin: "CouponsAdmin", webhook_id: str, **query: Any) -> Any:
    """List delivery attempts of the last seven days, newest event first.

    Example: `couponctl webhook logs --tenant acme 7293846529384652 --limit 20`
    """
    return admin.call("GET", "webhooks", webhook_id, "logs", query=query)


@api_command(webhook, webhook_argument)
def test(admin: "CouponsAdmin", webhook_id: str) -> Any:
    """Send a test event and show the response. Exit status 1 if it was not accepted.

    Example: `couponctl webhook test --tenant acme 7293846529384652`
    """
    result = admin.call("POST", "webhooks", webhook_id, "test")
    if not result["success"]:
        exit_with_failure()
    return result


@api_command(webhook, webhook_argument, click.argument("delivery_id", type=click.UUID))
def resend(admin: "CouponsAdmin", webhook_id: str, delivery_id: Any) -> Any:
    """Send an event again, once; DELIVERY_ID is the `event_id` of `webhook logs`.

    The workers send it, with the same event ID and the current secret; the shown
    attempt is pending, and `webhook logs` shows its result.

    Example: `couponctl webhook resend --tenant acme 7293846529384652
    01936f2e-6d3e-7e50-9c77-4a7c8c3fbd32`
    """
    path = "webhooks", webhook_id, "deliveries", str(delivery_id), "resend"
    return admin.call("POST", *path)


@api_command(webhook, webhook_argument)
def rotate(admin: "CouponsAdmin", webhook_id: str) -> Any:
    """Create a new secret. For one day, Standard Webhooks are signed with both.

    Example: `couponctl webhook rotate --tenant acme 7293846529384652 --json`
    """
    changed = admin.call("POST", "webhooks", webhook_id, "rotate")
    print_secret_notice("secret")
    return changed
