"""Routes for packages, except creating them (docs/api-contracts.md 3.3)."""

from typing import Any

from flask import g

from admin_gateway.requests.packages import PackageQuerySchema, UpdatePackageSchema
from admin_gateway.responses.packages import PackageListSchema, PackageSchema
from admin_gateway.responses.serializers import to_page
from coupon_core.domain.models import utc_now
from coupon_core.domain.models.packages import PackageWithDefinition
from coupon_core.schemas.base import Document
from coupon_core.services.campaigns import packages
from coupon_core.web.blueprint import JsonBlueprint

routes = JsonBlueprint("packages", __name__, description="Rewards of creators' codes")


@routes.route("")
@routes.response(200, PackageListSchema)
@routes.arguments(PackageQuerySchema, location="query")
def list_all(query: dict[str, Any]) -> Document:
    """List packages, newest first."""
    return to_page("packages", packages.list_packages(g.principal.tenant_id, **query))


@routes.route("/<package_id>")
@routes.response(200, PackageSchema)
def get(package_id: int) -> PackageWithDefinition:
    """Return a package."""
    return packages.get(g.principal.tenant_id, package_id)


@routes.route("/<package_id>", methods=["PATCH"])
@routes.response(200, PackageSchema)
@routes.arguments(UpdatePackageSchema, example={"max_total_usage": 10_000})
def change(changes: dict[str, Any], package_id: int) -> PackageWithDefinition:
    """Change a package. No limit can go below the number of uses."""
    return packages.update(
        g.principal.tenant_id, package_id, changes=changes, now=utc_now()
    )
