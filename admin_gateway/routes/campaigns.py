"""Campaigns over HTTP, and who takes part in them (CONTRACTS 3.3)."""

from typing import Any

from flask import Response, g

from admin_gateway import requests
from admin_gateway.responses import campaigns as documents
from admin_gateway.responses import packages as package_documents
from admin_gateway.responses import serializers
from coupon_core.domain.models import utc_now
from coupon_core.services.campaigns import campaigns, packages
from coupon_core.web.blueprint import JsonBlueprint
from coupon_core.web.responses import json_response, no_content

routes = JsonBlueprint("campaigns", __name__, description="What creators promote")


@routes.route("", methods=["POST"])
@routes.response(201, documents.Campaign, example=documents.CAMPAIGN)
@routes.arguments(requests.CampaignBody, example=documents.NEW_CAMPAIGN)
def create(body: dict[str, Any]) -> Response:
    """Add a campaign."""
    campaign_id = body.pop("campaign_id")
    made = campaigns.create(g.principal.tenant_id, campaign_id, body, utc_now())
    return serializers.created(documents.campaign(made), campaign_id)


@routes.route("")
@routes.response(200, documents.Campaigns, example=documents.CAMPAIGNS)
@routes.arguments(requests.CampaignQuery, location="query")
def list_all(query: dict[str, Any]) -> Response:
    """List campaigns, newest first."""
    found = campaigns.listed(g.principal.tenant_id, **query)
    return serializers.listed("campaigns", found, documents.campaign)


@routes.route("/<campaign_id>")
@routes.response(200, documents.Campaign, example=documents.CAMPAIGN)
def get(campaign_id: str) -> Response:
    """Show a campaign."""
    found = campaigns.get(g.principal.tenant_id, campaign_id)
    return json_response(documents.campaign(found))


@routes.route("/<campaign_id>", methods=["PATCH"])
@routes.response(200, documents.Campaign, example=documents.CAMPAIGN)
@routes.arguments(requests.CampaignChanges, example=documents.CAMPAIGN_CHANGES)
def change(changes: dict[str, Any], campaign_id: str) -> Response:
    """Change a campaign; while COMPLETED or CANCELLED, no code of it is good."""
    ids = g.principal.tenant_id, campaign_id
    changed = campaigns.update(*ids, changes, utc_now())
    return json_response(documents.campaign(changed))


@routes.route("/<campaign_id>/stats")
@routes.response(200, documents.CampaignStats, example=documents.STATS)
def stats(campaign_id: str) -> Response:
    """Count the uses of a campaign's codes, by package and creator."""
    found = campaigns.stats(g.principal.tenant_id, campaign_id)
    return json_response(documents.stats(found))


@routes.route("/<campaign_id>/creators")
@routes.response(200, documents.Creators, example=documents.CREATORS)
@routes.arguments(requests.ListQuery, location="query")
def list_creators(query: dict[str, Any], campaign_id: str) -> Response:
    """List who takes part in a campaign, by name."""
    found = campaigns.creators(g.principal.tenant_id, campaign_id, **query)
    return serializers.listed("creators", found, documents.creator)


@routes.route("/<campaign_id>/creators/<creator_key>", methods=["PUT"])
@routes.response(200, documents.Creator, example=documents.CREATOR)
def add_creator(campaign_id: str, creator_key: str) -> Response:
    """Let a creator take part; again changes nothing."""
    ids = g.principal.tenant_id, campaign_id, creator_key.upper()
    return json_response(documents.creator(campaigns.add_creator(*ids)))


@routes.route("/<campaign_id>/creators/<creator_key>", methods=["DELETE"])
@routes.response(204)
def remove_creator(campaign_id: str, creator_key: str) -> Response:
    """End a creator's part; codes already given stay good until they are revoked."""
    ids = g.principal.tenant_id, campaign_id, creator_key.upper()
    campaigns.remove_creator(*ids)
    return no_content()


@routes.route("/<campaign_id>/packages", methods=["POST"])
@routes.response(201, package_documents.Package, example=package_documents.PACKAGE)
@routes.arguments(requests.PackageBody, example=package_documents.NEW_PACKAGE)
def create_package(body: dict[str, Any], campaign_id: str) -> Response:
    """Add a package: a definition whose codes creators hand out."""
    tenant_id = g.principal.tenant_id
    made = packages.create(tenant_id, campaign_id, body, utc_now())
    where = f"/v1/tenants/{tenant_id}/packages/{made.package.package_id}"
    return json_response(package_documents.package(made), 201, {"Location": where})
