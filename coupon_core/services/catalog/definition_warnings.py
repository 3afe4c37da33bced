"""Events that warn of definitions that have run out or are about to expire."""

from datetime import datetime, timedelta
from typing import Any

from coupon_core.domain.models import UNASSIGNED, Definition
from coupon_core.domain.timestamps import format_timestamp
from coupon_core.persistence.database import transaction
from coupon_core.persistence.repositories import definition_notices
from coupon_core.persistence.repositories import definitions as definition_repository
from coupon_core.services import outbox

WARNING_PERIOD = timedelta(hours=24)


def announce(tenant_id: str, now: datetime) -> int:
    """Publish the due warnings of a tenant; return how many definitions they concern.

    Each is published once, even if several processes run this at the same time:
    `definition.exhausted` for each exhaustion, `definition.expiring` for each expiry.
    """
    exhaustions = definition_notices.find_changed_exhaustions(tenant_id, now)
    until = now + WARNING_PERIOD
    expiring_ids = definition_notices.find_expiring(tenant_id, now, until)
    for definition_id, _ in exhaustions:
        _announce_exhaustion(tenant_id, definition_id, now)
    for definition_id in expiring_ids:
        _announce_expiry(tenant_id, definition_id, now)
    return len(exhaustions) + len(expiring_ids)


def _announce_exhaustion(tenant_id: str, definition_id: str, now: datetime) -> None:
    """Announce an exhaustion, or record its end, if that is still to be done."""
    with transaction():
        definition = definition_repository.lock(tenant_id, definition_id)
        found = definition_notices.find_changed_exhaustions(
            tenant_id, now, definition_id
        )
        if definition is None or not found:
            return
        ((_, cause),) = found
        definition_notices.set_exhausted_at(definition, now if cause else None)
        if cause:
            _publish("definition.exhausted", definition, now, cause=cause)


def _announce_expiry(tenant_id: str, definition_id: str, now: datetime) -> None:
    with transaction():
        definition = definition_repository.lock(tenant_id, definition_id)
        until = now + WARNING_PERIOD
        if definition is None or not definition_notices.find_expiring(
            tenant_id, now, until, definition_id
        ):
            return
        definition_notices.set_announced_expiry(definition)
        _publish("definition.expiring", definition, now)


def _publish(
    event_type: str, definition: Definition, now: datetime, **members: Any
) -> None:
    data = {
        "definition_id": definition.definition_id,
        "name": definition.name,
        "campaign_id": definition.campaign_id or None,
        "total_limit": definition.total_limit or None,
        "expires_at": format_timestamp(definition.expires_at),
        **members,
    }
    event = outbox.build_event(
        definition.tenant_id, event_type, subject=UNASSIGNED, data=data, now=now
    )
    outbox.add([event])
