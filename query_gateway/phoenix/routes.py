"""The Phoenix dialect: six endpoints, each in both path styles (documents S0, S1)."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from flask import Response, g, request
from werkzeug.routing import BaseConverter

from coupon_core.domain import serialization as documents
from coupon_core.domain.models import (
    AuthReason,
    DefinitionStatus,
    Page,
    Principal,
    Reason,
    Refused,
    Validation,
    utc_now,
)
from coupon_core.domain.models.filters import CouponFilter
from coupon_core.observability import audit_context
from coupon_core.schemas import phoenix_documents
from coupon_core.schemas.errors import Detail, Target, invalid
from coupon_core.schemas.identifiers import USER_ID_SAID, is_user_id, is_uuid
from coupon_core.security import authentication
from coupon_core.services.access.tenants import PHOENIX_WORDS
from coupon_core.services.catalog import definitions
from coupon_core.services.coupons import administration, validation
from coupon_core.services.coupons.redemption import RedeemRequest
from coupon_core.services.coupons.redemption import redeem as redeem_code
from coupon_core.web.authentication import bearer, is_signed, principal_of_signer
from coupon_core.web.blueprint import JsonBlueprint, documents_body, documents_query
from coupon_core.web.query_string import strict_query
from coupon_core.web.request_body import read_object
from coupon_core.web.responses import json_response
from query_gateway.phoenix import schemas
from query_gateway.phoenix.schemas import EXAMPLES
from query_gateway.refusals import REFUSALS

View = TypeVar("View", bound=Callable[..., Any])

blueprint = JsonBlueprint(
    "phoenix",
    __name__,
    url_prefix="/v1/coupons",
    description="Validate, redeem and list coupons (Phoenix coupon codes)",
)


class TenantConverter(BaseConverter):
    """A tenant id in a path; the words of the paths themselves are none."""

    regex = f"(?!(?:{'|'.join(sorted(PHOENIX_WORDS))})/)[^/]+"


def both_styles(rule: str, method: str = "GET") -> Callable[[View], View]:
    """Serve a view with the tenant in the path (S1) and from the token alone (S0)."""

    def register(view: View) -> View:
        name = view.__name__
        rules = {name: rule, f"{name}_of_tenant": f"/<tenant:tenant_id>{rule}"}
        for endpoint, whole in rules.items():
            told = schemas.parameters_of(whole)
            add = blueprint.route(
                whole, endpoint=endpoint, methods=[method], parameters=told
            )
            add(view)
        return view

    return register


@blueprint.before_request
def authenticate() -> None:
    """Know the caller; a tenant in the path must be the caller's own."""
    tenant_id = (request.view_args or {}).pop("tenant_id", None)
    if request.method == "OPTIONS":  # browsers ask for these before they sign in
        return
    g.principal = _principal(may_sign=tenant_id is not None)
    audit_context.as_principal(g.principal)
    if tenant_id is not None:
        authentication.require_tenant(g.principal, tenant_id)


def _principal(may_sign: bool) -> Principal:
    token = bearer()
    if token:
        return authentication.principal_of_token(token, utc_now())
    if may_sign and is_signed():
        return principal_of_signer()
    raise Refused(AuthReason.NO_CREDENTIALS)


@both_styles("/definitions")
@blueprint.response(200, schemas.Definitions, example=EXAMPLES["definitions"])
@blueprint.arguments(schemas.Page, location="query")
def list_definitions(page: dict[str, int]) -> Response:
    """List the tenant's active coupon definitions."""
    found, total = definitions.listed(
        g.principal.tenant_id, Page(**page), DefinitionStatus.ACTIVE
    )
    rows = [documents.definition(one) for one in found]
    return json_response({"definitions": rows, "total": total})


