"""Create, read and change Mambo coupons.

A Mambo coupon is a definition with its terms of sale, its codes and its presentation.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from functools import partial
from typing import Any

from coupon_core.domain.models import (
    Definition,
    DefinitionStatus,
    Page,
    PurchaseReason,
    Reason,
    Refused,
)
from coupon_core.domain.models.filters import OfferFilter
from coupon_core.domain.models.offers import (
    Offer,
    OfferDisplay,
    OfferedCoupon,
    PurchaseMode,
    UsageMode,
)
from coupon_core.persistence.database import transaction
from coupon_core.persistence.repositories import coupons as coupon_repository
from coupon_core.persistence.repositories import definitions as definition_repository
from coupon_core.persistence.repositories import offers as offer_repository
from coupon_core.persistence.repositories import tenants as tenant_repository
from coupon_core.services import audit
from coupon_core.services.catalog import definitions, reward_items
from coupon_core.services.errors import require_found
from coupon_core.services.points.listed_codes import add_listed_codes
from coupon_core.services.points.offer_names import (
    generate_copy_code,
    generate_copy_name,
    write_under_free_name,
)


@dataclass(frozen=True, slots=True)
class OfferDraft:
    """The requested state: members of `Definition`, `Offer` and `OfferDisplay`."""

    definition: Mapping[str, Any]
    offer: Mapping[str, Any]
    display: Mapping[str, Any]
    codes: Sequence[str] = ()
    is_active: bool = True
    reward: Mapping[str, Any] = field(default_factory=dict)


def get_terms(definition: Definition) -> Offer:
    """Return the terms of a definition's coupons; by default they are not for sale."""
    stored_offer = offer_repository.get(definition.tenant_id, definition.definition_id)
    return stored_offer or offer_repository.create_default_offer(definition)


def is_deleted(tenant_id: str, definition_id: str) -> bool:
    """Return True if the definition was deleted in Mambo."""
    return offer_repository.is_deleted(tenant_id, definition_id)


def get(tenant_id: str, definition_id: str) -> OfferedCoupon:
    """Return a Mambo coupon; refuse if it does not exist or was deleted in Mambo."""
    return require_found(
        offer_repository.find(tenant_id, definition_id), Reason.COUPON_NOT_FOUND
    )


def list_offered_coupons(
    tenant_id: str, offer_filter: OfferFilter, page: Page
) -> list[OfferedCoupon]:
    """Return a page of Mambo coupons, newest first."""
    return offer_repository.list_offered_coupons(tenant_id, offer_filter, page)


def list_codes(offered: OfferedCoupon) -> list[str]:
    """Return the codes that were listed for a definition, in their order."""
    return offer_repository.list_codes(offered.definition)


def create(tenant_id: str, draft: OfferDraft, now: datetime) -> OfferedCoupon:
    """Create a Mambo coupon: reward item, definition, terms and codes.

    Raises:
        Refused: A code is taken.
    """
    with transaction():
        tenant_repository.lock(tenant_id)
        item = reward_items.create_in_transaction(
            tenant_id, _to_reward_members(draft), now
        )
        fields = {
            **_to_definition_members(draft),
            "awarded_only": True,
            "reward_item_id": item.item_id,
        }
        definition = definitions.build_definition(tenant_id, fields, now)
        definition = write_under_free_name(
            partial(_insert, replace(definition, status=_to_status(draft))),
            definition.name,
            definition_id=definition.definition_id,
        )
        _write_terms_and_codes(definition, draft, now)
    return get(tenant_id, definition.definition_id)


def update(
    tenant_id: str, definition_id: str, draft: OfferDraft, now: datetime
) -> OfferedCoupon:
    """Replace a Mambo coupon; codes are added to a list but never removed.

    Raises:
        Refused: It does not exist, was not created in Mambo, or its issued coupons do
            not allow the change.
    """
    with transaction():
        coupon_repository.lock_coupons_exclusively()
        tenant_repository.lock(tenant_id)
        before = _lock_editable_coupon(tenant_id, definition_id)
        changes = {**_to_definition_members(draft), "status": _to_status(draft)}
        after = write_under_free_name(
            partial(_update, before.definition, changes, now),
            # The admin gateway may have renamed the definition.
            before.definition.name
            if before.name == changes["name"]
            else changes["name"],
            definition_id=definition_id,
        )
        reward_items.update_in_transaction(
            before.reward_item, _to_reward_members(draft), now
        )
        _write_terms_and_codes(after, draft, now)
    return get(tenant_id, definition_id)


