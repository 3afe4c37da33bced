"""Routes for creators and their codes (docs/api-contracts.md 3.3)."""

from typing import Any

from flask import Response, g

from admin_gateway import requests
from admin_gateway.responses import campaigns as campaign_responses
from admin_gateway.responses import serializers
from coupon_core.domain.models import utc_now
from coupon_core.services.campaigns import creators
from coupon_core.web.blueprint import JsonBlueprint, limit_body
from coupon_core.web.openapi.headers import LOCATION
from coupon_core.web.responses import json_response

MAX_BODY_BYTES = 262_144  # One thousand codes of the maximum length.

routes = JsonBlueprint("creators", __name__, description="Creators and their codes")


@routes.route("", methods=["POST"])
@routes.response(
    201,
    campaign_responses.CreatorSchema,
    example=campaign_responses.CREATOR,
    headers=LOCATION,
)
@routes.arguments(requests.CreateCreatorSchema, example=campaign_responses.NEW_CREATOR)
def create(body: dict[str, Any]) -> Response:
    """Create a creator."""
    creator_key = body.pop("creator_key")
    creator = creators.create(
        g.principal.tenant_id, creator_key, fields=body, now=utc_now()
    )
    return serializers.created_response(
        campaign_responses.serialize_creator(creator), creator_key
    )


@routes.route("")
@routes.response(
    200, campaign_responses.CreatorListSchema, example=campaign_responses.CREATORS
)
@routes.arguments(requests.CreatorQuerySchema, location="query")
def list_all(query: dict[str, Any]) -> Response:
    """List creators by name."""
    rows_and_total = creators.list_creators(g.principal.tenant_id, **query)
    return serializers.page_response(
        "creators", rows_and_total, campaign_responses.serialize_creator
    )


@routes.route("/<creator_key>")
@routes.response(
    200, campaign_responses.CreatorSchema, example=campaign_responses.CREATOR
)
def get(creator_key: str) -> Response:
    """Return a creator. The case of the key does not matter."""
    creator = creators.get(g.principal.tenant_id, creator_key.upper())
    return json_response(campaign_responses.serialize_creator(creator))


@routes.route("/<creator_key>", methods=["PATCH"])
@routes.response(
    200, campaign_responses.CreatorSchema, example=campaign_responses.CREATOR
)
@routes.arguments(requests.UpdateCreatorSchema, example={"status": "INACTIVE"})
def change(changes: dict[str, Any], creator_key: str) -> Response:
    """Change a creator. An inactive creator cannot receive codes."""
    creator = creators.update(
        g.principal.tenant_id, creator_key.upper(), changes=changes, now=utc_now()
    )
    return json_response(campaign_responses.serialize_creator(creator))


@routes.route("/<creator_key>/stats")
@routes.response(
    200,
    campaign_responses.CampaignStatsSchema,
    example=campaign_responses.CAMPAIGN_STATS,
)
def stats(creator_key: str) -> Response:
    """Return the usage of a creator's codes, by package."""
    creator_stats = creators.get_stats(g.principal.tenant_id, creator_key.upper())
    return json_response(campaign_responses.serialize_campaign_stats(creator_stats))


@routes.route("/<creator_key>/codes")
@routes.response(
    200,
    campaign_responses.CreatorCodeListSchema,
    example=campaign_responses.CREATOR_CODES,
)
@routes.arguments(requests.ListQuerySchema, location="query")
def list_codes(query: dict[str, Any], creator_key: str) -> Response:
    """List a creator's codes with their status."""
    rows_and_total = creators.list_codes(
        g.principal.tenant_id, creator_key.upper(), now=utc_now(), **query
    )
    return serializers.page_response(
        "codes", rows_and_total, campaign_responses.serialize_creator_code
    )


@routes.route("/<creator_key>/codes", methods=["POST"])
@routes.response(
    201,
    campaign_responses.AssignedCodesSchema,
    example=campaign_responses.ASSIGNED_CODES,
)
@routes.arguments(
    requests.AssignCreatorCodesSchema, example=campaign_responses.ASSIGN_CODES_REQUEST
)
@limit_body(MAX_BODY_BYTES)
def give(body: dict[str, Any], creator_key: str) -> Response:
    """Assign codes of a package: listed ones, or codes generated from a pattern."""
    assigned_codes = creators.assign_or_generate_codes(
        g.principal.tenant_id, creator_key.upper(), **body
    )
    return json_response(
        {"codes": list(assigned_codes), "total": len(assigned_codes)}, 201
    )


@routes.route("/<creator_key>/codes/revoke", methods=["POST"])
@routes.response(
    200,
    campaign_responses.RevokedCodeCountSchema,
    example=campaign_responses.REVOKED_CODE_COUNT,
)
@routes.arguments(
    requests.RevokeCreatorCodesSchema, example=campaign_responses.REVOKE_CODES_REQUEST
)
@limit_body(MAX_BODY_BYTES)
def revoke(body: dict[str, Any], creator_key: str) -> Response:
    """Revoke the named codes of a creator, or all of them (idempotent)."""
    count = creators.revoke_codes(
        g.principal.tenant_id,
        creator_key.upper(),
        codes_to_revoke=body.get("codes", ()),
        now=utc_now(),
    )
    return json_response({"revoked": count})
