"""Creators, and the codes that they are given to hand out."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from coupon_core.domain import codes
from coupon_core.domain.models import AdminReason, Page, Refused
from coupon_core.domain.models.campaigns import CampaignStats
from coupon_core.domain.models.creators import Creator, CreatorCode, CreatorStatus
from coupon_core.domain.models.packages import PackageWithDefinition
from coupon_core.persistence.database import transaction
from coupon_core.persistence.id_generation import generate_integer_id
from coupon_core.persistence.repositories import campaigns as campaign_repository
from coupon_core.persistence.repositories import code_lookup as code_lookup_repository
from coupon_core.persistence.repositories import (
    creator_codes as creator_code_repository,
)
from coupon_core.persistence.repositories import creators as creator_repository
from coupon_core.persistence.repositories import tenants as tenant_repository
from coupon_core.services import audit
from coupon_core.services.campaigns import packages
from coupon_core.services.errors import require_found

MAX_CODES_PER_REQUEST = 1_000
MAX_CODES_PER_CREATOR = 10_000
MAX_GENERATION_ROUNDS = 5  # in which free codes are looked for
DEFAULT_PATTERN = "CREATOR-{creator}-{number}"
DEFAULTS: Mapping[str, Any] = {"genre": None, "status": CreatorStatus.ACTIVE}


def create(
    tenant_id: str, creator_key: str, fields: Mapping[str, Any], now: datetime
) -> Creator:
    """Add a creator from members of `Creator`. Refused when the key is taken."""
    creator = Creator(
        tenant_id=tenant_id,
        creator_key=creator_key,
        creator_id=generate_integer_id(now),
        created_at=now,
        updated_at=now,
        **{**DEFAULTS, **fields},
    )
    with transaction():
        if not creator_repository.insert(creator):
            raise Refused(AdminReason.CREATOR_EXISTS)
        audit.record(tenant_id, "creator.created", creator_key)
    return creator


def get(tenant_id: str, creator_key: str) -> Creator:
    """One creator. Refused when there is none."""
    return require_found(
        creator_repository.get(tenant_id, creator_key), AdminReason.CREATOR_NOT_FOUND
    )


def list_creators(
    tenant_id: str,
    page: Page,
    keyword: str | None = None,
    campaign_id: str | None = None,
) -> tuple[list[Creator], int]:
    """A tenant's creators by name, and how many match in all."""
    return creator_repository.list_creators(tenant_id, page, keyword, campaign_id)


def update(
    tenant_id: str, creator_key: str, changes: Mapping[str, Any], now: datetime
) -> Creator:
    """Change members of a creator. An inactive one is given no more codes."""
    with transaction():
        before = require_found(
            creator_repository.lock(tenant_id, creator_key),
            AdminReason.CREATOR_NOT_FOUND,
        )
        after = replace(before, **changes, updated_at=now)
        creator_repository.update(after)
        audit.record(tenant_id, "creator.changed", creator_key, changed=changes)
    return after


def assign_or_generate_codes(
    tenant_id: str,
    creator_key: str,
    package_id: int,
    codes: Sequence[str] = (),
    count: int = 0,
    pattern: str = DEFAULT_PATTERN,
) -> Sequence[str]:
    """Give a creator these codes of a package or, if none, so many after a pattern."""
    if codes:
        return assign_codes(
            tenant_id, creator_key, package_id=package_id, requested_codes=codes
        )
    return issue_creator_codes(
        tenant_id, creator_key, package_id=package_id, count=count, pattern=pattern
    )


def assign_codes(
    tenant_id: str, creator_key: str, package_id: int, requested_codes: Sequence[str]
) -> Sequence[str]:
    """Put these codes of a package into a creator's hands: all of them or none.

    The creator takes part in the campaign from then on. Refused when one is taken.
    """
    code_keys = list(dict.fromkeys(map(codes.to_lookup_key, requested_codes)))
    with transaction():
        defined_package = _prepare_code_assignment(
            tenant_id, creator_key, package_id, len(code_keys)
        )
        taken = code_lookup_repository.add_shared_codes(
            defined_package.definition, code_keys, creator_key
        )
        if taken:
            detail = f"codes: in use already: {', '.join(sorted(taken)[:10])}"
            raise Refused(AdminReason.CODE_TAKEN, detail)
    return code_keys


