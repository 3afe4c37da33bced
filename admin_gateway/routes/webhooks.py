"""Routes for webhooks: manage them, rotate secrets, test, read the log."""

from typing import Any

from flask import Response, g

from admin_gateway import requests
from admin_gateway.responses import webhooks as webhook_responses
from admin_gateway.responses.serializers import created_response, page_response
from coupon_core.domain.models import utc_now
from coupon_core.domain.rules.scopes import get_webhook_scopes
from coupon_core.security.authentication import require_additional_scopes
from coupon_core.services.webhooks import subscriptions
from coupon_core.web.blueprint import JsonBlueprint
from coupon_core.web.idempotency import safe_post
from coupon_core.web.openapi.headers import LOCATION
from coupon_core.web.responses import json_response, no_content_response
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
@routes.response(
    201,
    webhook_responses.NewWebhookSchema,
    example=webhook_responses.NEW_WEBHOOK,
    headers=LOCATION,
)
@routes.arguments(
    requests.CreateWebhookSchema, example=webhook_responses.CREATE_WEBHOOK_REQUEST
)
@slow_request
def create(members: dict[str, Any]) -> Response:
    """Subscribe a URL to an event. The secret is shown only in this response.

    Besides `events`, your key needs the scope `read` if the event carries codes; all
    except `batch.completed` do.
    """
    _require_code_access(members["event_type"])
    webhook, secret = subscriptions.create(
        g.principal.tenant_id, now=utc_now(), **members
    )
    body = {**webhook_responses.serialize_webhook(webhook), "secret": secret}
    return created_response(body, str(webhook.webhook_id))


@routes.route("")
@routes.response(
    200, webhook_responses.WebhookListSchema, example=webhook_responses.WEBHOOKS
)
@routes.arguments(requests.ListQuerySchema, location="query")
def list_all(query: dict[str, Any]) -> Response:
    """List webhooks without their secrets, newest first."""
    rows_and_total = subscriptions.list_webhooks(g.principal.tenant_id, **query)
    return page_response(
        "webhooks", rows_and_total, webhook_responses.serialize_webhook
    )


@routes.route("/<webhook_id>")
@routes.response(
    200, webhook_responses.WebhookSchema, example=webhook_responses.WEBHOOK
)
def get(webhook_id: int) -> Response:
    """Return a webhook, and the reason if it was deactivated."""
    webhook = subscriptions.get(g.principal.tenant_id, webhook_id)
    return json_response(webhook_responses.serialize_webhook(webhook))


@routes.route("/<webhook_id>", methods=["PATCH"])
@routes.response(
    200, webhook_responses.WebhookSchema, example=webhook_responses.WEBHOOK
)
@routes.arguments(requests.UpdateWebhookSchema, example={"is_active": True})
@slow_request
def change(changes: dict[str, Any], webhook_id: int) -> Response:
    """Change a webhook. A new URL or activation resets its failure history.

    Either of them also needs the scope `read` if the event carries codes.
    """
    if "url" in changes or changes.get("is_active"):
        webhook = subscriptions.get(g.principal.tenant_id, webhook_id)
        _require_code_access(webhook.event_type)
    webhook = subscriptions.update(
        g.principal.tenant_id, webhook_id, changes=changes, now=utc_now()
    )
    return json_response(webhook_responses.serialize_webhook(webhook))


@routes.route("/<webhook_id>", methods=["DELETE"])
@routes.response(204)
def delete(webhook_id: int) -> Response:
    """Delete a webhook, its log and its pending deliveries."""
    subscriptions.delete(g.principal.tenant_id, webhook_id)
    return no_content_response()


@routes.route("/<webhook_id>/rotate", methods=["POST"])
@routes.response(
    200, webhook_responses.NewWebhookSchema, example=webhook_responses.NEW_WEBHOOK
)
def rotate(webhook_id: int) -> Response:
    """Rotate the secret. Standard Webhooks are signed with both secrets for a day."""
    webhook, secret = subscriptions.rotate_secret(
        g.principal.tenant_id, webhook_id, now=utc_now()
    )
    return json_response(
        {**webhook_responses.serialize_webhook(webhook), "secret": secret}
    )


@routes.route("/<webhook_id>/logs")
@routes.response(
    200, webhook_responses.WebhookLogListSchema, example=webhook_responses.WEBHOOK_LOGS
)
@routes.arguments(requests.ListQuerySchema, location="query")
def logs(query: dict[str, Any], webhook_id: int) -> Response:
    """List all delivery attempts, newest event first. They are kept for seven days."""
    rows_and_total = subscriptions.list_attempts(
        g.principal.tenant_id, webhook_id, **query
    )
    return page_response(
        "logs", rows_and_total, webhook_responses.serialize_webhook_attempt
    )


@routes.route("/<webhook_id>/test", methods=["POST"])
@routes.response(
    200,
    webhook_responses.WebhookTestResultSchema,
    example=webhook_responses.WEBHOOK_TEST_RESULT,
)
@safe_post
@slow_request
def test(webhook_id: int) -> Response:
    """Send a test event now, and return the receiver's response."""
    response = subscriptions.send_test_event(
        g.principal.tenant_id, webhook_id, now=utc_now()
    )
    return json_response(webhook_responses.serialize_test_result(response))
