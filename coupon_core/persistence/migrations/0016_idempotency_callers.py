"""Idempotency: the caller of each key, so that the keys of a caller can be limited."""

from typing import Any

from peewee import PostgresqlDatabase

POSTGRESQL = {"text": 'text COLLATE "C" NOT NULL'}
SQLITE = {"text": "TEXT NOT NULL"}

# The caller is empty in rows of signatures, which are not limited, and in rows that the
# previous release writes. The index leaves both out.
STATEMENTS = (
    "ALTER TABLE idempotency ADD COLUMN caller {text} DEFAULT ''",
    """
    CREATE INDEX idempotency_of_caller ON idempotency (tenant_id, caller, kept_until)
        WHERE caller <> ''
    """,
)


def up(migrator: Any, db: Any) -> None:
    """Add the column and its index."""
    words = POSTGRESQL if isinstance(db, PostgresqlDatabase) else SQLITE
    for statement in STATEMENTS:
        db.execute_sql(statement.format(**words))
