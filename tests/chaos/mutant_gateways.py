"""Query gateways that are broken on purpose: each must be caught by some fault.

They show that the faults' checks can fail; nothing else imports them.
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
    """Says that a coupon is redeemed before it is written down."""
    from query_gateway.phoenix import routes

    redeem = routes.redeem_code

    def later(*asked: object) -> object:
        from coupon_core.domain import serialization
        from coupon_core.domain.models import RedemptionResult
        from coupon_core.services.coupons import validation

        request, now = asked
        told = validation.validate(
            request.tenant_id, request.code, request.user_id, now
        )
        if told.issued is None:
            return redeem(*asked)
        Thread(target=run_delayed, args=(lambda: redeem(*asked),)).start()
        document = serialization.serialize_coupon(told.issued, now)
        return RedemptionResult(told.issued, None, document=document)

    routes.redeem_code = later
    return query_gateway.create_app()


def tells_later() -> Flask:
    """Writes the event of a use in a transaction of its own."""
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
    """Answers 500 when the database is away."""
    gateway.database.UNAVAILABLE_ERRORS = ()
    return query_gateway.create_app()


def does_not_say_when() -> Flask:
    """Answers 503 without saying when to come again."""
    app = query_gateway.create_app()

    @app.after_request
    def forget(answer: Response) -> Response:
        answer.headers.pop("Retry-After", None)
        return answer

    return app


def run_delayed(action: Callable[[], object]) -> None:
    time.sleep(DELAY_SECONDS)
    action()
    database.release_connection()
