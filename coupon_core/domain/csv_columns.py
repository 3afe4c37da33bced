"""The columns of exported code files."""

from enum import StrEnum


class ExpirySource(StrEnum):
    """Whose expiry an exported code shows, in the column `expires_from`."""

    DEFINITION = "definition"
    COUPON = "coupon"


EXPORT_COLUMNS = (
    "code",
    "status",
    "user_id",
    "definition_id",
    "definition_name",
    "batch_id",
    "generated_at",
    "expires_at",
    "redeemed_at",
    "redemption_count",
    "expires_from",
)
TIMESTAMP_COLUMN_INDEXES = tuple(
    index for index, name in enumerate(EXPORT_COLUMNS) if name.endswith("_at")
)
