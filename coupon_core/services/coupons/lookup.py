"""Which coupons a code stands for."""

from datetime import datetime

from coupon_core.domain.models import Coupon, IssuedCoupon
from coupon_core.persistence.id_generation import new_id
from coupon_core.persistence.repositories import code_lookup as code_store
from coupon_core.persistence.repositories import user_usage as usage_store


def find_for_user(
    tenant_id: str, code: str, user_id: str, now: datetime, lock: bool = False
) -> tuple[list[IssuedCoupon], bool]:
    """The coupons that a code means for a user, and whether they exist already.

    When they do not, it is the one that the user would get by claiming the code.
    """
    copies = code_store.find_for_user(tenant_id, code, user_id, lock)
    if copies:
        return copies, True
    unheld = _unheld(tenant_id, code, user_id, now)
    return ([unheld] if unheld and unheld.definition.claimable else []), False


def user_uses(issued: IssuedCoupon, user_id: str) -> int:
    """Uses by a user over all codes of a coupon's definition; 0 if not limited."""
    definition = issued.definition
    if not definition.per_user_limit:
        return 0
    return usage_store.used_by(definition.tenant_id, definition.definition_id, user_id)


def _unheld(
    tenant_id: str, code: str, user_id: str, now: datetime
) -> IssuedCoupon | None:
    """The coupon that a user would get by claiming a shared code.

    Claiming is possible while the definition is paused: the code is already in
    people's hands, and pausing leaves those valid.
    """
    shared = code_store.find_shared(tenant_id, code)
    if shared is None:
        return None
    definition = shared.definition
    ids = tenant_id, new_id(), definition.definition_id, user_id
    coupon = Coupon(*ids, shared.code, now, None, None, 0, shared.revoked_at)
    return IssuedCoupon(coupon, definition, shared.reward_item)
