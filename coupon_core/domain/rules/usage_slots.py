"""How the total limit of a hot definition is divided among the slots of its counter."""

from zlib import crc32

from coupon_core.domain.models import Definition
from coupon_core.domain.rules.redemption import total_limit_counts_redemptions

SLOT_COUNT = 16
MIN_HOT_LIMIT = 1_000


def is_hot(definition: Definition) -> bool:
    """Return True if the uses of a definition should be counted in slots."""
    return total_limit_counts_redemptions(definition) and (
        definition.hot or definition.total_limit >= MIN_HOT_LIMIT
    )


def get_slot(user_id: str) -> int:
    """Return the slot that the redemptions of a user raise while it is not full."""
    return crc32(user_id.encode()) % SLOT_COUNT


def divide(amount: int) -> list[int]:
    """Return the share of each slot in an amount."""
    share, rest = divmod(amount, SLOT_COUNT)
    return [share + (slot < rest) for slot in range(SLOT_COUNT)]
