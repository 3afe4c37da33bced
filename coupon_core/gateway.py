"""What both gateways are made with: a ready process behind the shared Flask."""

from collections.abc import Callable
from typing import Any

from flask import Flask

from coupon_core import bootstrap
from coupon_core.messaging.health_check import Pulse
from coupon_core.persistence import database, schema
from coupon_core.security.rate_limiting import code_guessing
from coupon_core.security.rate_limiting.policy import ALONE, budget_of
from coupon_core.settings import loader
from coupon_core.web import app_factory as web
from coupon_core.web.rate_limits import limit_calls


def create_app(
    import_name: str, settings: loader.Settings | None, **parts: Any
) -> Flask:
    """A gateway on the database of `settings`, by default those of the environment.

    `parts` are the rest of what `coupon_core.web.app.create_app` takes.
    """
    settings = settings or loader.load()
    bootstrap.start(settings)
    code_guessing.spending()  # now, and not while the first caller waits
    bootstrap.show_metrics(import_name.removesuffix("_gateway"), settings)
    # A bus that is away stops neither gateway: what is to go out waits in the outbox.
    # Nor does Redis: each process counts guesses alone until it is back.
    bus = Pulse(settings.broker_url)
    app = web.create_app(
        import_name,
        ready_checks={
            "database": _database,
            "migrations": _migrations,
            "message_queue": bus.told,
            "redis": _redis(settings.redis_url),
        },
        unavailable_errors=database.UNAVAILABLE,
        teardown=lambda _: database.release(),
        **parts,
    )
    per_caller = budget_of("calls-per-caller", settings.calls_per_caller)
    per_tenant = budget_of("calls-per-tenant", settings.calls_per_tenant)
    limit_calls(app, per_caller, per_tenant)
    return app


def _redis(url: str) -> Callable[[], str]:
    """The check of what guesses are counted in."""
    if url == ALONE:
        return lambda: "not used"
    return Pulse(url.replace("unix:", "redis+socket:", 1)).told


def _database() -> str:
    try:
        database.execute("SELECT 1", {}).fetchone()
    finally:
        database.release()
    return "connected"


def _migrations() -> str:
    try:
        if not schema.is_up_to_date():
            raise database.Busy("run couponctl db upgrade")
    finally:
        database.release()
    return "up to date"