@both_styles("/user/<user_id>")
@blueprint.response(200, phoenix_documents.Coupons, example=EXAMPLES["coupons"])
@blueprint.arguments(schemas.CouponPage, location="query")
def list_coupons(page: dict[str, Any], user_id: str) -> Response:
    """List a user's coupons, newest first."""
    status = page.pop("status", None)
    which = CouponFilter(user_id=_own(user_id), status=status)
    return _list("coupons", page, which)


@both_styles("/user/<user_id>/redemptions")
@blueprint.response(200, schemas.Redemptions, example=EXAMPLES["redemptions"])
@blueprint.arguments(schemas.Page, location="query")
def list_redemptions(page: dict[str, int], user_id: str) -> Response:
    """List the coupons that a user has redeemed, last used first."""
    which = CouponFilter(user_id=_own(user_id), redeemed=True)
    return _list("redemptions", page, which)


def _list(name: str, page: dict[str, int], which: CouponFilter) -> Response:
    now = utc_now()
    rows, total = administration.listed(g.principal.tenant_id, which, Page(**page), now)
    return json_response(documents.coupons(name, rows, total, now))


@both_styles("/user/<user_id>/<coupon_id>")
@blueprint.response(200, phoenix_documents.Coupon, example=phoenix_documents.COUPON)
def get_coupon(user_id: str, coupon_id: str) -> Response:
    """Show one coupon of a user."""
    owner, now = _own(user_id), utc_now()
    if not is_uuid(coupon_id):
        raise Refused(Reason.COUPON_NOT_FOUND)
    which = CouponFilter(user_id=owner, coupon_id=coupon_id.lower())
    issued = administration.get(g.principal.tenant_id, which, now)
    return json_response(documents.coupon(issued, now))


@both_styles("/validate/<code>")
@blueprint.response(200, schemas.Validation, examples=schemas.VALIDATIONS)
@documents_query(schemas.ForUser)
def validate(code: str) -> Response:
    """Tell whether a code can be redeemed now; the answer is 200 either way."""
    principal, now = g.principal, utc_now()
    user_id = _asked_user() or principal.user_id
    if user_id:
        authentication.require_user(principal, user_id)
    told = validation.validate(principal.tenant_id, code, user_id, now)
    return json_response(_validation(told, now))


def _asked_user() -> str | None:
    query = strict_query(request.environ, ("user_id",))
    return _checked_user(query["user_id"], "query") if query else None


def _validation(told: Validation, now: datetime) -> dict[str, Any]:
    reason = told.decision.reason
    if reason:
        text = REFUSALS[reason].phoenix_validate
        return {"valid": False, "coupon": None, "definition": None, "error": text}
    return {
        "valid": True,
        "coupon": documents.coupon(told.issued, now) if told.issued else None,
        "definition": _told_definition(told),
        "error": None,
    }


def _told_definition(told: Validation) -> dict[str, Any] | None:
    return documents.definition(told.definition) if told.definition else None


@both_styles("/redeem/<code>", "POST")
@blueprint.response(200, phoenix_documents.Coupon, example=schemas.REDEEMED)
@documents_body(schemas.RedeemBody, example={"user_id": "user_123"})
def redeem(code: str) -> Response:
    """Redeem a code for a user; what refuses it leaves it unchanged."""
    user_id = _user_of(read_object(request))
    authentication.require_user(g.principal, user_id)
    now = utc_now()
    asked = RedeemRequest(g.principal.tenant_id, code, user_id)
    return json_response(documents.coupon(redeem_code(asked, now).issued, now))


def _user_of(body: dict[str, Any]) -> str:
    # By hand: a schema would cost more than all the rest of this view.
    return _checked_user(body.get("user_id"), "body")


def _own(user_id: str) -> str:
    authentication.require_user(g.principal, user_id)
    return _checked_user(user_id, "path")


def _checked_user(user_id: Any, target: Target) -> str:
    if isinstance(user_id, str) and is_user_id(user_id):
        return user_id
    raise invalid([Detail(f"expected {USER_ID_SAID}", "user_id", target)])
