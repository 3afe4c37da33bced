"""Prefixes of codes with a check character, which no other codes have."""

from typing import Any

from peewee import PostgresqlDatabase

POSTGRESQL = {"text": 'text COLLATE "C" NOT NULL', "uuid": "uuid NOT NULL"}
SQLITE = {"text": "TEXT NOT NULL", "uuid": "TEXT NOT NULL"}

STATEMENTS = (
    """
    CREATE TABLE checked_stem (
        tenant_id {text},
        stem {text},
        definition_id {uuid},
        PRIMARY KEY (tenant_id, stem)
    )
    """,
)


def up(migrator: Any, db: Any) -> None:
    """Create the table."""
    words = POSTGRESQL if isinstance(db, PostgresqlDatabase) else SQLITE
    for statement in STATEMENTS:
        db.execute_sql(statement.format(**words))
