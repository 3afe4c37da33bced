"""Liveness and readiness routes."""

from collections.abc import Mapping

from flask import Response
from marshmallow import fields

from coupon_core.schemas.base import ResponseSchema
from coupon_core.web.blueprint import JsonBlueprint
from coupon_core.web.readiness_checks import (
    CheckFunctions,
    CheckResult,
    ReadinessCheck,
    run_checks,
)
from coupon_core.web.responses import json_response

__all__ = ["CheckFunctions", "create_health_blueprint"]


class HealthSchema(ResponseSchema):
    """The body of the liveness route."""

    status = fields.String(required=True, metadata={"enum": ["healthy"]})


class ReadinessSchema(ResponseSchema):
    """The body of the readiness route: one word per dependency."""

    status = fields.String(required=True, metadata={"enum": ["ready", "not ready"]})
    database = fields.String()
    migrations = fields.String(
        metadata={
            "description": "`up to date`; `outdated`, until `couponctl db upgrade` has "
            "run; `newer than this release`, with which a gateway is ready; or "
            "`unavailable`."
        }
    )
    message_queue = fields.String()
    redis = fields.String()


EXAMPLE_READY = {
    "status": "ready",
    "database": "connected",
    "migrations": "up to date",
    "message_queue": "connected",
    "redis": "connected",
}
EXAMPLE_NOT_READY = {**EXAMPLE_READY, "status": "not ready", "database": "unavailable"}


def create_health_blueprint(ready_checks: CheckFunctions) -> JsonBlueprint:
    """Create `GET /health` and `GET /ready`; each check returns one word.

    See `docs/api-contracts.md` 2.2.
    """
    checks = [ReadinessCheck(name, check) for name, check in ready_checks.items()]
    routes = JsonBlueprint("health", __name__, description="Liveness and readiness")

    @routes.route("/health")
    @routes.response(200, HealthSchema, example={"status": "healthy"})
    @routes.doc(security=[])
    def health() -> Response:
        """Check that the process is running."""
        return json_response({"status": "healthy"})

    @routes.route("/ready")
    @routes.response(200, ReadinessSchema, example=EXAMPLE_READY)
    @routes.alt_response(503, schema=ReadinessSchema, example=EXAMPLE_NOT_READY)
    @routes.doc(security=[])
    def ready() -> Response:
        """Check that the gateway is ready, and list its dependencies.

        A missing message queue does not matter: events wait in the database. Without
        Redis, each process counts failed code lookups on its own.
        """
        return _readiness_response(run_checks(checks))

    return routes


def _readiness_response(results: Mapping[str, CheckResult]) -> Response:
    statuses = {name: status for name, (status, _) in results.items()}
    if not all(is_ready for _, is_ready in results.values()):
        body = {"status": "not ready", **statuses}
        return json_response(body, 503, headers={"Retry-After": "1"})
    return json_response({"status": "ready", **statuses})
