"""Creators, and the codes that they are given to hand out."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from coupon_core.domain import codes
from coupon_core.domain.models import AdminReason, Page, Refused
from coupon_core.domain.models.campaigns import Stats
from coupon_core.domain.models.creators import Creator, CreatorCode, CreatorStatus
from coupon_core.domain.models.packages import DefinedPackage
from coupon_core.persistence.database import transaction
from coupon_core.persistence.id_generation import new_number
from coupon_core.persistence.repositories import campaigns as campaign_store
from coupon_core.persistence.repositories import code_lookup as code_store
from coupon_core.persistence.repositories import creator_codes as creator_code_store
from coupon_core.persistence.repositories import creators as store
from coupon_core.persistence.repositories import tenants as tenant_store
from coupon_core.services import audit
from coupon_core.services.campaigns import packages

MOST_AT_ONCE = 1_000
MOST_OF_CREATOR = 10_000
ROUNDS = 5  # in which free codes are looked for
DEFAULT_PATTERN = "CREATOR-{creator}-{number}"
DEFAULTS: Mapping[str, Any] = {"genre": None, "status": CreatorStatus.ACTIVE}


def create(
    tenant_id: str, creator_key: str, fields: Mapping[str, Any], now: datetime
) -> Creator:
    """Add a creator from members of `Creator`. Refused when the key is taken."""
    creator = Creator(
        tenant_id=tenant_id,
        creator_key=creator_key,
        creator_id=new_number(now),
        created_at=now,
        updated_at=now,
        **{**DEFAULTS, **fields},
    )
    with transaction():
        if not store.insert(creator):
            raise Refused(AdminReason.CREATOR_EXISTS)
        audit.record(tenant_id, "creator.created", creator_key)
    return creator


def get(tenant_id: str, creator_key: str) -> Creator:
    """One creator. Refused when there is none."""
    return _known(store.get(tenant_id, creator_key))


def listed(
    tenant_id: str,
    page: Page,
    keyword: str | None = None,
    campaign_id: str | None = None,
) -> tuple[list[Creator], int]:
    """A tenant's creators by name, and how many match in all."""
    return store.listed(tenant_id, page, keyword, campaign_id)


def update(
    tenant_id: str, creator_key: str, changes: Mapping[str, Any], now: datetime
) -> Creator:
    """Change members of a creator. An inactive one is given no more codes."""
    with transaction():
        before = _known(store.lock(tenant_id, creator_key))
        after = replace(before, **changes, updated_at=now)
        store.update(after)
        audit.record(tenant_id, "creator.changed", creator_key, changed=changes)
    return after


def give(
    tenant_id: str,
    creator_key: str,
    package_id: int,
    codes: Sequence[str] = (),
    count: int = 0,
    pattern: str = DEFAULT_PATTERN,
) -> Sequence[str]:
    """Give a creator these codes of a package or, if none, so many after a pattern."""
    ids = tenant_id, creator_key, package_id
    return give_codes(*ids, codes) if codes else make_codes(*ids, count, pattern)


def give_codes(
    tenant_id: str, creator_key: str, package_id: int, given: Sequence[str]
) -> Sequence[str]:
    """Put these codes of a package into a creator's hands: all of them or none.

    The creator takes part in the campaign from then on. Refused when one is taken.
    """
    wanted = list(dict.fromkeys(map(codes.lookup_key, given)))
    with transaction():
        offer = _hold(tenant_id, creator_key, package_id, len(wanted))
        taken = code_store.add_shared(offer.definition, wanted, creator_key)
        if taken:
            detail = f"codes: in use already: {', '.join(sorted(taken)[:10])}"
            raise Refused(AdminReason.CODE_TAKEN, detail)
    return wanted


def make_codes(
    tenant_id: str, creator_key: str, package_id: int, count: int, pattern: str
) -> Sequence[str]:
    """Make so many codes of a package for a creator, all after a pattern.

    `{creator}` in it is the key, `{number}` counts the creator's codes, `{random}` is
    eight random characters. Refused when too few such codes are free.
    """
    with transaction():
        offer = _hold(tenant_id, creator_key, package_id, count)
        first = creator_code_store.count(tenant_id, creator_key) + 1
        made: list[str] = []
        for _ in range(ROUNDS):
            numbers = range(first, first + count - len(made))
            drawn = codes.patterned(pattern, creator_key, numbers)
            taken = code_store.add_shared(offer.definition, drawn, creator_key)
            made += [code for code in drawn if code not in taken]
            first = numbers.stop
            if len(made) == count:
                return made
        raise Refused(AdminReason.CODE_SPACE_TOO_SMALL)


def _hold(
    tenant_id: str, creator_key: str, package_id: int, count: int
) -> DefinedPackage:
    """A package whose codes a creator may be given now, in the campaign with it."""
    # Codes named by hand and random ones are made in turns, never at once.
    tenant_store.lock(tenant_id)
    creator = _known(store.lock(tenant_id, creator_key))
    if creator.status != CreatorStatus.ACTIVE:
        raise Refused(AdminReason.CREATOR_INACTIVE)
    offer = packages.get(tenant_id, package_id)
    if creator_code_store.count(tenant_id, creator_key) + count > MOST_OF_CREATOR:
        raise Refused(AdminReason.TOO_MANY_CODES)
    campaign_store.add_creator(tenant_id, offer.package.campaign_id, creator_key)
    detail = {"package_id": package_id, "count": count}
    audit.record(tenant_id, "creator.given_codes", creator_key, **detail)
    return offer


def codes_of(
    tenant_id: str, creator_key: str, page: Page, now: datetime
) -> tuple[list[CreatorCode], int]:
    """A creator's codes in their order, and how many in all. Refused when unknown."""
    get(tenant_id, creator_key)
    rows = creator_code_store.of_creator(tenant_id, creator_key, page, now)
    return rows, creator_code_store.count(tenant_id, creator_key)


def revoke_codes(
    tenant_id: str, creator_key: str, given: Sequence[str], now: datetime
) -> int:
    """Take codes out of use, for those who have claimed them too; all if none given.

    Again changes nothing. Refused when one of them is not this creator's.
    """
    get(tenant_id, creator_key)
    with transaction():
        if given:
            found = _revoke(tenant_id, creator_key, given, now)
        else:
            found = creator_code_store.revoke_all(tenant_id, creator_key, now)
        audit.record(tenant_id, "creator.codes_revoked", creator_key, count=found)
    return found


def _revoke(
    tenant_id: str, creator_key: str, given: Sequence[str], now: datetime
) -> int:
    wanted = set(map(codes.lookup_key, given))
    found = creator_code_store.revoke(tenant_id, creator_key, wanted, now)
    if found != len(wanted):
        raise Refused(AdminReason.CREATOR_CODE_NOT_FOUND)
    return found


def stats(tenant_id: str, creator_key: str) -> Stats:
    """What became of a creator's codes. Refused when the creator is unknown."""
    get(tenant_id, creator_key)
    return creator_code_store.stats(tenant_id, creator_key=creator_key)


def _known(creator: Creator | None) -> Creator:
    if creator is None:
        raise Refused(AdminReason.CREATOR_NOT_FOUND)
    return creator
