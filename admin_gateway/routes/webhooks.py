"""Webhooks over HTTP: create, change, rotate, try, read the log."""

from typing import Any

from flask import Response, g

from admin_gateway import requests
from admin_gateway.responses import webhooks as documents
from admin_gateway.responses.serializers import created, listed
from coupon_core.domain.models import utc_now
from coupon_core.services.webhooks import subscriptions
from coupon_core.web.blueprint import JsonBlueprint
from coupon_core.web.idempotency import reads_only
from coupon_core.web.responses import json_response, no_content

routes = JsonBlueprint(
    "webhooks", __name__, description="Servers of yours that are told of events"
)


@routes.route("", methods=["POST"])
@routes.response(201, documents.NewWebhook, example=documents.NEW_WEBHOOK)
@routes.arguments(requests.WebhookBody, example=documents.WEBHOOK_BODY)
def create(body: dict[str, Any]) -> Response:
    """Subscribe a URL to an event. The secret that signs is shown only here."""
    webhook, secret = subscriptions.create(g.principal.tenant_id, now=utc_now(), **body)
    shown = {**documents.webhook(webhook), "secret": secret}
    return created(shown, str(webhook.webhook_id))


@routes.route("")
@routes.response(200, documents.Webhooks, example=documents.WEBHOOKS)
@routes.arguments(requests.ListQuery, location="query")
def list_all(query: dict[str, Any]) -> Response:
    """List webhooks, newest first, without their secrets."""
    found = subscriptions.listed(g.principal.tenant_id, **query)
    return listed("webhooks", found, documents.webhook)


@routes.route("/<webhook_id>")
@routes.response(200, documents.Webhook, example=documents.WEBHOOK)
def get(webhook_id: int) -> Response:
    """Show a webhook, and why it was switched off if it was."""
    found = subscriptions.get(g.principal.tenant_id, webhook_id)
    return json_response(documents.webhook(found))


@routes.route("/<webhook_id>", methods=["PATCH"])
@routes.response(200, documents.Webhook, example=documents.WEBHOOK)
@routes.arguments(requests.WebhookChanges, example={"is_active": True})
def change(changes: dict[str, Any], webhook_id: int) -> Response:
    """Change a webhook. A new URL, or being switched on, is a fresh start."""
    ids = g.principal.tenant_id, webhook_id
    return json_response(
        documents.webhook(subscriptions.update(*ids, changes, utc_now()))
    )


@routes.route("/<webhook_id>", methods=["DELETE"])
@routes.response(204)
def delete(webhook_id: int) -> Response:
    """Delete a webhook, its log, and what was still to be sent to it."""
    subscriptions.delete(g.principal.tenant_id, webhook_id)
    return no_content()


@routes.route("/<webhook_id>/rotate", methods=["POST"])
@routes.response(200, documents.NewWebhook, example=documents.NEW_WEBHOOK)
def rotate(webhook_id: int) -> Response:
    """Change the secret. Standard Webhooks are signed with both for a day."""
    webhook, secret = subscriptions.rotate(g.principal.tenant_id, webhook_id, utc_now())
    return json_response({**documents.webhook(webhook), "secret": secret})


@routes.route("/<webhook_id>/logs")
@routes.response(200, documents.WebhookLogs, example=documents.WEBHOOK_LOGS)
@routes.arguments(requests.ListQuery, location="query")
def logs(query: dict[str, Any], webhook_id: int) -> Response:
    """List every try to deliver, newest event first; kept for seven days."""
    found = subscriptions.log(g.principal.tenant_id, webhook_id, **query)
    return listed("logs", found, documents.attempt)


@routes.route("/<webhook_id>/test", methods=["POST"])
@routes.response(200, documents.WebhookTest, example=documents.WEBHOOK_TEST)
@reads_only
def test(webhook_id: int) -> Response:
    """Send a sample now, and show what the receiver answered."""
    answer = subscriptions.test(g.principal.tenant_id, webhook_id, utc_now())
    return json_response(documents.test_result(answer))
