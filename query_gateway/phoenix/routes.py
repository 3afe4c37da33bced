"""Views of the Phoenix API, each in both path styles (the Phoenix specification)."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Response, g, request
from werkzeug.routing import BaseConverter

from coupon_core.domain import serialization
from coupon_core.domain.identifiers import is_user_id
from coupon_core.domain.models import (
    AuthReason,
    Dialect,
    Page,
    Principal,
    Reason,
    Refused,
    utc_now,
)
from coupon_core.domain.models.attempts import AttemptAction
from coupon_core.domain.models.filters import CouponFilter
from coupon_core.observability import audit_context
from coupon_core.schemas import phoenix_documents
from coupon_core.schemas.base import PageQuerySchema
from coupon_core.schemas.errors import ErrorDetail, Target, validation_error
from coupon_core.schemas.identifiers import USER_ID_EXPECTED, is_uuid
from coupon_core.security import authentication
from coupon_core.services.access.tenants import PHOENIX_PATH_SEGMENTS
from coupon_core.services.catalog import definitions
from coupon_core.services.coupons import administration, validation
from coupon_core.services.coupons.redemption import RedeemRequest
from coupon_core.services.coupons.redemption import redeem as redeem_code
from coupon_core.web.attempts import announce_attempt, record_validation
from coupon_core.web.authentication import (
    authenticate_signature,
    bearer_token,
    has_signature,
)
from coupon_core.web.blueprint import JsonBlueprint, document_body, document_query
from coupon_core.web.query_string import parse_query
from coupon_core.web.request_body import read_object
from coupon_core.web.responses import json_response
from query_gateway.phoenix import schemas
from query_gateway.phoenix.schemas import EXAMPLES
from query_gateway.phoenix.serializers import serialize_validation

View = TypeVar("View", bound=Callable[..., Any])

blueprint = JsonBlueprint(
    "phoenix",
    __name__,
    url_prefix="/v1/coupons",
    description="Validate, redeem and list coupons (Phoenix coupon codes)",
)


class TenantConverter(BaseConverter):
    """A tenant ID in a path; the fixed segments of the paths do not match."""

    regex = f"(?!(?:{'|'.join(sorted(PHOENIX_PATH_SEGMENTS))})/)[^/]+"


def route_with_and_without_tenant(
    rule: str, method: str = "GET"
) -> Callable[[View], View]:
    """Register a view under two rules: with the tenant in the path, and without it."""

    def register(view: View) -> View:
        name = view.__name__
        rules = {name: rule, f"{name}_of_tenant": f"/<tenant:tenant_id>{rule}"}
        for endpoint, full_rule in rules.items():
            add_rule = blueprint.route(
                full_rule,
                endpoint=endpoint,
                methods=[method],
                parameters=schemas.list_path_parameters(full_rule),
            )
            add_rule(view)
        return view

    return register


def authenticate() -> None:
    """Authenticate the caller and check the tenant in the path, if there is one.

    Raises:
        Refused: The credentials are missing or invalid, or belong to another tenant.
    """
    tenant_id = (request.view_args or {}).pop("tenant_id", None)
    # Browsers send preflight requests without credentials.
    if request.method == "OPTIONS":
        return
    principal = _authenticate_principal(allow_signature=tenant_id is not None)
    g.principal = principal
    audit_context.set_principal(principal)
    if tenant_id is not None:
        authentication.require_tenant(principal, tenant_id)


blueprint.before_request(authenticate)


def _authenticate_principal(allow_signature: bool) -> Principal:
    token = bearer_token()
    if token:
        return authentication.authenticate_tenant_token(token, utc_now())
    if allow_signature and has_signature():
        return authenticate_signature()
    raise Refused(AuthReason.NO_CREDENTIALS)


@route_with_and_without_tenant("/definitions")
@blueprint.response(200, schemas.DefinitionsSchema, example=EXAMPLES["definitions"])
@blueprint.arguments(PageQuerySchema, location="query")
def list_definitions(page: dict[str, int]) -> Response:
    """List the tenant's active coupon definitions; suspended ones are left out."""
    found, total = definitions.list_available(g.principal.tenant_id, Page(**page))
    rows = [serialization.serialize_definition(definition) for definition in found]
    return json_response({"definitions": rows, "total": total})


