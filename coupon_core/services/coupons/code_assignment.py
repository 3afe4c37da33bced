"""Creation of coupons with codes of a definition's code format."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from coupon_core.domain import codes
from coupon_core.domain.models import (
    AdminReason,
    CodeFormat,
    Coupon,
    Definition,
    Refused,
)
from coupon_core.persistence.database import ConcurrentUpdate
from coupon_core.persistence.id_generation import generate_id
from coupon_core.persistence.repositories import awards as award_repository
from coupon_core.persistence.repositories import code_lookup as code_lookup_repository
from coupon_core.persistence.repositories import coupons as coupon_repository
from coupon_core.services.coupons import code_capacity

MAX_COLLISION_RETRIES = 100
EXTRA_CODES_PER_RETRY = 64  # extra codes to generate after a collision


def create_coupons(
    definition: Definition,
    user_ids: Sequence[str],
    now: datetime,
    expires_at: datetime | None,
) -> tuple[list[Coupon], list[Coupon]]:
    """Store a coupon for each user ID, with a code of the definition's code format.

    Return all coupons in the order of the user IDs, and those of them that are new.

    Raises:
        Refused: Too few codes are left.
        ConcurrentUpdate: Another transaction took the codes.
    """
    if definition.code_format == CodeFormat.LISTED:
        coupons = _assign_listed_codes(definition, user_ids, now, expires_at)
        return coupons, coupons
    if definition.code_format == CodeFormat.CUSTOM and definition.awarded_only:
        coupons = _issue_copies(definition, user_ids, now, expires_at)
        return coupons, coupons
    if definition.code_format == CodeFormat.CUSTOM:
        return _assign_custom_code(definition, user_ids, now, expires_at)
    code_capacity.require_capacity(definition, len(user_ids))
    coupons = _assign_random_codes(definition, user_ids, now, expires_at)
    return coupons, coupons


def _assign_custom_code(
    definition: Definition,
    user_ids: Sequence[str],
    now: datetime,
    expires_at: datetime | None,
) -> tuple[list[Coupon], list[Coupon]]:
    code = definition.custom_code
    drafts = [
        build_coupon(definition, user_id, code=code, now=now, expires_at=expires_at)
        for user_id in user_ids
    ]
    new_coupons = coupon_repository.insert_new(drafts, definition)
    coupon_by_user = {
        coupon.user_id: coupon
        for coupon in coupon_repository.find_by_users(definition, user_ids)
    }
    return [coupon_by_user[user_id] for user_id in user_ids], new_coupons


def _issue_copies(
    definition: Definition,
    user_ids: Sequence[str],
    now: datetime,
    expires_at: datetime | None,
) -> list[Coupon]:
    """Store another copy of the custom code for each user: awards can repeat."""
    last_copy_numbers = {
        user_id: award_repository.get_last_copy_number(definition, user_id)
        for user_id in set(user_ids)
    }
    drafts = []
    for user_id in user_ids:
        last_copy_numbers[user_id] += 1
        coupon = build_coupon(
            definition,
            user_id,
            code=definition.custom_code,
            now=now,
            expires_at=expires_at,
        )
        drafts.append(replace(coupon, copy_number=last_copy_numbers[user_id]))
    if len(coupon_repository.insert_new(drafts, definition)) < len(drafts):
        raise ConcurrentUpdate("another transaction issued a copy of the code")
    return drafts


def _assign_listed_codes(
    definition: Definition,
    user_ids: Sequence[str],
    now: datetime,
    expires_at: datetime | None,
) -> list[Coupon]:
    """Assign the next unassigned codes of the list to the users.

    A code that has an expiry of its own keeps it.
    """
    unassigned = award_repository.list_unassigned(definition, len(user_ids), now)
    if len(unassigned) < len(user_ids):
        raise Refused(AdminReason.TOTAL_LIMIT_REACHED)
    assigned = [
        replace(
            coupon,
            user_id=user_id,
            generated_at=now,
            expires_at=coupon.expires_at or expires_at,
        )
        for coupon, user_id in zip(unassigned, user_ids, strict=True)
    ]
    if not all(award_repository.assign(coupon, now) for coupon in assigned):
        raise ConcurrentUpdate("another transaction assigned a code of the list")
    return assigned


def _assign_random_codes(
    definition: Definition,
    user_ids: Sequence[str],
    now: datetime,
    expires_at: datetime | None,
) -> list[Coupon]:
    inserted: dict[int, Coupon] = {}  # by index in user_ids
    for attempt in range(MAX_COLLISION_RETRIES):
        missing = [index for index in range(len(user_ids)) if index not in inserted]
        if not missing:
            return [inserted[index] for index in range(len(user_ids))]
        unused_codes = _generate_unused_codes(
            definition, len(missing), is_crowded=attempt > 0
        )
        drafts = {
            index: build_coupon(
                definition, user_ids[index], code=code, now=now, expires_at=expires_at
            )
            for index, code in zip(missing, unused_codes, strict=False)
        }
        new_coupons = coupon_repository.insert_new([*drafts.values()], definition)
        inserted_ids = {coupon.coupon_id for coupon in new_coupons}
        inserted |= {
            index: coupon
            for index, coupon in drafts.items()
            if coupon.coupon_id in inserted_ids
        }
    # Not a matter of timing: other definitions use the codes of this one.
    raise Refused(
        AdminReason.CODE_SPACE_TOO_SMALL,
        f"{len(user_ids):,} unused codes were not found in {MAX_COLLISION_RETRIES} "
        "attempts, because other definitions have codes of the same form. "
        "Create a definition with another code_prefix or a greater code_length.",
    )


def _generate_unused_codes(
    definition: Definition, count: int, is_crowded: bool
) -> list[str]:
    """Return random codes that are not shared codes.

    In a crowded code space, codes of existing coupons are left out as well. Otherwise
    a collision is so unlikely that the insert itself detects it.
    """
    candidates = dict.fromkeys(
        codes.generate_codes(definition, count + EXTRA_CODES_PER_RETRY * is_crowded)
    )
    used = code_lookup_repository.find_taken_by_shared_codes(
        definition.tenant_id, candidates
    )
    if is_crowded:
        used |= code_lookup_repository.find_taken_by_coupons(
            definition.tenant_id, candidates
        )
    return [code for code in candidates if code not in used]


def build_coupon(
    definition: Definition,
    user_id: str,
    code: str,
    now: datetime,
    expires_at: datetime | None = None,
    revoked_at: datetime | None = None,
) -> Coupon:
    """Return a new coupon without storing it."""
    return Coupon(
        tenant_id=definition.tenant_id,
        coupon_id=generate_id(),
        definition_id=definition.definition_id,
        user_id=user_id,
        code=code,
        generated_at=now,
        expires_at=expires_at,
        redeemed_at=None,
        redemption_count=0,
        revoked_at=revoked_at,
    )
