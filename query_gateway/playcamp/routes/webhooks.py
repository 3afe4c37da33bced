"""Views of PlayCamp webhooks: manage, test, read log (docs/api-contracts.md 3.4)."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from flask import Response, g

from coupon_core.domain.models import AdminReason, Refused, utc_now
from coupon_core.schemas.base import Document
from coupon_core.schemas.errors import ErrorDetail, validation_error
from coupon_core.services.webhooks import subscriptions
from coupon_core.web.idempotency import safe_post
from coupon_core.web.responses import no_content_response
from coupon_core.web.slow_requests import slow_request
from query_gateway.playcamp.authentication import create_blueprint
from query_gateway.playcamp.dry_run import (
    TEST_RESPONSE,
    is_dry_run,
    read_test_mode_body,
    without_test_mode,
)
from query_gateway.playcamp.responses import to_page
from query_gateway.playcamp.schemas import requests
from query_gateway.playcamp.schemas.webhooks import (
    EXAMPLE_WEBHOOK_BODY,
    NewWebhookResponseSchema,
    WebhookLogPageSchema,
    WebhookPageSchema,
    WebhookResponseSchema,
    WebhookTestResponseSchema,
)

server_blueprint = create_blueprint(
    "playcamp_webhooks", "Webhooks for redemption events"
)

UNMATCHABLE_WEBHOOK_ID = 0
_match_webhook_id = re.compile("[1-9][0-9]{0,15}").fullmatch


def _parse_webhook_id(text: str) -> int:
    """Return the webhook ID in a path, or an ID that no webhook has."""
    return int(text) if _match_webhook_id(text) else UNMATCHABLE_WEBHOOK_ID


@contextmanager
def _report_url_errors() -> Iterator[None]:
    """Report a refused URL like any other invalid field of this API."""
    try:
        yield
    except Refused as refused:
        if refused.reason != AdminReason.BAD_WEBHOOK_URL:
            raise
        reason = refused.detail.removeprefix("url: ")
        raise validation_error([ErrorDetail(reason, "url", target="body")]) from None


@server_blueprint.route("", methods=["GET"])
@server_blueprint.response(200, WebhookPageSchema)
@server_blueprint.arguments(requests.WholeListQuerySchema, location="query")
def list_webhooks(query: dict[str, Any]) -> Document:
    """List webhooks without secrets, newest first; without `page`, all of them."""
    page = query["page"]
    found = subscriptions.list_webhooks(g.principal.tenant_id, page)
    return to_page(found, page)


@server_blueprint.route("", methods=["POST"])
@server_blueprint.response(201, NewWebhookResponseSchema)
@server_blueprint.arguments(requests.TestModeQuerySchema, location="query")
@server_blueprint.arguments(requests.WebhookBodySchema, example=EXAMPLE_WEBHOOK_BODY)
@slow_request
def create_webhook(query: dict[str, str], body: dict[str, Any]) -> Document:
    """Subscribe a URL to an event. The signing secret is shown only here."""
    with _report_url_errors():
        webhook, secret = subscriptions.create(
            g.principal.tenant_id,
            now=utc_now(),
            dry_run=is_dry_run(query, body),
            **without_test_mode(body),
        )
    return {"data": asdict(webhook) | {"secret": secret}}


@server_blueprint.route("/<webhook_id>", methods=["PUT"])
@server_blueprint.response(200, WebhookResponseSchema)
@server_blueprint.arguments(requests.TestModeQuerySchema, location="query")
@server_blueprint.arguments(requests.WebhookChangesSchema, example={"isActive": True})
@slow_request
def update_webhook(
    query: dict[str, str], body: dict[str, Any], webhook_id: str
) -> Document:
    """Change a webhook. A new URL, or activation, resets the failures."""
    with _report_url_errors():
        webhook = subscriptions.update(
            g.principal.tenant_id,
            _parse_webhook_id(webhook_id),
            changes=without_test_mode(body),
            now=utc_now(),
            dry_run=is_dry_run(query, body),
        )
    return {"data": webhook}


@server_blueprint.route("/<webhook_id>", methods=["DELETE"])
@server_blueprint.response(204)
@server_blueprint.arguments(requests.TestModeQuerySchema, location="query")
def delete_webhook(query: dict[str, str], webhook_id: str) -> Response:
    """Delete a webhook, its log and its pending deliveries."""
    subscriptions.delete(
        g.principal.tenant_id,
        _parse_webhook_id(webhook_id),
        dry_run=is_dry_run(query, read_test_mode_body()),
    )
    return no_content_response()


@server_blueprint.route("/<webhook_id>/logs")
@server_blueprint.response(200, WebhookLogPageSchema)
@server_blueprint.arguments(requests.WholeListQuerySchema, location="query")
def list_logs(query: dict[str, Any], webhook_id: str) -> Document:
    """List delivery attempts of the last seven days, newest event first.

    Without `page`, the newest 100. The last attempt of a delivery is FAILED while its
    webhook is inactive, and RETRYING again once the webhook is activated.
    """
    page = query["page"]
    found = subscriptions.list_attempts(
        g.principal.tenant_id, _parse_webhook_id(webhook_id), page=page
    )
    return to_page(found, page)


@server_blueprint.route("/<webhook_id>/test", methods=["POST"])
@server_blueprint.response(200, WebhookTestResponseSchema)
@server_blueprint.arguments(requests.TestModeQuerySchema, location="query")
@server_blueprint.arguments(
    requests.TestModeBodySchema, required=False, example={"isTest": True}
)
@safe_post
@slow_request
def test_webhook(
    query: dict[str, str], body: dict[str, Any], webhook_id: str
) -> Document:
    """Send a test event now and show the receiver's response.

    In test mode nothing is sent, and the answer is a success.
    """
    tenant_id, parsed_id = g.principal.tenant_id, _parse_webhook_id(webhook_id)
    if is_dry_run(query, body):
        subscriptions.get(tenant_id, parsed_id)
        return {"data": TEST_RESPONSE}
    result = subscriptions.send_test_event(tenant_id, parsed_id, now=utc_now())
    return {"data": result}
