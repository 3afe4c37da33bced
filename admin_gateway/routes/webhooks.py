"""Routes for webhooks: manage them, rotate secrets, test, read the log."""

from dataclasses import asdict
from typing import Any

from flask import Response, g

from admin_gateway.requests.pagination import ListQuerySchema
from admin_gateway.requests.webhooks import CreateWebhookSchema, UpdateWebhookSchema
from admin_gateway.responses.serializers import build_location_header, to_page
from admin_gateway.responses.webhooks import (
    CREATE_WEBHOOK_REQUEST,
    NewWebhookSchema,
    WebhookListSchema,
    WebhookLogListSchema,
    WebhookLogSchema,
    WebhookSchema,
    WebhookTestResultSchema,
)
from coupon_core.domain.models import utc_now
from coupon_core.domain.models.webhooks import (
    DeliveryAttempt,
    Webhook,
    WebhookResponse,
)
from coupon_core.domain.rules.scopes import get_webhook_scopes
from coupon_core.schemas.base import Document
from coupon_core.security.authentication import require_additional_scopes
from coupon_core.services.webhooks import resends, subscriptions
from coupon_core.web.blueprint import JsonBlueprint
from coupon_core.web.idempotency import safe_post
from coupon_core.web.openapi.headers import LOCATION
from coupon_core.web.responses import no_content_response
from coupon_core.web.slow_requests import slow_request

routes = JsonBlueprint(
    "webhooks", __name__, description="Your URLs that receive events"
)


def _require_code_access(event_type: str) -> None:
    """Require what a key needs to read the codes that the event carries."""
    require_additional_scopes(
        g.principal,
        get_webhook_scopes(event_type),
        purpose=f"to have codes sent by {event_type}",
    )


@routes.route("", methods=["POST"])
@routes.response(201, NewWebhookSchema, headers=LOCATION)
@routes.arguments(CreateWebhookSchema, example=CREATE_WEBHOOK_REQUEST)
@slow_request
def create(body: dict[str, Any]) -> tuple[Document, dict[str, str]]:
    """Subscribe a URL to an event. The secret is shown only in this response.

    Besides `events`, your key needs the scope `read` if the event carries codes; all
    except `batch.completed` and those of definitions do.
    """
    _require_code_access(body["event_type"])
    webhook, secret = subscriptions.create(g.principal.tenant_id, now=utc_now(), **body)
    members = asdict(webhook) | {"secret": secret}
    return members, build_location_header(webhook.webhook_id)


@routes.route("")
@routes.response(200, WebhookListSchema)
@routes.arguments(ListQuerySchema, location="query")
def list_all(query: dict[str, Any]) -> Document:
    """List webhooks without their secrets, newest first."""
    return to_page(
        "webhooks", subscriptions.list_webhooks(g.principal.tenant_id, **query)
    )


@routes.route("/<webhook_id>")
@routes.response(200, WebhookSchema)
def get(webhook_id: int) -> Webhook:
    """Return a webhook, and the reason if it was deactivated."""
    return subscriptions.get(g.principal.tenant_id, webhook_id)


@routes.route("/<webhook_id>", methods=["PATCH"])
@routes.response(200, WebhookSchema)
@routes.arguments(UpdateWebhookSchema, example={"is_active": True})
@slow_request
def change(changes: dict[str, Any], webhook_id: int) -> Webhook:
    """Change a webhook. A new URL or activation resets its failure history.

    Either of them also needs the scope `read` if the event carries codes.
    """
    if "url" in changes or changes.get("is_active"):
        webhook = subscriptions.get(g.principal.tenant_id, webhook_id)
        _require_code_access(webhook.event_type)
    return subscriptions.update(
        g.principal.tenant_id, webhook_id, changes=changes, now=utc_now()
    )


@routes.route("/<webhook_id>", methods=["DELETE"])
@routes.response(204)
def delete(webhook_id: int) -> Response:
    """Delete a webhook, its log and its pending deliveries."""
    subscriptions.delete(g.principal.tenant_id, webhook_id)
    return no_content_response()


@routes.route("/<webhook_id>/rotate", methods=["POST"])
@routes.response(200, NewWebhookSchema)
def rotate(webhook_id: int) -> Document:
    """Rotate the secret. Standard Webhooks are signed with both secrets for a day."""
    webhook, secret = subscriptions.rotate_secret(
        g.principal.tenant_id, webhook_id, now=utc_now()
    )
    return asdict(webhook) | {"secret": secret}


@routes.route("/<webhook_id>/logs")
@routes.response(200, WebhookLogListSchema)
@routes.arguments(ListQuerySchema, location="query")
def logs(query: dict[str, Any], webhook_id: int) -> Document:
    """List all delivery attempts, newest event first. They are kept for seven days."""
    return to_page(
        "logs", subscriptions.list_attempts(g.principal.tenant_id, webhook_id, **query)
    )


@routes.route("/<webhook_id>/deliveries/<delivery_id>/resend", methods=["POST"])
@routes.response(202, WebhookLogSchema)
def resend(webhook_id: int, delivery_id: str) -> DeliveryAttempt:
    """Send an event again, once, whether it was delivered or given up.

    The ID of a delivery is the `event_id` of its log. The request is sent in the
    background, with the same event ID and the current secret; the response is the
    pending attempt, whose result appears in the log under the same `id`.
    """
    return resends.resend(g.principal.tenant_id, webhook_id, delivery_id, now=utc_now())


@routes.route("/<webhook_id>/test", methods=["POST"])
@routes.response(200, WebhookTestResultSchema)
@safe_post
@slow_request
def test(webhook_id: int) -> WebhookResponse:
    """Send a test event now, and return the receiver's response."""
    return subscriptions.send_test_event(
        g.principal.tenant_id, webhook_id, now=utc_now()
    )
