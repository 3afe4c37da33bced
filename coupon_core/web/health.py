"""Whether the gateway lives, whether it can work, and where its documents are."""

from collections.abc import Mapping

from flask import Response
from marshmallow import fields

from coupon_core.schemas.base import Tolerant
from coupon_core.web.blueprint import JsonBlueprint
from coupon_core.web.readiness_checks import Checks, Watched, words
from coupon_core.web.responses import json_response

__all__ = ["Checks", "health_blueprint"]


class Health(Tolerant):
    """The process answers."""

    status = fields.String(required=True, metadata={"enum": ["healthy"]})


class Readiness(Tolerant):
    """What the gateway stands on, a word each."""

    status = fields.String(required=True, metadata={"enum": ["ready", "not ready"]})
    database = fields.String()
    migrations = fields.String()
    message_queue = fields.String()
    redis = fields.String()


READY = {
    "status": "ready",
    "database": "connected",
    "migrations": "up to date",
    "message_queue": "connected",
    "redis": "connected",
}
NOT_READY = {**READY, "status": "not ready", "database": "unavailable"}
UNAVAILABLE = "unavailable"


def health_blueprint(ready_checks: Checks) -> JsonBlueprint:
    """`GET /health` and `GET /ready` (CONTRACTS 2.2); each check answers in a word."""
    watched = [Watched(name, check) for name, check in ready_checks.items()]
    routes = JsonBlueprint("health", __name__, description="Is it alive, can it work")

    @routes.route("/health")
    @routes.response(200, Health, example={"status": "healthy"})
    @routes.doc(security=[])
    def health() -> Response:
        """Tell that the process answers."""
        return json_response({"status": "healthy"})

    @routes.route("/ready")
    @routes.response(200, Readiness, example=READY)
    @routes.alt_response(503, schema=Readiness, example=NOT_READY)
    @routes.doc(security=[])
    def ready() -> Response:
        """Tell whether the gateway can work, and what can be reached.

        Without the message queue it can: events wait in the database. Without
        Redis it counts guesses by itself.
        """
        return _readiness(words(watched))

    return routes


def _readiness(words: Mapping[str, str | None]) -> Response:
    shown = {name: word or UNAVAILABLE for name, word in words.items()}
    if None in words.values():
        body = {"status": "not ready", **shown}
        return json_response(body, 503, {"Retry-After": "1"})
    return json_response({"status": "ready", **shown})
