"""The columns of exported code files."""

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
)
TIMESTAMP_COLUMN_INDEXES = tuple(
    index for index, name in enumerate(EXPORT_COLUMNS) if name.endswith("_at")
)
