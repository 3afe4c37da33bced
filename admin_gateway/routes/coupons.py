"""Routes for the coupons of a definition (docs/api-contracts.md 1.5)."""

from collections.abc import Callable
from typing import Any

from flask import Response, g, request

from admin_gateway.requests import generation as generation_requests
from admin_gateway.requests.coupons import (
    CouponQuerySchema,
    GenerateCouponsQuerySchema,
    GenerateCouponsSchema,
    RevokeCouponSchema,
    UpdateCouponSchema,
)
from admin_gateway.requests.pagination import ListQuerySchema
from admin_gateway.responses import serializers
from admin_gateway.responses.batches import NEW_BATCH, BatchSchema
from admin_gateway.responses.codes import COUPON_WITH_BATCH, CouponWithBatchSchema
from admin_gateway.responses.core import (
    COUPONS,
    EXAMPLE_COUPON,
    REVOKED_COUPON,
    CouponSchema,
    CouponsSchema,
    GeneratedCouponsSchema,
)
from coupon_core.domain import serialization
from coupon_core.domain.models import IssuedCoupon, utc_now
from coupon_core.domain.models.filters import CouponFilter
from coupon_core.services import batches
from coupon_core.services.codes import inventory
from coupon_core.services.coupons import administration, corrections, generation
from coupon_core.web.blueprint import (
    JsonBlueprint,
    document_body,
    document_query,
    limit_body,
)
from coupon_core.web.openapi.headers import LOCATION
from coupon_core.web.responses import json_response

routes = JsonBlueprint("coupons", __name__, description="Coupons of a definition")


@routes.route("/<definition_id>/generate", methods=["POST"])
@routes.response(201, GeneratedCouponsSchema)
@routes.alt_response(202, schema=BatchSchema, example=NEW_BATCH, headers=LOCATION)
@document_body(GenerateCouponsSchema, example={"user_ids": ["user_123"]})
@document_query(GenerateCouponsQuerySchema)
@limit_body(generation_requests.MAX_BODY_BYTES)
def generate(definition_id: str) -> Response:
    """Generate a coupon for each user, or unassigned coupons: all or none.

    Up to 1,000 are generated at once; more become a batch (202). You may also send the
    users as text/csv with a column user_id, or one user id per line with
    `Content-Type: text/csv; header=absent`. The query parameters are for CSV only.
    """
    batch_request = generation_requests.parse_batch_request(request)
    if not batch_request.is_small:
        return _create_batch(definition_id, batch_request)
    now = utc_now()
    result = generation.generate(
        g.principal.tenant_id,
        definition_id,
        user_ids=batch_request.recipients,
        now=now,
        expires_at=batch_request.expires_at,
        metadata=batch_request.metadata,
    )
    return json_response(serializers.serialize_generation_result(result, now), 201)


def _create_batch(definition_id: str, batch_request: batches.BatchRequest) -> Response:
    batch = batches.request(
        g.principal.tenant_id,
        definition_id,
        batch_request=batch_request,
        now=utc_now(),
    )
    return serializers.batch_accepted_response(batch)


@routes.route("/<definition_id>/coupons")
@routes.response(200, CouponsSchema, example=COUPONS)
@routes.arguments(CouponQuerySchema, location="query")
def list_all(query: dict[str, Any], definition_id: str) -> Response:
    """List the coupons of a definition, newest first."""
    now, page = utc_now(), query.pop("page")
    coupon_filter = CouponFilter(definition_id=definition_id, **query)
    coupons_and_total = administration.list_coupons(
        g.principal.tenant_id, coupon_filter, page=page, now=now
    )
    return json_response(serializers.serialize_coupons(coupons_and_total, now))


@routes.route("/<definition_id>/coupons/<coupon_id>")
@routes.response(200, CouponSchema, example=EXAMPLE_COUPON)
def get(definition_id: str, coupon_id: str) -> Response:
    """Return a coupon."""
    now, coupon_filter = utc_now(), CouponFilter(definition_id, coupon_id=coupon_id)
    issued = administration.get(g.principal.tenant_id, coupon_filter, now=now)
    return json_response(serialization.serialize_coupon(issued, now))


