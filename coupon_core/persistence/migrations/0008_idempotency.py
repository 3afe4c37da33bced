"""Idempotency: requests by key, and their stored responses."""

from typing import Any

from peewee import PostgresqlDatabase

POSTGRESQL = {
    "text": 'text COLLATE "C" NOT NULL',
    "maybe_text": 'text COLLATE "C"',
    "time": "timestamptz NOT NULL",
}
SQLITE = {
    "text": "TEXT NOT NULL",
    "maybe_text": "TEXT",
    "time": "TEXT NOT NULL",
}

STATEMENTS = (
    """
    CREATE TABLE idempotency (
        tenant_id {text},
        request_key {text},
        fingerprint {text},
        token {text},
        leased_until {time},
        kept_until {time},
        answer {maybe_text},
        PRIMARY KEY (tenant_id, request_key)
    )
    """,
    "CREATE INDEX idempotency_kept_until ON idempotency (kept_until)",
)


def up(migrator: Any, db: Any) -> None:
    """Create the table of idempotent requests."""
    words = POSTGRESQL if isinstance(db, PostgresqlDatabase) else SQLITE
    for statement in STATEMENTS:
        db.execute_sql(statement.format(**words))
