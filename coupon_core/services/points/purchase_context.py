"""Load and lock the data that decides about buying, redeeming and refunding."""

from dataclasses import replace
from datetime import datetime

from coupon_core.domain.models import (
    NO_USAGE,
    CodeFormat,
    Definition,
    IssuedCoupon,
    Reason,
    Refused,
)
from coupon_core.domain.models.offers import Offer
from coupon_core.domain.models.purchases import (
    Action,
    ActivityRequest,
    PurchaseContext,
)
from coupon_core.domain.rules.redemption import total_limit_counts_awards
from coupon_core.persistence.repositories import awards as award_repository
from coupon_core.persistence.repositories import code_lookup as code_lookup_repository
from coupon_core.persistence.repositories import coupons as coupon_repository
from coupon_core.persistence.repositories import points as point_repository
from coupon_core.persistence.repositories import tenants as tenant_repository
from coupon_core.persistence.repositories import users as user_repository
from coupon_core.services.coupons import lookup, reservation_endings, use_locks
from coupon_core.services.coupons.code_reading import read_code
from coupon_core.services.points import offers


def load_purchase_context(request: ActivityRequest, now: datetime) -> PurchaseContext:
    """Load the context of an activity and lock it until the transaction ends.

    Raises:
        Refused: The code is unknown.
    """
    request = replace(request, code=read_code(request.tenant_id, request.code))
    definition = _lock_definition(request, now)
    if definition is None:
        raise Refused(Reason.COUPON_NOT_FOUND)
    offer = offers.get_terms(definition)
    candidate_ids = _list_candidate_ids(request, definition, offer, now=now)
    reservation_endings.reclaim(definition, request.user_id, now, candidate_ids)
    return _read_context(request, definition, offer, now=now, lock=True)


def read_purchase_context(
    request: ActivityRequest, definition: Definition, now: datetime
) -> PurchaseContext:
    """Return the context of an activity with a normalized code of the definition."""
    offer = offers.get_terms(definition)
    return _read_context(request, definition, offer, now=now, lock=False)


def _read_context(
    request: ActivityRequest,
    definition: Definition,
    offer: Offer,
    now: datetime,
    lock: bool,
) -> PurchaseContext:
    copies, exists = _find_copies(request, definition, offer, now=now, lock=lock)
    return PurchaseContext(
        definition=definition,
        offer=offer,
        user=user_repository.get(request.tenant_id, request.user_id),
        copies=copies,
        is_claim=not exists,
        usage=lookup.get_user_usage(copies, request.user_id, now)
        if copies
        else NO_USAGE,
        has_stock=_has_stock(definition, now),
        balance=point_repository.get_balance(
            request.tenant_id, request.user_id, offer.point_id
        ),
    )


def _lock_definition(request: ActivityRequest, now: datetime) -> Definition | None:
    """Lock and return the definition of a code, independent of its holder."""
    tenant_id = request.tenant_id
    coupon_repository.announce_coupon_write()
    # Serializes this with writers of codes, so that no code is taken twice.
    tenant_repository.lock_shared(tenant_id)
    definition_id = _find_definition_id(tenant_id, request.code)
    if definition_id is None or offers.is_deleted(tenant_id, definition_id):
        return None
    return use_locks.lock_counters(
        tenant_id,
        definition_id,
        user_id=request.user_id,
        now=now if request.action == Action.REDEEM else None,
    )


def _find_definition_id(tenant_id: str, code: str) -> str | None:
    shared = code_lookup_repository.find_shared_code(tenant_id, code)
    if shared:
        return shared.definition.definition_id
    owned = code_lookup_repository.find_for_tenant(tenant_id, code)
    return owned[0].definition.definition_id if owned else None


def _list_candidate_ids(
    request: ActivityRequest, definition: Definition, offer: Offer, now: datetime
) -> list[str]:
    """Return the coupons that the activity locks, with the next one of a list."""
    copies, _ = _find_copies(request, definition, offer, now=now, lock=False)
    next_ids = award_repository.list_next_ids(definition, now)
    return [*(copy.coupon.coupon_id for copy in copies), *next_ids]


def _find_copies(
    request: ActivityRequest,
    definition: Definition,
    offer: Offer,
    now: datetime,
    lock: bool,
) -> tuple[list[IssuedCoupon], bool]:
    """Return the user's coupons, and whether they are stored already.

    When any code of a list can be used to buy, these are all coupons of the definition
    that the user holds; otherwise only those with the requested code.
    """
    by_any_code = definition.awarded_only and request.action == Action.BUY
    if by_any_code or offer.is_one_step_purchase:
        coupons = award_repository.list_user_coupons(definition, request.user_id, lock)
        return list(coupons), True
    return lookup.find_for_user(
        request.tenant_id, request.code, user_id=request.user_id, now=now, lock=lock
    )


def _has_stock(definition: Definition, now: datetime) -> bool:
    if definition.code_format == CodeFormat.LISTED:
        return bool(award_repository.list_unassigned(definition, 1, now))
    return (
        not total_limit_counts_awards(definition)
        or definition.used_count < definition.total_limit
    )
