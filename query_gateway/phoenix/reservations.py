"""Views that reserve a use of a code, in both path styles of the Phoenix API."""

from typing import Any

from flask import Response, g

from coupon_core.domain.models import (
    Refused,
    ReservationReason,
    utc_now,
)
from coupon_core.domain.models.attempts import AttemptAction
from coupon_core.schemas import phoenix_documents
from coupon_core.schemas.identifiers import is_uuid
from coupon_core.security import authentication
from coupon_core.services.coupons import reservations
from coupon_core.services.coupons.redemption import RedeemRequest
from coupon_core.web.attempts import announce_attempt
from coupon_core.web.query_names import check_parameter_names
from coupon_core.web.responses import json_response, no_content_response
from query_gateway.phoenix import schemas
from query_gateway.phoenix.routes import blueprint, route_with_and_without_tenant

__all__ = ["blueprint"]


@route_with_and_without_tenant("/reserve/<code>", "POST")
@blueprint.response(201, schemas.ReservationSchema, example=schemas.EXAMPLE_RESERVATION)
@blueprint.arguments(
    schemas.ReserveBodySchema,
    example={"user_id": "user_123", "ttl_seconds": 600, "reference": "order-1001"},
)
def reserve(body: dict[str, Any], code: str) -> Response:
    """Hold a use of a code for a user until it is confirmed, released or expires."""
    check_parameter_names()
    authentication.require_user(g.principal, body["user_id"])
    announce_attempt(AttemptAction.RESERVE, code, body["user_id"])
    ttl_seconds = body.pop("ttl_seconds")
    request = RedeemRequest(g.principal.tenant_id, code, **body)
    return json_response(reservations.reserve(request, ttl_seconds, utc_now()), 201)


@route_with_and_without_tenant("/reservations/<reservation_id>/confirm", "POST")
@blueprint.response(
    200, phoenix_documents.CouponSchema, example=schemas.EXAMPLE_REDEEMED_COUPON
)
def confirm_reservation(reservation_id: str) -> Response:
    """Redeem a reserved use; after its end, if the limits still allow it."""
    check_parameter_names()
    announce_attempt(AttemptAction.CONFIRM, "", g.principal.user_id)
    return json_response(
        reservations.confirm(
            g.principal.tenant_id,
            _parse_reservation_id(reservation_id),
            user_id=g.principal.user_id,
            now=utc_now(),
        )
    )


@route_with_and_without_tenant("/reservations/<reservation_id>", "DELETE")
@blueprint.response(204)
def release_reservation(reservation_id: str) -> Response:
    """Give a reserved use back before its end."""
    check_parameter_names()
    reservations.release(
        g.principal.tenant_id,
        _parse_reservation_id(reservation_id),
        user_id=g.principal.user_id,
        now=utc_now(),
    )
    return no_content_response()


def _parse_reservation_id(reservation_id: str) -> str:
    if not is_uuid(reservation_id):
        raise Refused(ReservationReason.RESERVATION_NOT_FOUND)
    return reservation_id.lower()
