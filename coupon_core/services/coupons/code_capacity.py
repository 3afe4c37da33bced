"""The space of a definition's random codes: how full it is, and what is too much."""

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

# A full scan at most of so many coupons tells how full a code space is; larger
# spaces cannot be half used up within any database's life.
MAX_COUNTABLE_SPACE = 100_000_000
MAX_COUNTED_COUPONS = 2**31


def is_small(definition: Definition) -> bool:
    """True when its codes may be used up; then they are made by one at a time."""
    is_random = definition.code_format == CodeFormat.RANDOM
    return is_random and codes.code_space_size(definition) <= MAX_COUNTABLE_SPACE


def get_capacity(tenant_id: str, definition_id: str) -> CodeCapacity:
    """How full the code space of a definition is. Refused when it is unknown."""
    definition = definition_repository.get(tenant_id, definition_id)
    if definition is None:
        raise Refused(AdminReason.DEFINITION_NOT_FOUND)
    if definition.code_format != CodeFormat.RANDOM:
        raise Refused(AdminReason.NO_CODE_SPACE)
    space, ids = codes.code_space_size(definition), (tenant_id, definition_id)
    used = coupon_counts.count_up_to(*ids, min(space, MAX_COUNTED_COUPONS))
    return CodeCapacity(space, used, batch_repository.count_reserved(*ids))


def require_capacity(definition: Definition, count: int) -> None:
    """Refuse when more than half of all codes would be used up (CONTRACTS 0.15).

    Exact, for the definition is held and what batches will still make is counted.
    """
    if not is_small(definition):
        return
    space = codes.code_space_size(definition)
    limit = space // 2
    ids = definition.tenant_id, definition.definition_id
    used = coupon_counts.count_up_to(
        *ids, limit=limit
    ) + batch_repository.count_reserved(*ids)
    if used + count > limit:
        raise Refused(
            AdminReason.CODE_SPACE_TOO_SMALL,
            f"Codes of {_count_random_positions(definition)} characters leave room for {limit:,} "
            f"coupons (half of all {space:,}); {used:,} exist and {count:,} were "
            "asked for. Create a definition with a greater code_length.",
        )


def _count_random_positions(definition: Definition) -> int:
    return sum(len(place) > 1 for place in codes.position_alphabets(definition))
