"""Columns of exported code files."""

COLUMNS = (
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
TIMES = tuple(at for at, name in enumerate(COLUMNS) if name.endswith("_at"))
