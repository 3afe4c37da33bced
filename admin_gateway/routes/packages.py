"""Packages over HTTP; they are made below their campaign (CONTRACTS 3.3)."""

from typing import Any

from flask import Response, g

from admin_gateway import requests
from admin_gateway.responses import packages as package_documents
from admin_gateway.responses import serializers
from coupon_core.domain.models import utc_now
from coupon_core.services.campaigns import packages
from coupon_core.web.blueprint import JsonBlueprint
from coupon_core.web.responses import json_response

routes = JsonBlueprint("packages", __name__, description="What creators' codes grant")


@routes.route("")
@routes.response(200, package_documents.Packages, example=package_documents.PACKAGES)
@routes.arguments(requests.PackageQuery, location="query")
def list_all(query: dict[str, Any]) -> Response:
    """List packages, newest first."""
    found = packages.listed(g.principal.tenant_id, **query)
    return serializers.listed("packages", found, package_documents.package)


@routes.route("/<package_id>")
@routes.response(200, package_documents.Package, example=package_documents.PACKAGE)
def get(package_id: int) -> Response:
    """Show a package."""
    found = packages.get(g.principal.tenant_id, package_id)
    return json_response(package_documents.package(found))


@routes.route("/<package_id>", methods=["PATCH"])
@routes.response(200, package_documents.Package, example=package_documents.PACKAGE)
@routes.arguments(requests.PackageChanges, example={"max_total_usage": 10_000})
def change(changes: dict[str, Any], package_id: int) -> Response:
    """Change a package; no limit goes below what was used."""
    ids = g.principal.tenant_id, package_id
    changed = packages.update(*ids, changes, utc_now())
    return json_response(package_documents.package(changed))
