"""Coupons as Mambo knows them: a definition with its terms, its codes and its looks."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Any

from coupon_core.domain import codes as code_rules
from coupon_core.domain.models import (
    NOBODY,
    AdminReason,
    CodeFormat,
    Coupon,
    Definition,
    DefinitionStatus,
    Page,
    PurchaseReason,
    Reason,
    Refused,
)
from coupon_core.domain.models.filters import OfferFilter
from coupon_core.domain.models.offers import (
    BuyMode,
    MamboCoupon,
    Offer,
    OfferedCoupon,
    Usage,
)
from coupon_core.persistence.database import Busy, transaction
from coupon_core.persistence.id_generation import new_id
from coupon_core.persistence.repositories import code_lookup as code_store
from coupon_core.persistence.repositories import coupons as coupon_store
from coupon_core.persistence.repositories import definitions as definition_store
from coupon_core.persistence.repositories import offers as store
from coupon_core.persistence.repositories import tenants as tenant_store
from coupon_core.services import audit
from coupon_core.services.catalog import definitions, reward_items

LONGEST_NAME = 255
CLONED_CODE_LENGTH = 8


@dataclass(frozen=True, slots=True)
class Wanted:
    """A coupon as it shall be: members of Definition, Offer and MamboCoupon."""

    definition: Mapping[str, Any]
    offer: Mapping[str, Any]
    shown: Mapping[str, Any]
    codes: Sequence[str] = ()
    is_active: bool = True
    reward: Mapping[str, Any] = field(default_factory=dict)


def terms(definition: Definition) -> Offer:
    """The terms of a definition's coupons; not for sale unless said otherwise."""
    said = store.get(definition.tenant_id, definition.definition_id)
    return said or store.unsaid_offer(definition)


def is_deleted(tenant_id: str, definition_id: str) -> bool:
    """True when the definition was deleted in Mambo."""
    return store.is_deleted(tenant_id, definition_id)


def get(tenant_id: str, definition_id: str) -> OfferedCoupon:
    """One definition as Mambo sees it. Refused when unknown, or deleted there."""
    found = store.find(tenant_id, definition_id)
    if found is None:
        raise Refused(Reason.COUPON_NOT_FOUND)
    return found


def listed(tenant_id: str, which: OfferFilter, page: Page) -> list[OfferedCoupon]:
    """Definitions as Mambo sees them, newest first."""
    return store.listed(tenant_id, which, page)


def by_id(tenant_id: str, definition_ids: Set[str]) -> dict[str, OfferedCoupon]:
    """Some definitions as Mambo sees them, by id; those deleted there are left out."""
    return store.by_id(tenant_id, definition_ids)


def codes_of(offered: OfferedCoupon) -> list[str]:
    """The codes that were listed for a definition, in their order."""
    return store.listed_codes(offered.definition)


def create(tenant_id: str, wanted: Wanted, now: datetime) -> OfferedCoupon:
    """Add a coupon: reward item, definition, terms and codes, all or nothing.

    Refused when a name or code is taken.
    """
    with transaction():
        tenant_store.lock(tenant_id)
        item = reward_items.add(tenant_id, _reward(wanted), now)
        fields = {
            **_definition_members(wanted),
            "awarded_only": True,
            "reward_item_id": item.item_id,
        }
        definition = definitions.draft(tenant_id, fields, now)
        definition = replace(definition, status=_status(wanted))
        definitions.add(definition)
        _write(definition, wanted, now)
    return get(tenant_id, definition.definition_id)


def update(
    tenant_id: str, definition_id: str, wanted: Wanted, now: datetime
) -> OfferedCoupon:
    """Replace a coupon; codes are added to a list, and none is taken away.

    Refused when unknown or made elsewhere, or when its coupons forbid the change.
    """
    with transaction():
        coupon_store.still()
        tenant_store.lock(tenant_id)
        before = _own(tenant_id, definition_id)
        changes = {**_definition_members(wanted), "status": _status(wanted)}
        after = definitions.change(before.definition, changes, now)
        reward_items.change(before.reward_item, _reward(wanted), now)
        _write(after, wanted, now)
    return get(tenant_id, definition_id)


def delete(tenant_id: str, definition_ids: Sequence[str], now: datetime) -> None:
    """End coupons, so that Mambo shows them no more; all or none.

    Their history stays, and so their codes stay taken. Refused when one is unknown.
    """
    with transaction():
        for definition_id in sorted(set(definition_ids)):
            offered = _own(tenant_id, definition_id)
            archived = replace(
                offered.definition, status=DefinitionStatus.ARCHIVED, updated_at=now
            )
            definition_store.update(archived)
            store.show(replace(offered.shown, deleted_at=now))
            audit.record(tenant_id, "definition.archived", definition_id)


