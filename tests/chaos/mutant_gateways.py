"""Deliberately broken query gateways; each must be detected by a fault test.

They show that the checks can fail. Nothing else imports them.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Thread

from flask import Flask, Response

import query_gateway
from coupon_core import gateway
from coupon_core.persistence import database
from coupon_core.persistence.repositories import redemptions
from coupon_core.services import outbox

DELAY_SECONDS = 0.05


def answers_early() -> Flask:
    """Report a coupon as redeemed before it is committed."""
    from query_gateway.phoenix import routes

    redeem = routes.redeem_code

    def later(*arguments: object) -> object:
        from coupon_core.domain import serialization
        from coupon_core.domain.models import RedemptionResult
        from coupon_core.services.coupons import validation

        request, now = arguments
        validated = validation.validate(
            request.tenant_id, request.code, request.user_id, now
        )
        if validated.issued is None:
            return redeem(*arguments)
        Thread(target=run_delayed, args=(lambda: redeem(*arguments),)).start()
        document = serialization.serialize_coupon(validated.issued, now)
        return RedemptionResult(validated.issued, None, document=document)

    routes.redeem_code = later
    return query_gateway.create_app()


def tells_later() -> Flask:
    """Write the event of a redemption in a transaction of its own."""
    record = redemptions.record

    def apart(seen: object, use: object, event: object, claim: bool) -> bool:
        done = record(seen, use, event, claim)
        with database.transaction():
            database.execute(
                "DELETE FROM outbox WHERE tenant_id = :t AND event_id = :e",
                {"t": event.tenant_id, "e": event.event_id},
            )
        time.sleep(DELAY_SECONDS)
        with database.transaction():
            outbox.add([event] if done else [])
        return done

    redemptions.record = apart
    return query_gateway.create_app()


def fails_loudly() -> Flask:
    """Answer 500 if the database is unavailable."""
    gateway.database.UNAVAILABLE_ERRORS = ()
    return query_gateway.create_app()


def does_not_say_when() -> Flask:
    """Answer 503 without `Retry-After`."""
    app = query_gateway.create_app()

    @app.after_request
    def forget(answer: Response) -> Response:
        answer.headers.pop("Retry-After", None)
        return answer

    return app


def run_delayed(action: Callable[[], object]) -> None:
    """Run an action after a delay."""
    time.sleep(DELAY_SECONDS)
    action()
    database.release_connection()
