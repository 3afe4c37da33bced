"""How the total limit of a hot definition is divided among the slots of its counter."""

from zlib import crc32

from coupon_core.domain.models import Definition
from coupon_core.domain.rules.redemption import total_limit_counts_redemptions

SLOT_COUNT = 16
MIN_HOT_LIMIT = 1_000
# The second and the third slot that a redemption tries: primes, so that users of one
# slot do not share the others with each other alone.
NEXT_SLOT_STEPS = (5, 11)


def is_hot(definition: Definition) -> bool:
    """Return True if the uses of a definition should be counted in slots."""
    return total_limit_counts_redemptions(definition) and (
        definition.hot or definition.total_limit >= MIN_HOT_LIMIT
    )


def list_slots(user_id: str) -> tuple[int, ...]:
    """Return the slots that a user's redemption tries, in order."""
    first = crc32(user_id.encode()) % SLOT_COUNT
    return (first, *((first + step) % SLOT_COUNT for step in NEXT_SLOT_STEPS))


def divide(amount: int, first_slot: int = 0) -> list[int]:
    """Return the share of each slot in an amount; the rest begins at `first_slot`."""
    share, rest = divmod(amount, SLOT_COUNT)
    return [
        share + ((slot - first_slot) % SLOT_COUNT < rest) for slot in range(SLOT_COUNT)
    ]