def clone(tenant_id: str, definition_id: str, now: datetime) -> OfferedCoupon:
    """A coupon on the same terms, not active yet, with a code of its own.

    The clone of a list has no codes yet. Refused when unknown or made elsewhere.
    """
    offered = _of_mambo(get(tenant_id, definition_id))
    return create(tenant_id, _wanted_again(offered), now)


def _wanted_again(offered: OfferedCoupon) -> Wanted:
    definition, offer, shown = offered.definition, offered.offer, offered.shown
    kept = "code_format", "expires_at", "per_code_limit", "total_limit"
    suffix = f" copy {new_id()[-6:]}"
    return Wanted(
        definition={
            **{name: getattr(definition, name) for name in kept},
            "name": definition.name[: LONGEST_NAME - len(suffix)] + suffix,
            "custom_code": _drawn_code(definition),
        },
        offer=_members(offer, Offer),
        shown=_members(shown, MamboCoupon),
        is_active=False,
        reward={
            "reward_type": offered.reward_item.reward_type,
            "payload": offered.reward_item.payload,
        },
    )


def _drawn_code(definition: Definition) -> str:
    if definition.code_format != CodeFormat.CUSTOM:
        return ""
    (code,) = code_rules.random_codes(
        1, "", CLONED_CODE_LENGTH, definition.code_alphabet
    )
    return code


def _members(value: Any, of: type) -> dict[str, Any]:
    ids = {"tenant_id", "definition_id", "deleted_at"}
    names = {one.name for one in fields(of)} - ids
    return {name: getattr(value, name) for name in names}


def _own(tenant_id: str, definition_id: str) -> OfferedCoupon:
    """A coupon that may be changed, its definition locked. Refused."""
    definition = definition_store.lock(tenant_id, definition_id)
    found = _of_mambo(get(tenant_id, definition_id))
    return replace(found, definition=definition or found.definition)


def _of_mambo(offered: OfferedCoupon) -> OfferedCoupon:
    if not offered.definition.awarded_only:
        raise Refused(PurchaseReason.MADE_ELSEWHERE)
    return offered


def _status(wanted: Wanted) -> DefinitionStatus:
    active = wanted.is_active
    return DefinitionStatus.ACTIVE if active else DefinitionStatus.ARCHIVED


def _definition_members(wanted: Wanted) -> dict[str, Any]:
    """The definition's own, with the uses of one coupon that the terms allow."""
    offer = {"mode": BuyMode.TWO_STEP, "points": 0, **wanted.offer}
    in_one_step = offer["points"] > 0 and offer["mode"] == BuyMode.ONE_STEP
    once = wanted.offer.get("usage") != Usage.MULTI or in_one_step
    return {**wanted.definition, "per_code_limit": 1 if once else 0}


def _reward(wanted: Wanted) -> dict[str, Any]:
    name = wanted.definition["name"]
    return {"name": name, "description": "", **wanted.reward}


def _write(definition: Definition, wanted: Wanted, now: datetime) -> None:
    ids = definition.tenant_id, definition.definition_id
    store.put(Offer(*ids, **wanted.offer))
    store.show(MamboCoupon(*ids, **wanted.shown))
    if wanted.codes:
        _list_codes(definition, wanted.codes, now)


def _list_codes(definition: Definition, given: Sequence[str], now: datetime) -> None:
    """Add codes to a list, but those that it has. Refused when others have one."""
    known = {code_rules.lookup_key(code) for code in store.listed_codes(definition)}
    new = [code for code in given if code_rules.lookup_key(code) not in known]
    tenant_id = definition.tenant_id
    taken = code_store.taken_by_shared_codes(tenant_id, new)
    taken |= code_store.taken_by_coupons(tenant_id, new)
    if taken:
        text = f"codes: {', '.join(sorted(taken)[:10])} in use already"
        raise Refused(AdminReason.CODE_TAKEN, text)
    drafts = [_unassigned(definition, code, now) for code in new]
    if len(coupon_store.insert_new(drafts, definition)) < len(drafts):
        raise Busy("a code was taken just now")


def _unassigned(definition: Definition, code: str, now: datetime) -> Coupon:
    ids = definition.tenant_id, new_id(), definition.definition_id, NOBODY
    return Coupon(*ids, code, now, None, None, 0, None)
