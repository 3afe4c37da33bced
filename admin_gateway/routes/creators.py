"""Routes for creators and their codes (docs/api-contracts.md 3.3)."""

from typing import Any

from flask import g, request

from admin_gateway.requests import creator_imports
from admin_gateway.requests.creator_imports import (
    ImportCreatorsQuerySchema,
    ImportCreatorsSchema,
)
from admin_gateway.requests.creators import (
    AssignCreatorCodesSchema,
    CreateCreatorSchema,
    CreatorQuerySchema,
    RevokeCreatorCodesSchema,
    UpdateCreatorSchema,
)
from admin_gateway.requests.pagination import ListQuerySchema
from admin_gateway.responses.campaigns import (
    ASSIGN_CODES_REQUEST,
    IMPORT_CREATORS_REQUEST,
    NEW_CREATOR,
    REVOKE_CODES_REQUEST,
    AssignedCodesSchema,
    CampaignStatsSchema,
    CreatedCreatorsSchema,
    CreatorCodeListSchema,
    CreatorListSchema,
    CreatorSchema,
    RevokedCodeCountSchema,
)
from admin_gateway.responses.serializers import build_location_header, to_page
from coupon_core.domain.models import utc_now
from coupon_core.domain.models.campaigns import CampaignStats
from coupon_core.domain.models.creators import Creator
from coupon_core.schemas.base import Document
from coupon_core.services.campaigns import creator_imports as creator_import_service
from coupon_core.services.campaigns import creators
from coupon_core.services.campaigns.creator_imports import CreatorsRejected
from coupon_core.web.blueprint import (
    JsonBlueprint,
    document_body,
    document_query,
    limit_body,
)
from coupon_core.web.openapi.headers import LOCATION

MAX_BODY_BYTES = 262_144  # One thousand codes of the maximum length.

routes = JsonBlueprint("creators", __name__, description="Creators and their codes")


@routes.route("", methods=["POST"])
@routes.response(201, CreatorSchema, headers=LOCATION)
@routes.arguments(CreateCreatorSchema, example=NEW_CREATOR)
def create(body: dict[str, Any]) -> tuple[Creator, dict[str, str]]:
    """Create a creator."""
    creator_key = body.pop("creator_key")
    creator = creators.create(
        g.principal.tenant_id, creator_key, fields=body, now=utc_now()
    )
    return creator, build_location_header(creator_key)


@routes.route("/bulk", methods=["POST"])
@routes.response(201, CreatedCreatorsSchema)
@document_body(ImportCreatorsSchema, example=IMPORT_CREATORS_REQUEST)
@document_query(ImportCreatorsQuerySchema)
@limit_body(creator_imports.MAX_BODY_BYTES)
def create_all() -> Document:
    """Create up to 1,000 creators of a campaign with their codes: all or none.

    You may also send them as text/csv with the columns creator_key, name, and
    optionally genre, status, package_id, codes (separated by blanks), count and
    pattern. The query parameters are for CSV only. A dry run creates nothing and
    answers with the number of creators.
    """
    creator_import = creator_imports.parse_creator_import(request)
    try:
        created = creator_import_service.create_all(
            g.principal.tenant_id,
            creator_import.campaign_id,
            new_creators=creator_import.new_creators,
            now=utc_now(),
            dry_run=creator_import.dry_run,
        )
    except CreatorsRejected as error:
        raise creator_import.to_api_error(error) from None
    return {"creators": created, "total": len(creator_import.new_creators)}


@routes.route("")
@routes.response(200, CreatorListSchema)
@routes.arguments(CreatorQuerySchema, location="query")
def list_all(query: dict[str, Any]) -> Document:
    """List creators by name."""
    return to_page("creators", creators.list_creators(g.principal.tenant_id, **query))


@routes.route("/<creator_key>")
@routes.response(200, CreatorSchema)
def get(creator_key: str) -> Creator:
    """Return a creator. The case of the key does not matter."""
    return creators.get(g.principal.tenant_id, creator_key.upper())


@routes.route("/<creator_key>", methods=["PATCH"])
@routes.response(200, CreatorSchema)
@routes.arguments(UpdateCreatorSchema, example={"status": "INACTIVE"})
def change(changes: dict[str, Any], creator_key: str) -> Creator:
    """Change a creator. An inactive creator cannot receive codes."""
    return creators.update(
        g.principal.tenant_id, creator_key.upper(), changes=changes, now=utc_now()
    )


@routes.route("/<creator_key>/stats")
@routes.response(200, CampaignStatsSchema)
def stats(creator_key: str) -> CampaignStats:
    """Return the usage of a creator's codes, by package."""
    return creators.get_stats(g.principal.tenant_id, creator_key.upper())


@routes.route("/<creator_key>/codes")
@routes.response(200, CreatorCodeListSchema)
@routes.arguments(ListQuerySchema, location="query")
def list_codes(query: dict[str, Any], creator_key: str) -> Document:
    """List a creator's codes with their status."""
    return to_page(
        "codes",
        creators.list_codes(
            g.principal.tenant_id, creator_key.upper(), now=utc_now(), **query
        ),
    )


@routes.route("/<creator_key>/codes", methods=["POST"])
@routes.response(201, AssignedCodesSchema)
@routes.arguments(AssignCreatorCodesSchema, example=ASSIGN_CODES_REQUEST)
@limit_body(MAX_BODY_BYTES)
def give(body: dict[str, Any], creator_key: str) -> Document:
    """Assign codes of a package: listed ones, or codes generated from a pattern."""
    assigned_codes = creators.assign_or_generate_codes(
        g.principal.tenant_id, creator_key.upper(), **body
    )
    return {"codes": assigned_codes, "total": len(assigned_codes)}


@routes.route("/<creator_key>/codes/revoke", methods=["POST"])
@routes.response(200, RevokedCodeCountSchema)
@routes.arguments(RevokeCreatorCodesSchema, example=REVOKE_CODES_REQUEST)
@limit_body(MAX_BODY_BYTES)
def revoke(body: dict[str, Any], creator_key: str) -> Document:
    """Revoke the named codes of a creator, or all of them (idempotent)."""
    count = creators.revoke_codes(
        g.principal.tenant_id,
        creator_key.upper(),
        codes_to_revoke=body.get("codes", ()),
        now=utc_now(),
    )
    return {"revoked": count}
