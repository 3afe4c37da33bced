"""Packages: claimable definitions whose codes creators hand out (CONTRACTS 3.3)."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

from coupon_core.domain import codes
from coupon_core.domain.models import (
    AdminReason,
    CodeFormat,
    Definition,
    Page,
    Refused,
    RewardItem,
)
from coupon_core.domain.models.campaigns import Campaign
from coupon_core.domain.models.packages import (
    Attribution,
    CodeUse,
    DefinedPackage,
    Package,
)
from coupon_core.domain.rules.packages import in_campaign, reward_item
from coupon_core.persistence.database import Busy, transaction
from coupon_core.persistence.id_generation import new_id, new_number
from coupon_core.persistence.repositories import campaigns as campaign_store
from coupon_core.persistence.repositories import coupons as coupon_store
from coupon_core.persistence.repositories import definitions as definition_store
from coupon_core.persistence.repositories import packages as store
from coupon_core.persistence.repositories import reward_items as reward_store
from coupon_core.services import audit
from coupon_core.services.catalog import definitions

LIMITS = frozenset({"per_code_limit", "per_user_limit", "total_limit"})
NAME_TAKEN = "item_name: a definition has the name that the package would have"
BELOW_USES = "limits: more uses than that have been made"
DEFAULTS: Mapping[str, Any] = {
    "item_description": {},
    "is_active": True,
    "starts_at": None,
    "ends_at": None,
    "per_code_limit": 1,
    "per_user_limit": 0,
    "total_limit": 0,
}


def create(
    tenant_id: str, campaign_id: str, fields: Mapping[str, Any], now: datetime
) -> DefinedPackage:
    """Add a package to a campaign: members of `Package`, and the three limits.

    It makes the definition that it is, and the reward item that its lines are.
    """
    members = {**DEFAULTS, **fields}
    limits = {name: members.pop(name) for name in LIMITS}
    with transaction(), _taken_names():
        campaign = _campaign(campaign_store.lock(tenant_id, campaign_id))
        package = Package(
            tenant_id=tenant_id,
            package_id=new_number(now),
            definition_id=new_id(),
            campaign_id=campaign_id,
            package_no=store.next_number(tenant_id, campaign_id),
            created_at=now,
            updated_at=now,
            **members,
        )
        item = reward_item(package, new_id(), now)
        offer = DefinedPackage(
            package, _definition(package, campaign, item, limits, now)
        )
        reward_store.insert(item)
        definition_store.insert(offer.definition)
        store.insert(package)
        audit.record(tenant_id, "package.created", str(package.package_id))
    return offer


def _definition(
    package: Package,
    campaign: Campaign,
    item: RewardItem,
    limits: Mapping[str, int],
    now: datetime,
) -> Definition:
    plain = {
        "name": package.definition_id,
        "reward_item_id": item.item_id,
        "code_format": CodeFormat.SHARED,
        "claimable": True,
        **limits,
    }
    made = definitions.draft(package.tenant_id, plain, now)
    named = replace(made, definition_id=package.definition_id)
    return in_campaign(named, package, campaign, now)


def update(
    tenant_id: str, package_id: int, changes: Mapping[str, Any], now: datetime
) -> DefinedPackage:
    """Change members of a package or its limits; none goes below what was used."""
    limits = {name: changes[name] for name in changes.keys() & LIMITS}
    for stills in (_differ(limits, get(tenant_id, package_id)), True):
        with transaction(), _taken_names():
            before = _hold(tenant_id, package_id, stills)
            if stills or not _differ(limits, before):
                return _change(before, limits, changes, now)
    raise AssertionError("unreachable: coupons were held still")


def _differ(limits: Mapping[str, int], offer: DefinedPackage) -> bool:
    return any(getattr(offer.definition, name) != limits[name] for name in limits)


def _hold(tenant_id: str, package_id: int, stills: bool) -> DefinedPackage:
    """A package that stays as it is; its coupons too, which limits depend on."""
    if stills:
        coupon_store.still()
    package = get(tenant_id, package_id).package
    campaign_store.lock(tenant_id, package.campaign_id)
    definition_store.lock(tenant_id, package.definition_id)
    return get(tenant_id, package_id)


def _change(
    before: DefinedPackage,
    limits: Mapping[str, int],
    changes: Mapping[str, Any],
    now: datetime,
) -> DefinedPackage:
    """Change a package that is held: what is its own, then its limits."""
    own = {name: changes[name] for name in changes.keys() - LIMITS}
    after = _change_own(before, own, now) if own else before
    if limits:
        after = replace(after, definition=_limit(after.definition, limits, now))
    ids = after.package.tenant_id, "package.changed", str(after.package.package_id)
    audit.record(*ids, changed=changes)
    return after


def _limit(
    definition: Definition, limits: Mapping[str, int], now: datetime
) -> Definition:
    try:
        return definitions.change(definition, limits, now)
    except Refused as refused:
        if refused.reason == AdminReason.LIMIT_BELOW_USES:
            raise Refused(refused.reason, BELOW_USES) from refused
        raise


def _change_own(
    before: DefinedPackage, changes: Mapping[str, Any], now: datetime
) -> DefinedPackage:
    after = _changed(before, changes, now)
    store.update(after.package)
    definition_store.update(after.definition)
    if "rewards" in changes or "item_name" in changes:
        _update_reward(after, now)
    return after


def _changed(
    offer: DefinedPackage, changes: Mapping[str, Any], now: datetime
) -> DefinedPackage:
    before = offer.package
    campaign = _campaign(campaign_store.get(before.tenant_id, before.campaign_id))
    package = replace(before, **changes, updated_at=now)
    return DefinedPackage(
        package, in_campaign(offer.definition, package, campaign, now)
    )


def _update_reward(offer: DefinedPackage, now: datetime) -> None:
    package, item_id = offer.package, offer.definition.reward_item_id
    before = reward_store.lock(package.tenant_id, item_id)
    if before is None:
        raise Busy("the reward item has just gone")
    item = reward_item(package, item_id, now)
    reward_store.update(replace(item, created_at=before.created_at))


def settle(campaign: Campaign, now: datetime) -> None:
    """Let the packages of a campaign follow it; the caller holds the campaign."""
    for offer in store.of_campaign(campaign.tenant_id, campaign.campaign_id):
        ids = campaign.tenant_id, offer.package.definition_id
        held = definition_store.lock(*ids) or offer.definition
        after = in_campaign(held, offer.package, campaign, now)
        if after != held:
            definition_store.update(after)


def get(tenant_id: str, package_id: int) -> DefinedPackage:
    """One package. Refused when there is none."""
    offer = store.get(tenant_id, package_id)
    if offer is None:
        raise Refused(AdminReason.PACKAGE_NOT_FOUND)
    return offer


def listed(
    tenant_id: str, page: Page, campaign_id: str | None = None
) -> tuple[list[DefinedPackage], int]:
    """A tenant's packages, newest first, and how many match in all."""
    return store.listed(tenant_id, page, campaign_id)


def of_campaign(tenant_id: str, campaign_id: str) -> Sequence[DefinedPackage]:
    """The packages of a campaign by number. Refused when it is unknown."""
    _campaign(campaign_store.get(tenant_id, campaign_id))
    return store.of_campaign(tenant_id, campaign_id)


def attribution(tenant_id: str, code: str) -> Attribution:
    """Whose code it is, and of which package; empty for other codes."""
    plain = codes.normalize(code)
    return store.attribution(tenant_id, plain) if plain else Attribution()


def used_by(tenant_id: str, user_id: str, page: Page) -> tuple[list[CodeUse], int]:
    """A user's uses of any codes, newest first, and how many there are in all."""
    return store.used_by(tenant_id, user_id, page)


@contextmanager
def _taken_names() -> Iterator[None]:
    try:
        yield
    except definition_store.NameTaken as error:
        raise Refused(AdminReason.NAME_TAKEN, NAME_TAKEN) from error


def _campaign(campaign: Campaign | None) -> Campaign:
    if campaign is None:
        raise Refused(AdminReason.CAMPAIGN_NOT_FOUND)
    return campaign
