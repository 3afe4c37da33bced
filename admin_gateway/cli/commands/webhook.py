"""`couponctl webhook`: webhook subscriptions and their delivery logs."""

from typing import Any

import rich_click as click

from admin_gateway.cli.options import (
    pagination_options,
    tenant_option,
    to_page,
    without_unset,
)
from admin_gateway.cli.output import (
    exit_with_failure,
    json_command,
    print_secret_notice,
)
from admin_gateway.requests.webhooks import CreateWebhookSchema, UpdateWebhookSchema
from admin_gateway.responses.webhooks import (
    serialize_test_result,
    serialize_webhook,
    serialize_webhook_attempt,
)
from coupon_core.domain.models import utc_now
from coupon_core.domain.models.webhooks import SignatureScheme
from coupon_core.services.access import tenants
from coupon_core.services.webhooks import subscriptions
from coupon_core.services.webhooks.payloads import EVENT_TYPES

webhook_argument = click.argument("webhook_id", type=click.IntRange(0, 2**53))
COLUMNS = ("id", "event_type", "url", "signature", "is_active", "inactive_reason")
LOG_COLUMNS = (
    "created_at",
    "status",
    "attempt",
    "response_status",
    "error",
    "event_id",
)


def webhook_field_options(command: Any) -> Any:
    """Add the options shared by create and update to a command."""
    for option in (
        click.option(
            "--timeout-ms",
            type=int,
            help="Request timeout in milliseconds, 1000 to 30000.",
        ),
        click.option(
            "--retries",
            "retry_count",
            type=int,
            help="Maximum retries of a failed request, 0 to 10.",
        ),
    ):
        command = option(command)
    return command


@click.group()
def webhook() -> None:
    """Webhooks: create, list, show, update, delete, logs, test, rotate."""


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
    type=click.Choice([scheme.value for scheme in SignatureScheme]),
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


@webhook.command("list")
@tenant_option
@pagination_options
@json_command(*COLUMNS)
def list_(tenant_id: str, limit: int, offset: int) -> dict[str, Any]:
    """List a tenant's webhooks, newest first.

    Example: `couponctl webhook list --tenant acme`
    """
    tenants.require(tenant_id)
    rows, total = subscriptions.list_webhooks(tenant_id, to_page(limit, offset))
    return {"webhooks": [serialize_webhook(row) for row in rows], "total": total}


@webhook.command()
@tenant_option
@webhook_argument
@json_command()
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


@webhook.command()
@tenant_option
@webhook_argument
@json_command()
def delete(tenant_id: str, webhook_id: int) -> dict[str, Any]:
    """Delete a webhook, its log, and its pending deliveries.

    Example: `couponctl webhook delete --tenant acme 7293846529384652`
    """
    subscriptions.delete(tenant_id, webhook_id)
    return {"deleted": webhook_id}


@webhook.command()
@tenant_option
@webhook_argument
@pagination_options
@json_command(*LOG_COLUMNS)
def logs(tenant_id: str, webhook_id: int, limit: int, offset: int) -> dict[str, Any]:
    """List delivery attempts of the last seven days, newest event first.

    Example: `couponctl webhook logs --tenant acme 7293846529384652 --limit 20`
    """
    rows, total = subscriptions.list_attempts(
        tenant_id, webhook_id, page=to_page(limit, offset)
    )
    return {"logs": [serialize_webhook_attempt(row) for row in rows], "total": total}


@webhook.command()
@tenant_option
@webhook_argument
@json_command()
def test(tenant_id: str, webhook_id: int) -> dict[str, Any]:
    """Send a test event and show the response. Exit status 1 if it was not accepted.

    Example: `couponctl webhook test --tenant acme 7293846529384652`
    """
    attempt = subscriptions.send_test_event(tenant_id, webhook_id, now=utc_now())
    if not attempt.is_success:
        exit_with_failure()
    return serialize_test_result(attempt)


@webhook.command()
@tenant_option
@webhook_argument
@json_command()
def rotate(tenant_id: str, webhook_id: int) -> dict[str, Any]:
    """Create a new secret. Standard Webhooks are signed with both for one day.

    Example: `couponctl webhook rotate --tenant acme 7293846529384652 --json`
    """
    changed, secret = subscriptions.rotate_secret(tenant_id, webhook_id, now=utc_now())
    print_secret_notice("secret")
    return {**serialize_webhook(changed), "secret": secret}
