"""The space of a definition's random codes: how full it is, and what is too much."""

from coupon_core.domain import codes
from coupon_core.domain.models import (
    AdminReason,
    CodeFormat,
    Definition,
    Refused,
)
from coupon_core.domain.models.batches import Room
from coupon_core.persistence.repositories import batches as batch_store
from coupon_core.persistence.repositories import coupon_counts
from coupon_core.persistence.repositories import definitions as definition_store

# A full scan at most of so many coupons tells how full a code space is; larger
# spaces cannot be half used up within any database's life.
COUNTABLE_SPACE = 100_000_000
MOST_COUNTED = 2**31


def is_scarce(definition: Definition) -> bool:
    """True when its codes may be used up; then they are made by one at a time."""
    is_random = definition.code_format == CodeFormat.RANDOM
    return is_random and codes.space(definition) <= COUNTABLE_SPACE


def room(tenant_id: str, definition_id: str) -> Room:
    """How full the code space of a definition is. Refused when it is unknown."""
    definition = definition_store.get(tenant_id, definition_id)
    if definition is None:
        raise Refused(AdminReason.DEFINITION_NOT_FOUND)
    if definition.code_format != CodeFormat.RANDOM:
        raise Refused(AdminReason.NO_CODE_SPACE)
    space, ids = codes.space(definition), (tenant_id, definition_id)
    used = coupon_counts.up_to(*ids, min(space, MOST_COUNTED))
    return Room(space, used, batch_store.reserved(*ids))


def check(definition: Definition, count: int) -> None:
    """Refuse when more than half of all codes would be used up (CONTRACTS 0.15).

    Exact, for the definition is held and what batches will still make is counted.
    """
    if not is_scarce(definition):
        return
    space = codes.space(definition)
    most = space // 2
    ids = definition.tenant_id, definition.definition_id
    used = coupon_counts.up_to(*ids, most=most) + batch_store.reserved(*ids)
    if used + count > most:
        raise Refused(
            AdminReason.CODE_SPACE_TOO_SMALL,
            f"Codes of {_drawn_count(definition)} characters leave room for {most:,} "
            f"coupons (half of all {space:,}); {used:,} exist and {count:,} were "
            "asked for. Create a definition with a greater code_length.",
        )


def _drawn_count(definition: Definition) -> int:
    return sum(len(place) > 1 for place in codes.places(definition))
