"""Routes for the audit log; read-only, because only the core writes it."""

from typing import Any

from flask import Response, g

from admin_gateway import requests
from admin_gateway.responses import audit as audit_responses
from admin_gateway.responses import serializers
from coupon_core.domain.models.audit import AuditFilter
from coupon_core.services import audit
from coupon_core.web.blueprint import JsonBlueprint

routes = JsonBlueprint(
    "audit", __name__, description="Log of actions, actors and times"
)


@routes.route("")
@routes.response(
    200, audit_responses.AuditEntryListSchema, example=audit_responses.AUDIT_ENTRIES
)
@routes.arguments(requests.AuditQuerySchema, location="query")
def list_all(query: dict[str, Any]) -> Response:
    """List audit entries, newest first. Entries are never changed or deleted."""
    page = query.pop("page")
    rows_and_total = audit.list_entries(
        g.principal.tenant_id, AuditFilter(**query), page=page
    )
    return serializers.page_response(
        "entries", rows_and_total, audit_responses.serialize_audit_entry
    )
