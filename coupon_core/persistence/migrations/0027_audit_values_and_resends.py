"""Audit entries with names and values, and deliveries that are sent once more."""

from typing import Any

from peewee import PostgresqlDatabase

POSTGRESQL = {"text": 'text COLLATE "C" NOT NULL'}
SQLITE = {"text": "TEXT NOT NULL"}

STATEMENTS = (
    "ALTER TABLE audit_entry ADD COLUMN actor_name {text} DEFAULT ''",
    "ALTER TABLE audit_entry ADD COLUMN object_name {text} DEFAULT ''",
    "ALTER TABLE audit_entry ADD COLUMN changes {text} DEFAULT '{{}}'",
    """
    ALTER TABLE webhook_delivery ADD COLUMN is_resend boolean NOT NULL DEFAULT false
    """,
)


def up(migrator: Any, db: Any) -> None:
    """Add the columns."""
    words = POSTGRESQL if isinstance(db, PostgresqlDatabase) else SQLITE
    for statement in STATEMENTS:
        db.execute_sql(statement.format(**words))
