"""Routes for the audit log; read-only, because only the core writes it."""

from typing import Any

from flask import g

from admin_gateway.requests.audit import AuditQuerySchema
from admin_gateway.responses.audit import AuditEntryListSchema
from admin_gateway.responses.serializers import to_page
from coupon_core.domain.models.audit import AuditFilter
from coupon_core.schemas.base import Document
from coupon_core.services import audit
from coupon_core.web.blueprint import JsonBlueprint

routes = JsonBlueprint(
    "audit", __name__, description="Log of actions, actors and times"
)


@routes.route("")
@routes.response(200, AuditEntryListSchema)
@routes.arguments(AuditQuerySchema, location="query")
def list_all(query: dict[str, Any]) -> Document:
    """List audit entries, newest first. They are kept as long as the settings say."""
    page = query.pop("page")
    return to_page(
        "entries",
        audit.list_entries(g.principal.tenant_id, AuditFilter(**query), page=page),
    )
