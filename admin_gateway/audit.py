"""The audit log over HTTP: read only, for nobody writes it but the core."""

from typing import Any

from flask import Response, g

from admin_gateway import answers, schemas
from admin_gateway import audit_documents as documents
from coupon_core import audit
from coupon_core.model.audit import AuditFilter
from coupon_core.web.blueprints import JsonBlueprint

routes = JsonBlueprint("audit", __name__, description="Who did what, and when")


@routes.route("")
@routes.response(200, documents.Entries, example=documents.ENTRIES)
@routes.arguments(schemas.AuditQuery, location="query")
def list_all(query: dict[str, Any]) -> Response:
    """List what was done, newest first; no entry is ever changed or removed."""
    page = query.pop("page")
    found = audit.listed(g.principal.tenant_id, AuditFilter(**query), page)
    return answers.listed("entries", found, documents.entry)
