"""PlayCamp's webhooks: manage them, try one, read the log (CONTRACTS 3.4)."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Response, g

from coupon_core.domain.models import AdminReason, Refused, utc_now
from coupon_core.schemas.errors import Detail, invalid
from coupon_core.services.webhooks import subscriptions
from coupon_core.web.idempotency import reads_only
from coupon_core.web.responses import no_content
from query_gateway.playcamp.authentication import new_blueprint
from query_gateway.playcamp.responses import listed, one
from query_gateway.playcamp.schemas import requests
from query_gateway.playcamp.schemas import webhooks as documents

server = new_blueprint("playcamp_webhooks", "Game servers that are told of uses")

NO_WEBHOOK = 0
_is_number = re.compile("[1-9][0-9]{0,15}").fullmatch


def _number(text: str) -> int:
    """The id in a path; what is none becomes one that no webhook has."""
    return int(text) if _is_number(text) else NO_WEBHOOK


@contextmanager
def _told_by_field() -> Iterator[None]:
    """A URL that is refused is told as this dialect tells of any wrong field."""
    try:
        yield
    except Refused as refused:
        if refused.reason != AdminReason.BAD_WEBHOOK_URL:
            raise
        why = refused.detail.removeprefix("url: ")
        raise invalid([Detail(why, "url", "body")]) from None


@server.route("", methods=["GET"])
@server.response(200, documents.Webhooks, example=documents.WEBHOOKS)
@server.arguments(requests.PageQuery, location="query")
def list_webhooks(query: dict[str, Any]) -> Response:
    """List webhooks, newest first, without their secrets."""
    page = query["page"]
    found = subscriptions.listed(g.principal.tenant_id, page)
    return listed(found, page, documents.webhook)


@server.route("", methods=["POST"])
@server.response(201, documents.OneNewWebhook, example=documents.NEW_WEBHOOK)
@server.arguments(requests.TestQuery, location="query")
@server.arguments(requests.WebhookBody, example=documents.BODY)
def create_webhook(query: dict[str, str], body: dict[str, Any]) -> Response:
    """Subscribe a URL to an event. The secret that signs is shown only here."""
    with _told_by_field():
        webhook, secret = subscriptions.create(
            g.principal.tenant_id, now=utc_now(), **body
        )
    return one({**documents.webhook(webhook), "secret": secret}, 201)


@server.route("/<webhook_id>", methods=["PUT"])
@server.response(200, documents.OneWebhook, example={"data": documents.WEBHOOK})
@server.arguments(requests.TestQuery, location="query")
@server.arguments(requests.WebhookChanges, example={"isActive": True})
def update_webhook(
    query: dict[str, str], changes: dict[str, Any], webhook_id: str
) -> Response:
    """Change a webhook. A new URL, or being switched on, is a fresh start."""
    ids = g.principal.tenant_id, _number(webhook_id)
    with _told_by_field():
        return one(documents.webhook(subscriptions.update(*ids, changes, utc_now())))


@server.route("/<webhook_id>", methods=["DELETE"])
@server.response(204)
@server.arguments(requests.TestQuery, location="query")
def delete_webhook(query: dict[str, str], webhook_id: str) -> Response:
    """Delete a webhook, its log, and what was still to be sent to it."""
    subscriptions.delete(g.principal.tenant_id, _number(webhook_id))
    return no_content()


@server.route("/<webhook_id>/logs")
@server.response(200, documents.WebhookLogs, example=documents.LOGS)
@server.arguments(requests.PageQuery, location="query")
def list_logs(query: dict[str, Any], webhook_id: str) -> Response:
    """List every try to deliver, newest event first; kept for seven days."""
    page = query["page"]
    found = subscriptions.log(g.principal.tenant_id, _number(webhook_id), page)
    return listed(found, page, documents.attempt)


@server.route("/<webhook_id>/test", methods=["POST"])
@server.response(200, documents.OneWebhookTest, example=documents.TEST)
@server.arguments(requests.TestQuery, location="query")
@reads_only
def test_webhook(query: dict[str, str], webhook_id: str) -> Response:
    """Send a sample now, and show what the receiver answered."""
    ids = g.principal.tenant_id, _number(webhook_id)
    return one(documents.test_result(subscriptions.test(*ids, utc_now())))