def _insert(definition: Definition, name: str) -> Definition:
    named = replace(definition, name=name)
    definitions.insert_in_transaction(named)
    return named


def _update(
    before: Definition, changes: Mapping[str, Any], now: datetime, name: str
) -> Definition:
    return definitions.update_in_transaction(before, {**changes, "name": name}, now)


def delete(tenant_id: str, definition_ids: Sequence[str], now: datetime) -> None:
    """Archive Mambo coupons and hide them in Mambo, all of them or none.

    Their history remains, therefore their codes cannot be used again.

    Raises:
        Refused: One of them does not exist or was not created in Mambo.
    """
    ids = sorted(set(definition_ids))
    with transaction():
        for definition in definition_repository.lock_all(tenant_id, ids):
            _require_made_in_mambo(definition)
        if offer_repository.mark_deleted(tenant_id, ids, now) < len(ids):
            raise Refused(Reason.COUPON_NOT_FOUND)
        definition_repository.archive_all(tenant_id, ids, now)
        audit.record_each(tenant_id, "definition.archived", ids)


def clone(tenant_id: str, definition_id: str, now: datetime) -> OfferedCoupon:
    """Create an inactive coupon with the same terms and a new code.

    The clone of a list has no codes.

    Raises:
        Refused: The coupon does not exist or was not created in Mambo.
    """
    offered = get(tenant_id, definition_id)
    _require_made_in_mambo(offered.definition)
    return create(tenant_id, _build_clone_draft(offered), now)


def _build_clone_draft(offered: OfferedCoupon) -> OfferDraft:
    definition, offer, display = offered.definition, offered.offer, offered.display
    copied_fields = "code_format", "expires_at", "per_code_limit", "total_limit"
    return OfferDraft(
        definition={
            **{name: getattr(definition, name) for name in copied_fields},
            "name": generate_copy_name(offered.name),
            "custom_code": generate_copy_code(definition),
        },
        offer=_get_member_values(offer, Offer),
        display=_get_member_values(display, OfferDisplay),
        is_active=False,
        reward={
            "reward_type": offered.reward_item.reward_type,
            "payload": offered.reward_item.payload,
        },
    )


def _get_member_values(value: Any, model_class: type) -> dict[str, Any]:
    excluded_names = {"tenant_id", "definition_id", "deleted_at", "name"}
    names = {member.name for member in fields(model_class)} - excluded_names
    return {name: getattr(value, name) for name in names}


def _lock_editable_coupon(tenant_id: str, definition_id: str) -> OfferedCoupon:
    """Lock and return a coupon; refuse if it was not created in Mambo."""
    definition = definition_repository.lock(tenant_id, definition_id)
    offered = get(tenant_id, definition_id)
    _require_made_in_mambo(offered.definition)
    return replace(offered, definition=definition or offered.definition)


def _require_made_in_mambo(definition: Definition) -> None:
    if not definition.awarded_only:
        raise Refused(PurchaseReason.MADE_ELSEWHERE)


def _to_status(draft: OfferDraft) -> DefinitionStatus:
    active = draft.is_active
    return DefinitionStatus.ACTIVE if active else DefinitionStatus.ARCHIVED


def _to_definition_members(draft: OfferDraft) -> dict[str, Any]:
    """Return the members of the definition, with the limit that the terms imply."""
    offer = {"mode": PurchaseMode.TWO_STEP, "points": 0, **draft.offer}
    in_one_step = offer["points"] > 0 and offer["mode"] == PurchaseMode.ONE_STEP
    is_single_use = draft.offer.get("usage") != UsageMode.MULTI or in_one_step
    return {**draft.definition, "per_code_limit": 1 if is_single_use else 0}


def _to_reward_members(draft: OfferDraft) -> dict[str, Any]:
    name = draft.definition["name"]
    return {"name": name, "description": "", **draft.reward}


def _write_terms_and_codes(
    definition: Definition, draft: OfferDraft, now: datetime
) -> None:
    tenant_id, definition_id = definition.tenant_id, definition.definition_id
    offer_repository.put(Offer(tenant_id, definition_id, **draft.offer))
    name = draft.definition["name"]
    offer_repository.put_display(
        OfferDisplay(tenant_id, definition_id, **draft.display, name=name)
    )
    if draft.codes:
        add_listed_codes(definition, draft.codes, now)
