"""Restore, expiry in both directions and re-issue: what jobs and timelines record."""

from typing import Any

from peewee import PostgresqlDatabase

POSTGRESQL = {"text": 'text COLLATE "C"', "uuid": "uuid", "time": "timestamptz"}
SQLITE = {"text": "TEXT", "uuid": "TEXT", "time": "TEXT"}

# The previous release knows three kinds of jobs, and the CHECK of `kind` no other. A
# job of another kind has its kind and state in `action` and `action_state`. In the
# columns that the previous release reads it is completed, and therefore left alone.
STATEMENTS = (
    "ALTER TABLE coupon ADD COLUMN replaced_by {uuid}",
    "ALTER TABLE coupon_event ADD COLUMN expires_at {time}",
    "ALTER TABLE coupon_event ADD COLUMN revoked_at {time}",
    "ALTER TABLE coupon_event ADD COLUMN related_coupon_id {uuid}",
    "ALTER TABLE code_job ADD COLUMN skipped_reasons {text}",
    "ALTER TABLE code_job ADD COLUMN action {text}",
    "ALTER TABLE code_job ADD COLUMN action_state {text}",
    """
    CREATE INDEX code_job_action_unfinished ON code_job (tenant_id, updated_at)
        WHERE action_state = 'running'
    """,
)


def up(migrator: Any, db: Any) -> None:
    """Add the columns and the index."""
    words = POSTGRESQL if isinstance(db, PostgresqlDatabase) else SQLITE
    for statement in STATEMENTS:
        db.execute_sql(statement.format(**words))