def issue_creator_codes(
    tenant_id: str, creator_key: str, package_id: int, count: int, pattern: str
) -> Sequence[str]:
    """Make so many codes of a package for a creator, all after a pattern.

    `{creator}` in it is the key, `{number}` counts the creator's codes, `{random}` is
    eight random characters. Refused when too few such codes are free.
    """
    with transaction():
        defined_package = _prepare_code_assignment(
            tenant_id, creator_key, package_id, count
        )
        first_number = creator_code_repository.count(tenant_id, creator_key) + 1
        issued_codes: list[str] = []
        for _ in range(MAX_GENERATION_ROUNDS):
            numbers = range(first_number, first_number + count - len(issued_codes))
            candidates = codes.codes_from_template(pattern, creator_key, numbers)
            taken = code_lookup_repository.add_shared_codes(
                defined_package.definition, candidates, creator_key
            )
            issued_codes += [code for code in candidates if code not in taken]
            first_number = numbers.stop
            if len(issued_codes) == count:
                return issued_codes
        raise Refused(AdminReason.CODE_SPACE_TOO_SMALL)


def _prepare_code_assignment(
    tenant_id: str, creator_key: str, package_id: int, count: int
) -> PackageWithDefinition:
    """A package whose codes a creator may be given now, in the campaign with it."""
    # Codes named by hand and random ones are made in turns, never at once.
    tenant_repository.lock(tenant_id)
    creator = require_found(
        creator_repository.lock(tenant_id, creator_key), AdminReason.CREATOR_NOT_FOUND
    )
    if creator.status != CreatorStatus.ACTIVE:
        raise Refused(AdminReason.CREATOR_INACTIVE)
    defined_package = packages.get(tenant_id, package_id)
    if (
        creator_code_repository.count(tenant_id, creator_key) + count
        > MAX_CODES_PER_CREATOR
    ):
        raise Refused(AdminReason.TOO_MANY_CODES)
    campaign_repository.add_creator(
        tenant_id, defined_package.package.campaign_id, creator_key
    )
    audit.record(
        tenant_id,
        "creator.given_codes",
        object_id=creator_key,
        package_id=package_id,
        count=count,
    )
    return defined_package


def list_codes(
    tenant_id: str, creator_key: str, page: Page, now: datetime
) -> tuple[list[CreatorCode], int]:
    """A creator's codes in their order, and how many in all. Refused when unknown."""
    get(tenant_id, creator_key)
    creator_codes = creator_code_repository.list_codes(
        tenant_id, creator_key, page, now
    )
    return creator_codes, creator_code_repository.count(tenant_id, creator_key)


def revoke_codes(
    tenant_id: str, creator_key: str, codes_to_revoke: Sequence[str], now: datetime
) -> int:
    """Take codes out of use, for those who have claimed them too; all if none given.

    Again changes nothing. Refused when one of them is not this creator's.
    """
    get(tenant_id, creator_key)
    with transaction():
        if codes_to_revoke:
            revoked_count = _revoke_selected(
                tenant_id, creator_key, codes_to_revoke, now
            )
        else:
            revoked_count = creator_code_repository.revoke_all(
                tenant_id, creator_key, now
            )
        audit.record(
            tenant_id, "creator.codes_revoked", creator_key, count=revoked_count
        )
    return revoked_count


def _revoke_selected(
    tenant_id: str, creator_key: str, codes_to_revoke: Sequence[str], now: datetime
) -> int:
    code_keys = set(map(codes.to_lookup_key, codes_to_revoke))
    revoked_count = creator_code_repository.revoke(
        tenant_id, creator_key, code_keys, now
    )
    if revoked_count != len(code_keys):
        raise Refused(AdminReason.CREATOR_CODE_NOT_FOUND)
    return revoked_count


def get_stats(tenant_id: str, creator_key: str) -> CampaignStats:
    """What became of a creator's codes. Refused when the creator is unknown."""
    get(tenant_id, creator_key)
    return creator_code_repository.get_stats(tenant_id, creator_key=creator_key)
