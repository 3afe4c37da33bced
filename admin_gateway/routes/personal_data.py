"""Routes for the personal data of a user (docs/api-contracts.md 0.42)."""

from typing import Any

from flask import g

from admin_gateway.requests.personal_data import ErasureRequestSchema
from admin_gateway.responses.personal_data import (
    ErasureSchema,
    PersonalDataSchema,
    to_erasure_document,
    to_preview_document,
)
from coupon_core.domain.models import utc_now
from coupon_core.schemas.base import Document
from coupon_core.services.privacy import personal_data
from coupon_core.web.blueprint import JsonBlueprint
from coupon_core.web.idempotency import multi_transaction
from coupon_core.web.slow_requests import slow_request

routes = JsonBlueprint("personal_data", __name__, description="Data about one user")


@routes.route("/<user_id>/export")
@routes.response(200, PersonalDataSchema)
@slow_request
def export(user_id: str) -> Document:
    """Return everything that is stored about a user; the export is audited."""
    rows = personal_data.export(g.principal.tenant_id, user_id)
    return {"user_id": user_id, "exported_at": utc_now(), "data": rows}


@routes.route("/<user_id>/erase", methods=["POST"])
@routes.response(200, ErasureSchema)
@routes.arguments(ErasureRequestSchema, required=False, example={"dry_run": False})
@multi_transaction
@slow_request
def erase(body: dict[str, Any], user_id: str) -> Document:
    """Replace a user's ID by a pseudonym everywhere. This cannot be undone.

    Counts and limits stay exact, and redemptions can still be found by their ID.
    Metadata, references and details of the user are deleted. Afterwards the same ID is
    a new user. After a 503, send the request again: it continues. With `dry_run`
    nothing changes.
    """
    tenant_id = g.principal.tenant_id
    if body["dry_run"]:
        return to_preview_document(personal_data.preview_erasure(tenant_id, user_id))
    erasure = personal_data.erase(tenant_id, user_id, utc_now())
    return to_erasure_document(erasure)
