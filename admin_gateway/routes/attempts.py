"""Routes for failed attempts, and for what they signal."""

from typing import Any

from flask import g

from admin_gateway.requests.attempts import AttemptQuerySchema, SignalQuerySchema
from admin_gateway.responses.attempts import (
    AttemptPageSchema,
    SignalPageSchema,
    to_attempt_page,
    to_signal_page,
)
from coupon_core.schemas.base import Document
from coupon_core.services.insight import attempts, signals
from coupon_core.web.blueprint import JsonBlueprint

routes = JsonBlueprint("attempts", __name__, description="Calls that were refused")
signal_routes = JsonBlueprint(
    "signals", __name__, description="What happened suspiciously often"
)


@routes.route("")
@routes.response(200, AttemptPageSchema)
@routes.arguments(AttemptQuerySchema, location="query")
def list_all(query: dict[str, Any]) -> Document:
    """List failed attempts through any of the APIs, newest first.

    An attempt appears within ten seconds. The newest ones are kept.
    """
    return to_attempt_page(attempts.list_attempts(g.principal.tenant_id, **query))


@signal_routes.route("")
@signal_routes.response(200, SignalPageSchema)
@signal_routes.arguments(SignalQuerySchema, location="query")
def list_signals(query: dict[str, Any]) -> Document:
    """List signals, those of the newest hour first; each occurs once in an hour."""
    return to_signal_page(signals.list_signals(g.principal.tenant_id, **query))