@routes.route("/<definition_id>/coupons/<coupon_id>", methods=["PATCH"])
@routes.response(200, CouponWithBatchSchema, example=COUPON_WITH_BATCH)
@routes.arguments(UpdateCouponSchema, example={"expires_at": "2025-12-31T23:59:59Z"})
def change(changes: dict[str, Any], definition_id: str, coupon_id: str) -> Response:
    """Replace the metadata of a coupon, or move its expiry, earlier or later.

    An expiry of null lets the coupon expire with its definition.
    """
    now, caller = utc_now(), g.principal
    coupon_filter = CouponFilter(definition_id, coupon_id=coupon_id)
    actor = caller.key_id or ""
    changed = inventory.change(
        caller.tenant_id, coupon_filter, changes, now=now, actor=actor
    )
    return json_response(serializers.serialize_coupon_with_batch(changed, now))


@routes.route("/<definition_id>/coupons/<coupon_id>/revoke", methods=["POST"])
@routes.response(200, CouponSchema, example=REVOKED_COUPON)
def revoke(definition_id: str, coupon_id: str) -> Response:
    """Revoke a coupon (idempotent)."""
    return _correct(administration.revoke, definition_id, coupon_id)


@routes.route("/<definition_id>/coupons/revoke", methods=["POST"])
@routes.response(200, CouponSchema, example=REVOKED_COUPON)
@routes.arguments(RevokeCouponSchema, example={"code": "WELCOME8X4F2K9P"})
def revoke_code(body: dict[str, Any], definition_id: str) -> Response:
    """Revoke a coupon by its code and, if the code is shared, its user."""
    return _apply(administration.revoke, CouponFilter(definition_id, **body))


@routes.route("/<definition_id>/coupons/<coupon_id>/restore", methods=["POST"])
@routes.response(200, CouponSchema, example=EXAMPLE_COUPON)
def restore(definition_id: str, coupon_id: str) -> Response:
    """Undo the revocation of a coupon (idempotent). It is as valid as before."""
    return _correct(corrections.restore, definition_id, coupon_id)


@routes.route("/<definition_id>/coupons/<coupon_id>/reissue", methods=["POST"])
@routes.response(201, CouponSchema, example=EXAMPLE_COUPON)
def reissue(definition_id: str, coupon_id: str) -> Response:
    """Revoke a coupon and give its user another code of the definition (idempotent).

    Answers with the new coupon, which keeps an expiry of the coupon's own; repeated
    calls answer with the same one. A coupon whose uses are all redeemed is not revoked.
    """
    return _correct(corrections.reissue, definition_id, coupon_id, status=201)


def _correct(
    action: Callable[..., IssuedCoupon],
    definition_id: str,
    coupon_id: str,
    status: int = 200,
    **options: Any,
) -> Response:
    coupon_filter = CouponFilter(definition_id, coupon_id=coupon_id)
    return _apply(action, coupon_filter, status, **options)


def _apply(
    action: Callable[..., IssuedCoupon],
    coupon_filter: CouponFilter,
    status: int = 200,
    **options: Any,
) -> Response:
    now, caller = utc_now(), g.principal
    actor = caller.key_id or ""
    issued = action(caller.tenant_id, coupon_filter, **options, now=now, actor=actor)
    return json_response(serialization.serialize_coupon(issued, now), status)


@routes.route("/codes/<code>")
@routes.response(200, CouponsSchema, example=COUPONS)
@routes.arguments(ListQuerySchema, location="query")
def of_code(query: dict[str, Any], code: str) -> Response:
    """List the coupons with a code, from any definition."""
    now = utc_now()
    coupons_and_total = administration.list_by_code(
        g.principal.tenant_id, code, page=query["page"], now=now
    )
    return json_response(serializers.serialize_coupons(coupons_and_total, now))
