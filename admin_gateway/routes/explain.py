"""Routes for support: explain why a code does not work, and search for a code."""

from dataclasses import replace
from typing import Any

from flask import Response, g

from admin_gateway.requests.codes import CodeSearchQuerySchema, ExplainCodeSchema
from admin_gateway.responses.explanation_documents import serialize_explanation
from admin_gateway.responses.explanations import ExplanationSchema, SearchResultSchema
from coupon_core.domain.code_masking import mask_code
from coupon_core.domain.models import Scope, utc_now
from coupon_core.domain.models.explanations import SearchHit
from coupon_core.schemas.base import Document
from coupon_core.services.insight import explain as explanations
from coupon_core.services.insight import search as code_search
from coupon_core.web.blueprint import JsonBlueprint
from coupon_core.web.idempotency import safe_post
from coupon_core.web.responses import json_response

routes = JsonBlueprint("explain", __name__, description="Help with codes")


@routes.route("/explain", methods=["POST"])
@routes.response(200, ExplanationSchema)
@routes.arguments(
    ExplainCodeSchema, example={"code": "WELCOME8X4F2K9P", "user_id": "user_123"}
)
@safe_post
def explain(body: dict[str, Any]) -> Response:
    """Explain whether a code can be redeemed, by every rule that decides about it.

    Nothing is changed, and no guess is counted. `at` is compared with the dates, in
    the past or the future; uses, revocations and suspensions are those of now. For an
    unknown code, `near_matches` are masked unless the key has the scope `export`.
    """
    at = body.get("at") or utc_now()
    explanation = explanations.explain(
        g.principal.tenant_id, body["code"], body["user_id"], at=at
    )
    near_matches = [_mask(hit) for hit in explanation.near_matches]
    return json_response(
        serialize_explanation(replace(explanation, near_matches=near_matches))
    )


@routes.route("/search")
@routes.response(200, SearchResultSchema)
@routes.arguments(CodeSearchQuerySchema, location="query")
def search(query: dict[str, Any]) -> Document:
    """Search for a code as people remember it; each hit says how it matched.

    Blanks, case and hyphens do not matter; characters that look alike and one mistyped
    character are forgiven; four characters are enough as the beginning of a code. A
    user ID, a reference, a coupon ID and a redemption ID are found as well. Codes are
    masked unless the key has the scope `export`.
    """
    hits = code_search.search(g.principal.tenant_id, query["q"], query["limit"])
    return {"hits": [_mask(hit) for hit in hits]}


def _mask(hit: SearchHit) -> SearchHit:
    is_shown = Scope.EXPORT in g.principal.scopes
    return hit if is_shown else replace(hit, code=mask_code(hit.code))
