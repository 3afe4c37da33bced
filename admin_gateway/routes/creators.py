"""Creators over HTTP, and the codes that they are given (CONTRACTS 3.3)."""

from typing import Any

from flask import Response, g

from admin_gateway import requests
from admin_gateway.responses import campaigns as documents
from admin_gateway.responses import serializers
from coupon_core.domain.models import utc_now
from coupon_core.services.campaigns import creators
from coupon_core.web.blueprint import JsonBlueprint, body_limit
from coupon_core.web.responses import json_response

MOST_BYTES = 262_144  # a thousand codes, each as long as it may be

routes = JsonBlueprint("creators", __name__, description="Who hands out codes")


@routes.route("", methods=["POST"])
@routes.response(201, documents.Creator, example=documents.CREATOR)
@routes.arguments(requests.CreatorBody, example=documents.NEW_CREATOR)
def create(body: dict[str, Any]) -> Response:
    """Add a creator."""
    creator_key = body.pop("creator_key")
    made = creators.create(g.principal.tenant_id, creator_key, body, utc_now())
    return serializers.created(documents.creator(made), creator_key)


@routes.route("")
@routes.response(200, documents.Creators, example=documents.CREATORS)
@routes.arguments(requests.CreatorQuery, location="query")
def list_all(query: dict[str, Any]) -> Response:
    """List creators by name."""
    found = creators.listed(g.principal.tenant_id, **query)
    return serializers.listed("creators", found, documents.creator)


@routes.route("/<creator_key>")
@routes.response(200, documents.Creator, example=documents.CREATOR)
def get(creator_key: str) -> Response:
    """Show a creator; the key is read in any case."""
    found = creators.get(g.principal.tenant_id, creator_key.upper())
    return json_response(documents.creator(found))


@routes.route("/<creator_key>", methods=["PATCH"])
@routes.response(200, documents.Creator, example=documents.CREATOR)
@routes.arguments(requests.CreatorChanges, example={"status": "INACTIVE"})
def change(changes: dict[str, Any], creator_key: str) -> Response:
    """Change a creator; an inactive one is given no more codes."""
    ids = g.principal.tenant_id, creator_key.upper()
    changed = creators.update(*ids, changes, utc_now())
    return json_response(documents.creator(changed))


@routes.route("/<creator_key>/stats")
@routes.response(200, documents.CampaignStats, example=documents.STATS)
def stats(creator_key: str) -> Response:
    """Count the uses of a creator's codes, by package."""
    found = creators.stats(g.principal.tenant_id, creator_key.upper())
    return json_response(documents.stats(found))


@routes.route("/<creator_key>/codes")
@routes.response(200, documents.CreatorCodes, example=documents.CODES)
@routes.arguments(requests.ListQuery, location="query")
def list_codes(query: dict[str, Any], creator_key: str) -> Response:
    """List a creator's codes, and how they stand."""
    ids = g.principal.tenant_id, creator_key.upper()
    found = creators.codes_of(*ids, now=utc_now(), **query)
    return serializers.listed("codes", found, documents.code)


@routes.route("/<creator_key>/codes", methods=["POST"])
@routes.response(201, documents.Given, example=documents.GIVEN)
@routes.arguments(requests.GiveBody, example=documents.GIVE)
@body_limit(MOST_BYTES)
def give(body: dict[str, Any], creator_key: str) -> Response:
    """Give a creator codes of a package: these, or so many after a pattern."""
    ids = g.principal.tenant_id, creator_key.upper()
    given = creators.give(*ids, **body)
    return json_response({"codes": list(given), "total": len(given)}, 201)


@routes.route("/<creator_key>/codes/revoke", methods=["POST"])
@routes.response(200, documents.RevokedCodes, example=documents.REVOKED)
@routes.arguments(requests.RevokeGivenBody, example=documents.REVOKE)
@body_limit(MOST_BYTES)
def revoke(body: dict[str, Any], creator_key: str) -> Response:
    """Take a creator's codes out of use, all when none is named; again is the same."""
    ids = g.principal.tenant_id, creator_key.upper()
    count = creators.revoke_codes(*ids, body.get("codes", ()), utc_now())
    return json_response({"revoked": count})
