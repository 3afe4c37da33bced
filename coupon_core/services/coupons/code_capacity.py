"""Capacity of the code space of a definition with random codes."""

from coupon_core.domain import codes
from coupon_core.domain.models import (
    AdminReason,
    CodeFormat,
    Definition,
    Refused,
)
from coupon_core.domain.models.batches import CodeCapacity
from coupon_core.persistence.repositories import batches as batch_repository
from coupon_core.persistence.repositories import coupon_counts
from coupon_core.persistence.repositories import definitions as definition_repository
from coupon_core.services import reserved_prefixes
from coupon_core.services.errors import require_found

# Only code spaces up to this size are checked, so that counting the coupons remains
# affordable. A larger space cannot become half full in the lifetime of a database.
MAX_COUNTABLE_SPACE = 100_000_000
MAX_COUNTED_COUPONS = 2**31


def is_small(definition: Definition) -> bool:
    """Return True if the codes of a definition can run out.

    Transactions that generate coupons of such a definition run one after another.
    """
    is_random = definition.code_format == CodeFormat.RANDOM
    return is_random and codes.code_space_size(definition) <= MAX_COUNTABLE_SPACE


def get_capacity(tenant_id: str, definition_id: str) -> CodeCapacity:
    """Return the size and the use of a definition's code space.

    Raises:
        Refused: The definition is unknown, has no random codes, or all of its codes
            begin with the reserved prefix of another definition.
    """
    definition = require_found(
        definition_repository.get(tenant_id, definition_id),
        AdminReason.DEFINITION_NOT_FOUND,
    )
    if definition.code_format != CodeFormat.RANDOM:
        raise Refused(AdminReason.NO_CODE_SPACE)
    reserved_prefixes.require_unreserved_prefix(definition)
    space = codes.code_space_size(definition)
    used_count = coupon_counts.count_up_to(
        tenant_id, definition_id, limit=min(space, MAX_COUNTED_COUPONS)
    )
    reserved_count = batch_repository.count_reserved(tenant_id, definition_id)
    return CodeCapacity(space, used_count, reserved_count)


def has_more_coupons(tenant_id: str, definition_id: str, count: int) -> bool:
    """Return True if a definition has more than `count` coupons; reads no more."""
    limit = count + 1
    return coupon_counts.count_up_to(tenant_id, definition_id, limit=limit) == limit


def require_capacity(definition: Definition, count: int) -> None:
    """Require that at most half of all codes are in use after adding `count` coupons.

    The result is exact: the caller holds the lock on the definition, and the coupons
    that unfinished batches will add are counted (`docs/api-contracts.md` 0.15).

    Raises:
        Refused: The code space is too small, or all of its codes begin with the
            reserved prefix of another definition.
    """
    reserved_prefixes.require_unreserved_prefix(definition)
    if not is_small(definition):
        return
    space = codes.code_space_size(definition)
    limit = space // 2
    tenant_id, definition_id = definition.tenant_id, definition.definition_id
    used_count = coupon_counts.count_up_to(tenant_id, definition_id, limit=limit)
    used_count += batch_repository.count_reserved(tenant_id, definition_id)
    if used_count + count > limit:
        raise Refused(
            AdminReason.CODE_SPACE_TOO_SMALL,
            f"Codes with {_count_random_positions(definition)} random characters "
            f"leave room for {limit:,} coupons (half of all {space:,} codes); "
            f"{used_count:,} exist or are reserved, and {count:,} were requested. "
            "Create a definition with a greater config.code_length.",
        )


def _count_random_positions(definition: Definition) -> int:
    return sum(len(alphabet) > 1 for alphabet in codes.position_alphabets(definition))
