"""An index of the days on which codes of a definition were generated."""

from typing import Any

CREATE_INDEX = """
    CREATE INDEX report_day_of_codes
        ON report_day (tenant_id, definition_id, creator_key, generated)
        WHERE generated > 0
"""


def up(migrator: Any, db: Any) -> None:
    """Add the index."""
    db.execute_sql(CREATE_INDEX)
