"""The locks of a transaction that counts uses of a definition, or gives them back.

`coupon_core/persistence/row_locks.py` has the order in which they are taken.
"""

from datetime import datetime

from coupon_core.domain.models import Definition
from coupon_core.domain.rules.usage_periods import get_period_key
from coupon_core.persistence.repositories import coupons as coupon_repository
from coupon_core.persistence.repositories import definitions as definition_repository
from coupon_core.persistence.repositories import user_usage as user_usage_repository


def lock_counters(
    tenant_id: str, definition_id: str, user_id: str, now: datetime | None
) -> Definition | None:
    """Lock a definition and the counters of a user, and return the definition.

    The caller may then count uses of this user in the period of `now`, give uses of any
    user back, and lock coupons of the definition. With UNASSIGNED no counters of a user
    are locked. Return None if the definition is unknown.
    """
    coupon_repository.announce_coupon_write()
    definition = definition_repository.lock(tenant_id, definition_id)
    if definition:
        period_key = get_period_key(definition, now) if now else ""
        user_usage_repository.lock(definition, user_id, period_key)
    return definition
