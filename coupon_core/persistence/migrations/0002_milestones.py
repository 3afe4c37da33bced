"""Milestones: earned coupons, events accepted over HTTP, and dead letters."""

from typing import Any

from peewee import PostgresqlDatabase

POSTGRESQL = {
    "text": 'text COLLATE "C" NOT NULL',
    "uuid": "uuid NOT NULL",
    "time": "timestamptz NOT NULL",
    "bytes": "bytea NOT NULL",
}
SQLITE = {
    "text": "TEXT NOT NULL",
    "uuid": "TEXT NOT NULL",
    "time": "TEXT NOT NULL",
    "bytes": "BLOB NOT NULL",
}

STATEMENTS = (
    """
    CREATE TABLE earned_coupon (
        tenant_id {text},
        definition_id {uuid},
        user_id {text},
        occurrence {text},
        event_id {text},
        earned_at {time},
        PRIMARY KEY (tenant_id, definition_id, user_id, occurrence)
    )
    """,
    """
    CREATE TABLE accepted_event (
        tenant_id {text},
        event_id {text},
        accepted_at {time},
        PRIMARY KEY (tenant_id, event_id)
    )
    """,
    """
    CREATE TABLE dead_letter (
        tenant_id {text},
        letter_id {uuid},
        queue {text},
        routing_key {text},
        content_type {text},
        reason {text},
        body {bytes},
        received_at {time},
        PRIMARY KEY (tenant_id, letter_id)
    )
    """,
    """
    CREATE INDEX definition_of_trigger
        ON definition (tenant_id, trigger_kind, trigger_source)
        WHERE trigger_kind IS NOT NULL
    """,
    "CREATE INDEX outbox_sent ON outbox (event_id) WHERE state = 'sent'",
)


def up(migrator: Any, db: Any) -> None:
    """Create the tables of milestones."""
    words = POSTGRESQL if isinstance(db, PostgresqlDatabase) else SQLITE
    for statement in STATEMENTS:
        db.execute_sql(statement.format(**words))
