"""Routes for packages, except creating them (docs/api-contracts.md 3.3)."""

from typing import Any

from flask import Response, g

from admin_gateway import requests
from admin_gateway.responses import packages as package_responses
from admin_gateway.responses import serializers
from coupon_core.domain.models import utc_now
from coupon_core.services.campaigns import packages
from coupon_core.web.blueprint import JsonBlueprint
from coupon_core.web.responses import json_response

routes = JsonBlueprint("packages", __name__, description="Rewards of creators' codes")


@routes.route("")
@routes.response(
    200, package_responses.PackageListSchema, example=package_responses.PACKAGES
)
@routes.arguments(requests.PackageQuerySchema, location="query")
def list_all(query: dict[str, Any]) -> Response:
    """List packages, newest first."""
    rows_and_total = packages.list_packages(g.principal.tenant_id, **query)
    return serializers.page_response(
        "packages", rows_and_total, package_responses.serialize_package
    )


@routes.route("/<package_id>")
@routes.response(
    200, package_responses.PackageSchema, example=package_responses.PACKAGE
)
def get(package_id: int) -> Response:
    """Return a package."""
    package = packages.get(g.principal.tenant_id, package_id)
    return json_response(package_responses.serialize_package(package))


@routes.route("/<package_id>", methods=["PATCH"])
@routes.response(
    200, package_responses.PackageSchema, example=package_responses.PACKAGE
)
@routes.arguments(requests.UpdatePackageSchema, example={"max_total_usage": 10_000})
def change(changes: dict[str, Any], package_id: int) -> Response:
    """Change a package. No limit can go below the number of uses."""
    package = packages.update(
        g.principal.tenant_id, package_id, changes=changes, now=utc_now()
    )
    return json_response(package_responses.serialize_package(package))
