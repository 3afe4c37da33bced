"""Create, read and change creators, and assign codes to them."""

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
from coupon_core.services import audit, reserved_prefixes
from coupon_core.services.campaigns import packages
from coupon_core.services.errors import require_found

MAX_CODES_PER_REQUEST = 1_000
MAX_CODES_PER_CREATOR = 10_000
MAX_GENERATION_ROUNDS = 5  # attempts to find enough free codes
DEFAULT_PATTERN = "CREATOR-{creator}-{number}"
DEFAULTS: Mapping[str, Any] = {"genre": None, "status": CreatorStatus.ACTIVE}


def create(
    tenant_id: str, creator_key: str, fields: Mapping[str, Any], now: datetime
) -> Creator:
    """Create a creator from members of `Creator`; refuse if the key is taken."""
    creator = build_creator(tenant_id, creator_key, fields, now)
    with transaction():
        if not creator_repository.insert(creator):
            raise Refused(AdminReason.CREATOR_EXISTS)
        audit.record(tenant_id, "creator.created", creator_key, after=creator)
    return creator


def build_creator(
    tenant_id: str, creator_key: str, fields: Mapping[str, Any], now: datetime
) -> Creator:
    """Return a new creator without storing it."""
    return Creator(
        tenant_id=tenant_id,
        creator_key=creator_key,
        creator_id=generate_integer_id(now),
        created_at=now,
        updated_at=now,
        **{**DEFAULTS, **fields},
    )


def get(tenant_id: str, creator_key: str) -> Creator:
    """Return a creator; refuse if it does not exist."""
    return require_found(
        creator_repository.get(tenant_id, creator_key), AdminReason.CREATOR_NOT_FOUND
    )


def list_creators(
    tenant_id: str,
    page: Page,
    keyword: str | None = None,
    campaign_id: str | None = None,
) -> tuple[list[Creator], int]:
    """Return a page of a tenant's creators by name, and the total count."""
    return creator_repository.list_creators(tenant_id, page, keyword, campaign_id)


def update(
    tenant_id: str, creator_key: str, changes: Mapping[str, Any], now: datetime
) -> Creator:
    """Change members of a creator; an inactive creator receives no more codes."""
    with transaction():
        before = require_found(
            creator_repository.lock(tenant_id, creator_key),
            AdminReason.CREATOR_NOT_FOUND,
        )
        after = replace(before, **changes, updated_at=now)
        creator_repository.update(after)
        audit.record(
            tenant_id, "creator.changed", creator_key, before=before, after=after
        )
    return after


def assign_or_generate_codes(
    tenant_id: str,
    creator_key: str,
    package_id: int,
    codes: Sequence[str] = (),
    count: int = 0,
    pattern: str = DEFAULT_PATTERN,
) -> Sequence[str]:
    """Assign `codes` to a creator or, if there are none, generate `count` codes."""
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
    """Assign these codes of a package to a creator, all of them or none.

    Adds the creator to the package's campaign; refuses if a code is taken.
    """
    code_keys = list(dict.fromkeys(map(codes.to_lookup_key, requested_codes)))
    with transaction():
        defined_package = _prepare_code_assignment(
            tenant_id, creator_key, package_id, len(code_keys)
        )
        taken = code_lookup_repository.add_shared_codes(
            defined_package.definition, code_keys, creator_key
        )
        reserved_prefixes.refuse_taken_codes(tenant_id, taken, "codes")
    return code_keys


def issue_creator_codes(
    tenant_id: str, creator_key: str, package_id: int, count: int, pattern: str
) -> Sequence[str]:
    """Generate `count` codes of a package for a creator from a pattern.

    `{creator}` is replaced by the creator's key, `{number}` by the number of the code
    and `{random}` by eight random characters. Refuses if too few codes are free.
    """
    with transaction():
        defined_package = _prepare_code_assignment(
            tenant_id, creator_key, package_id, count
        )
        reserved_prefixes.require_unreserved_pattern(tenant_id, pattern, creator_key)
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
    """Lock the creator, add it to the campaign and return the package."""
    # Serializes this with other writers of codes, so that no code is taken twice.
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
    """Return a page of a creator's codes, and the total count."""
    get(tenant_id, creator_key)
    creator_codes = creator_code_repository.list_codes(
        tenant_id, creator_key, page, now
    )
    return creator_codes, creator_code_repository.count(tenant_id, creator_key)


def revoke_codes(
    tenant_id: str, creator_key: str, codes_to_revoke: Sequence[str], now: datetime
) -> int:
    """Revoke codes of a creator (idempotent); all of them if none are given.

    Coupons that users claimed with these codes are revoked too. Returns the number of
    codes. Refuses if a code does not belong to the creator.
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
    """Return usage counts of a creator's codes; refuse if it does not exist."""
    get(tenant_id, creator_key)
    return creator_code_repository.get_stats(tenant_id, creator_key=creator_key)
