"""Create a gateway: an initialized process and the Flask application of the core."""

from collections.abc import Callable
from typing import Any

from flask import Flask

from coupon_core import bootstrap
from coupon_core.messaging.health_check import BrokerHealth
from coupon_core.observability import tracing
from coupon_core.persistence import database, schema
from coupon_core.security.rate_limiting import code_guessing
from coupon_core.security.rate_limiting.policy import IN_MEMORY_URL, parse_rate_limit
from coupon_core.settings import loader
from coupon_core.settings.model import DEFAULT_CALLS_PER_CALLER
from coupon_core.web import app_factory
from coupon_core.web.rate_limits import CallLimit, limit_requests
from coupon_core.web.readiness_checks import NotReady
from coupon_core.web.request_traces import trace_requests
from coupon_core.web.slow_requests import limit_slow_requests


def create_app(
    import_name: str, settings: loader.Settings | None, **parts: Any
) -> Flask:
    """Create a gateway; without `settings`, they are loaded from the environment.

    `parts` are the other arguments of `coupon_core.web.app_factory.create_app`.
    """
    settings = settings or loader.load()
    bootstrap.start(settings)
    code_guessing.limiter()  # create it now, not during the first request
    program = import_name.removesuffix("_gateway")
    bootstrap.start_metrics_server(program, settings)
    bootstrap.start_tracing(program, settings)
    # The gateways work without the broker, because events wait in the outbox, and
    # without Redis, because each process then counts guesses on its own.
    broker_health = BrokerHealth(settings.broker_url)
    app = app_factory.create_app(
        import_name,
        ready_checks={
            "database": _check_database,
            "migrations": _check_migrations,
            "message_queue": broker_health.status,
            "redis": _create_redis_check(settings.redis_url),
        },
        unavailable_errors=database.UNAVAILABLE_ERRORS,
        teardown=lambda _: database.release_connection(),
        **parts,
    )
    limit_slow_requests(app, settings.gateway_threads)
    _limit_requests(app, settings)
    if tracing.is_started():
        app.wsgi_app = trace_requests(app.wsgi_app)  # type: ignore[assignment,method-assign]
    return app


def _limit_requests(app: Flask, settings: loader.Settings) -> None:
    # The default is for players only and costs no call to Redis; other limits are
    # counted in Redis, unless the settings say otherwise.
    is_default = settings.calls_per_caller == DEFAULT_CALLS_PER_CALLER
    counted_in = settings.calls_counted_in
    per_caller = parse_rate_limit("calls-per-caller", settings.calls_per_caller)
    per_tenant = parse_rate_limit("calls-per-tenant", settings.calls_per_tenant)
    limit_requests(
        app,
        CallLimit(
            per_caller,
            is_shared=counted_in == "redis" or not (counted_in or is_default),
            players_only=is_default,
        ),
        per_tenant=CallLimit(per_tenant, is_shared=counted_in != "process"),
    )


def _create_redis_check(url: str) -> Callable[[], str]:
    """Return the readiness check of the Redis in which guesses are counted."""
    if url == IN_MEMORY_URL:
        return lambda: "not used"
    return BrokerHealth(url.replace("unix:", "redis+socket:", 1)).status


def _check_database() -> str:
    try:
        database.execute("SELECT 1", {}).fetchone()
    finally:
        database.release_connection()
    return "connected"


def _check_migrations() -> str:
    try:
        if not schema.is_up_to_date():
            raise NotReady("outdated")
        if schema.find_breaking_migration():
            raise NotReady("incompatible")
        return (
            "newer than this release"
            if schema.list_newer_migrations()
            else "up to date"
        )
    finally:
        database.release_connection()