@route_with_and_without_tenant("/user/<user_id>")
@blueprint.response(200, phoenix_documents.CouponsSchema, example=EXAMPLES["coupons"])
@blueprint.arguments(schemas.CouponPageQuerySchema, location="query")
def list_coupons(page: dict[str, Any], user_id: str) -> Response:
    """List a user's coupons, newest first."""
    status = page.pop("status", None)
    coupon_filter = CouponFilter(user_id=_require_own_user_id(user_id), status=status)
    return _coupon_list_response("coupons", page, coupon_filter=coupon_filter)


@route_with_and_without_tenant("/user/<user_id>/redemptions")
@blueprint.response(200, schemas.RedemptionsSchema, example=EXAMPLES["redemptions"])
@blueprint.arguments(PageQuerySchema, location="query")
def list_redemptions(page: dict[str, int], user_id: str) -> Response:
    """List the coupons that a user has redeemed, most recently used first."""
    coupon_filter = CouponFilter(user_id=_require_own_user_id(user_id), redeemed=True)
    return _coupon_list_response("redemptions", page, coupon_filter=coupon_filter)


def _coupon_list_response(
    member: str, page: dict[str, int], coupon_filter: CouponFilter
) -> Response:
    now = utc_now()
    rows, total = administration.list_coupons(
        g.principal.tenant_id, coupon_filter, page=Page(**page), now=now
    )
    return json_response(
        serialization.serialize_coupon_list(member, rows, total=total, now=now)
    )


@route_with_and_without_tenant("/user/<user_id>/<coupon_id>")
@blueprint.response(
    200, phoenix_documents.CouponSchema, example=phoenix_documents.EXAMPLE_COUPON
)
def get_coupon(user_id: str, coupon_id: str) -> Response:
    """Show one coupon of a user."""
    owner, now = _require_own_user_id(user_id), utc_now()
    if not is_uuid(coupon_id):
        raise Refused(Reason.COUPON_NOT_FOUND)
    coupon_filter = CouponFilter(user_id=owner, coupon_id=coupon_id.lower())
    issued = administration.get(g.principal.tenant_id, coupon_filter, now=now)
    return json_response(serialization.serialize_coupon(issued, now))


@route_with_and_without_tenant("/validate/<code>")
@blueprint.response(200, schemas.ValidationSchema, examples=schemas.EXAMPLE_VALIDATIONS)
@document_query(schemas.ValidateQuerySchema)
def validate(code: str) -> Response:
    """Check whether a code can be redeemed now; the status is 200 either way."""
    principal, now = g.principal, utc_now()
    user_id = _read_user_id() or principal.user_id
    if user_id:
        authentication.require_user(principal, user_id)
    result = validation.validate(
        principal.tenant_id, code, user_id=user_id, now=now, key_id=principal.key_id
    )
    document = serialize_validation(result, now)
    record_validation(
        result,
        code,
        user_id=user_id,
        dialect=Dialect.PHOENIX,
        error_code=document["error_code"] or "",
    )
    return json_response(document)


def _read_user_id() -> str | None:
    query = parse_query(request.environ, ("user_id",))
    return _check_user_id(query["user_id"], "query") if query else None


@route_with_and_without_tenant("/redeem/<code>", "POST")
@blueprint.response(
    200, phoenix_documents.CouponSchema, example=schemas.EXAMPLE_REDEEMED_COUPON
)
@document_body(schemas.RedeemBodySchema, example={"user_id": "user_123"})
def redeem(code: str) -> Response:
    """Redeem a code for a user; a refusal changes nothing."""
    body = read_object(request)
    user_id, note = _parse_user_id(body), schemas.parse_redemption_note(body)
    principal: Principal = g.principal
    authentication.require_user(principal, user_id)
    announce_attempt(AttemptAction.REDEEM, code, user_id)
    redeem_request = RedeemRequest(principal.tenant_id, code, user_id=user_id, **note)
    return json_response(redeem_code(redeem_request, utc_now()).document)


def _parse_user_id(body: dict[str, Any]) -> str:
    # Checked without a schema, which would take longer than the rest of this view.
    return _check_user_id(body.get("user_id"), "body")


def _require_own_user_id(user_id: str) -> str:
    authentication.require_user(g.principal, user_id)
    return _check_user_id(user_id, "path")


def _check_user_id(user_id: Any, target: Target) -> str:
    if isinstance(user_id, str) and is_user_id(user_id):
        return user_id
    raise validation_error(
        [ErrorDetail(f"expected {USER_ID_EXPECTED}", "user_id", target=target)]
    )
