"""The status of a definition: active, paused or archived."""

from dataclasses import replace
from datetime import datetime

from coupon_core.domain.models import AdminReason, Definition, DefinitionStatus
from coupon_core.persistence.database import transaction
from coupon_core.persistence.repositories import definitions as definition_repository
from coupon_core.services import audit
from coupon_core.services.catalog import definition_checks
from coupon_core.services.errors import require_found

AUDIT_ACTIONS = {
    DefinitionStatus.ACTIVE: "activated",
    DefinitionStatus.PAUSED: "paused",
    DefinitionStatus.ARCHIVED: "archived",
}


def set_status(
    tenant_id: str, definition_id: str, status: DefinitionStatus, now: datetime
) -> Definition:
    """Pause, activate or archive a definition (idempotent).

    Raises:
        Refused: The definition is unknown, or its package or campaign is not in use.
    """
    with transaction():
        before = require_found(
            definition_repository.lock(tenant_id, definition_id),
            AdminReason.DEFINITION_NOT_FOUND,
        )
        definition_checks.require_in_use(before, status)
        if before.status == status:
            return before
        after = replace(before, status=status, updated_at=now)
        definition_repository.update(after)
        action = f"definition.{AUDIT_ACTIONS[status]}"
        audit.record(tenant_id, action, definition_id, before=before, after=after)
    return after
