"""PlayCamp's webhooks: manage them, try one, read the log (CONTRACTS 3.4)."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Response, g

from coupon_core.domain.models import AdminReason, Refused, utc_now
from coupon_core.schemas.errors import ErrorDetail, validation_error
from coupon_core.services.webhooks import subscriptions
from coupon_core.web.idempotency import safe_post
from coupon_core.web.responses import no_content_response
from query_gateway.playcamp.authentication import create_blueprint
from query_gateway.playcamp.responses import object_response, page_response
from query_gateway.playcamp.schemas import requests
from query_gateway.playcamp.schemas import webhooks as webhook_schemas

server_blueprint = create_blueprint(
    "playcamp_webhooks", "Game servers that are told of uses"
)

UNMATCHABLE_WEBHOOK_ID = 0
_match_webhook_id = re.compile("[1-9][0-9]{0,15}").fullmatch


def _parse_webhook_id(text: str) -> int:
    """The id in a path; what is none becomes one that no webhook has."""
    return int(text) if _match_webhook_id(text) else UNMATCHABLE_WEBHOOK_ID


@contextmanager
def _report_url_errors() -> Iterator[None]:
    """A URL that is refused is told as this dialect tells of any wrong field."""
    try:
        yield
    except Refused as refused:
        if refused.reason != AdminReason.BAD_WEBHOOK_URL:
            raise
        reason = refused.detail.removeprefix("url: ")
        raise validation_error([ErrorDetail(reason, "url", "body")]) from None


@server_blueprint.route("", methods=["GET"])
@server_blueprint.response(
    200, webhook_schemas.WebhookPageSchema, example=webhook_schemas.EXAMPLE_WEBHOOK_PAGE
)
@server_blueprint.arguments(requests.PlayCampPageQuerySchema, location="query")
def list_webhooks(query: dict[str, Any]) -> Response:
    """List webhooks, newest first, without their secrets."""
    page = query["page"]
    found = subscriptions.list_webhooks(g.principal.tenant_id, page)
    return page_response(found, page, webhook_schemas.serialize_webhook)


@server_blueprint.route("", methods=["POST"])
@server_blueprint.response(
    201,
    webhook_schemas.NewWebhookResponseSchema,
    example=webhook_schemas.EXAMPLE_NEW_WEBHOOK,
)
@server_blueprint.arguments(requests.TestModeQuerySchema, location="query")
@server_blueprint.arguments(
    requests.WebhookBodySchema, example=webhook_schemas.EXAMPLE_WEBHOOK_BODY
)
def create_webhook(query: dict[str, str], body: dict[str, Any]) -> Response:
    """Subscribe a URL to an event. The secret that signs is shown only here."""
    with _report_url_errors():
        webhook, secret = subscriptions.create(
            g.principal.tenant_id, now=utc_now(), **body
        )
    return object_response(
        {**webhook_schemas.serialize_webhook(webhook), "secret": secret}, 201
    )


@server_blueprint.route("/<webhook_id>", methods=["PUT"])
@server_blueprint.response(
    200,
    webhook_schemas.WebhookResponseSchema,
    example={"data": webhook_schemas.EXAMPLE_WEBHOOK},
)
@server_blueprint.arguments(requests.TestModeQuerySchema, location="query")
@server_blueprint.arguments(requests.WebhookChangesSchema, example={"isActive": True})
def update_webhook(
    query: dict[str, str], changes: dict[str, Any], webhook_id: str
) -> Response:
    """Change a webhook. A new URL, or being switched on, is a fresh start."""
    ids = g.principal.tenant_id, _parse_webhook_id(webhook_id)
    with _report_url_errors():
        return object_response(
            webhook_schemas.serialize_webhook(
                subscriptions.update(*ids, changes, utc_now())
            )
        )


@server_blueprint.route("/<webhook_id>", methods=["DELETE"])
@server_blueprint.response(204)
@server_blueprint.arguments(requests.TestModeQuerySchema, location="query")
def delete_webhook(query: dict[str, str], webhook_id: str) -> Response:
    """Delete a webhook, its log, and what was still to be sent to it."""
    subscriptions.delete(g.principal.tenant_id, _parse_webhook_id(webhook_id))
    return no_content_response()


@server_blueprint.route("/<webhook_id>/logs")
@server_blueprint.response(
    200,
    webhook_schemas.WebhookLogPageSchema,
    example=webhook_schemas.EXAMPLE_WEBHOOK_LOG_PAGE,
)
@server_blueprint.arguments(requests.PlayCampPageQuerySchema, location="query")
def list_logs(query: dict[str, Any], webhook_id: str) -> Response:
    """List every try to deliver, newest event first; kept for seven days."""
    page = query["page"]
    found = subscriptions.list_attempts(
        g.principal.tenant_id, _parse_webhook_id(webhook_id), page
    )
    return page_response(found, page, webhook_schemas.serialize_attempt)


@server_blueprint.route("/<webhook_id>/test", methods=["POST"])
@server_blueprint.response(
    200,
    webhook_schemas.WebhookTestResponseSchema,
    example=webhook_schemas.EXAMPLE_WEBHOOK_TEST,
)
@server_blueprint.arguments(requests.TestModeQuerySchema, location="query")
@safe_post
def test_webhook(query: dict[str, str], webhook_id: str) -> Response:
    """Send a sample now, and show what the receiver answered."""
    ids = g.principal.tenant_id, _parse_webhook_id(webhook_id)
    return object_response(
        webhook_schemas.serialize_test_result(
            subscriptions.send_test_event(*ids, utc_now())
        )
    )
