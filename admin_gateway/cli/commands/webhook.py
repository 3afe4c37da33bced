"""`couponctl webhook`: webhook subscriptions and their delivery logs."""

from typing import Any
from uuid import UUID

import rich_click as click

from admin_gateway.cli.integer_option import IntegerRange
from admin_gateway.cli.options import (
    EnumChoice,
    combine_options,
    tenant_option,
    without_unset,
)
from admin_gateway.cli.output import (
    Rows,
    exit_with_failure,
    json_command,
    list_command,
    print_secret_notice,
    tenant_command,
)
from admin_gateway.requests.webhooks import CreateWebhookSchema, UpdateWebhookSchema
from admin_gateway.responses.webhooks import (
    serialize_test_result,
    serialize_webhook,
    serialize_webhook_attempt,
)
from coupon_core.domain.models import Page, utc_now
from coupon_core.domain.models.webhooks import SignatureScheme
from coupon_core.services.webhooks import resends, subscriptions
from coupon_core.services.webhooks.payloads import EVENT_TYPES

webhook_argument = click.argument("webhook_id", type=IntegerRange(0, 2**53))
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


@webhook.command()
@tenant_option
@click.option(
    "--event",
    "event_type",
    required=True,
    type=click.Choice(EVENT_TYPES),
    help="Event type.",
)
@click.option("--url", required=True, help="Target URL, http or https.")
@click.option(
    "--signature",
    type=EnumChoice(SignatureScheme),
    help="Format and signature of requests. Default: standard.",
)
@webhook_field_options
@json_command()
def create(tenant_id: str, **options: Any) -> dict[str, Any]:
    """Subscribe a URL to an event. The secret is shown only once.

    Example: `couponctl webhook create --tenant acme --event coupon.redeemed
    --url https://hooks.example.com/coupons --json`
    """
    body = CreateWebhookSchema().load(without_unset(**options))
    created, secret = subscriptions.create(tenant_id, now=utc_now(), **body)
    print_secret_notice("secret")
    return {**serialize_webhook(created), "secret": secret}


@list_command(webhook, "webhooks", serialize=serialize_webhook, columns=COLUMNS)
def list_(tenant_id: str, page: Page) -> Rows:
    """List a tenant's webhooks, newest first.

    Example: `couponctl webhook list --tenant acme`
    """
    return subscriptions.list_webhooks(tenant_id, page)


@tenant_command(webhook, webhook_argument)
def show(tenant_id: str, webhook_id: int) -> dict[str, Any]:
    """Show a webhook and, if it was disabled, the reason.

    Example: `couponctl webhook show --tenant acme 7293846529384652`
    """
    return serialize_webhook(subscriptions.get(tenant_id, webhook_id))


@webhook.command()
@tenant_option
@webhook_argument
@click.option("--url", help="Target URL, http or https.")
@click.option("--on/--off", "is_active", default=None, help="Enable or disable it.")
@webhook_field_options
@json_command()
def update(tenant_id: str, webhook_id: int, **options: Any) -> dict[str, Any]:
    """Change a webhook. A new URL or --on resets its failure count.

    Example: `couponctl webhook update --tenant acme 7293846529384652 --on`
    """
    changes = UpdateWebhookSchema().load(without_unset(**options))
    return serialize_webhook(
        subscriptions.update(tenant_id, webhook_id, changes=changes, now=utc_now())
    )


@tenant_command(webhook, webhook_argument)
def delete(tenant_id: str, webhook_id: int) -> dict[str, Any]:
    """Delete a webhook, its log, and its pending deliveries.

    Example: `couponctl webhook delete --tenant acme 7293846529384652`
    """
    subscriptions.delete(tenant_id, webhook_id)
    return {"deleted": webhook_id}


@list_command(
    webhook,
    "logs",
    webhook_argument,
    serialize=serialize_webhook_attempt,
    columns=LOG_COLUMNS,
    name="logs",
)
def logs(tenant_id: str, webhook_id: int, page: Page) -> Rows:
    """List delivery attempts of the last seven days, newest event first.

    Example: `couponctl webhook logs --tenant acme 7293846529384652 --limit 20`
    """
    return subscriptions.list_attempts(tenant_id, webhook_id, page=page)


@tenant_command(webhook, webhook_argument)
def test(tenant_id: str, webhook_id: int) -> dict[str, Any]:
    """Send a test event and show the response. Exit status 1 if it was not accepted.

    Example: `couponctl webhook test --tenant acme 7293846529384652`
    """
    attempt = subscriptions.send_test_event(tenant_id, webhook_id, now=utc_now())
    if not attempt.is_success:
        exit_with_failure()
    return serialize_test_result(attempt)


@tenant_command(
    webhook, webhook_argument, click.argument("delivery_id", type=click.UUID)
)
def resend(tenant_id: str, webhook_id: int, delivery_id: UUID) -> dict[str, Any]:
    """Send an event again, once; DELIVERY_ID is the `event_id` of `webhook logs`.

    The workers send it, with the same event ID and the current secret; the shown
    attempt is pending, and `webhook logs` shows its result.

    Example: `couponctl webhook resend --tenant acme 7293846529384652
    01936f2e-6d3e-7e50-9c77-4a7c8c3fbd32`
    """
    return serialize_webhook_attempt(
        resends.resend(tenant_id, webhook_id, str(delivery_id), now=utc_now())
    )


@tenant_command(webhook, webhook_argument)
def rotate(tenant_id: str, webhook_id: int) -> dict[str, Any]:
    """Create a new secret. For one day, Standard Webhooks are signed with both.

    Example: `couponctl webhook rotate --tenant acme 7293846529384652 --json`
    """
    changed, secret = subscriptions.rotate_secret(tenant_id, webhook_id, now=utc_now())
    print_secret_notice("secret")
    return {**serialize_webhook(changed), "secret": secret}
