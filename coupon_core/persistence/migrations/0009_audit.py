"""The audit log, and an index by time for the purge of accepted events."""

from typing import Any

from peewee import PostgresqlDatabase

POSTGRESQL = {
    "text": 'text COLLATE "C" NOT NULL',
    "uuid": "uuid NOT NULL",
    "time": "timestamptz NOT NULL",
}
SQLITE = {
    "text": "TEXT NOT NULL",
    "uuid": "TEXT NOT NULL",
    "time": "TEXT NOT NULL",
}

# Without a foreign key to the tenant: erasing a tenant keeps its audit entries.
STATEMENTS = (
    """
    CREATE TABLE audit_entry (
        tenant_id {text},
        entry_id {uuid},
        actor {text},
        action {text},
        object_id {text},
        request_id {text},
        detail {text},
        happened_at {time},
        PRIMARY KEY (tenant_id, entry_id)
    )
    """,
    """
    CREATE INDEX audit_entry_of_object
        ON audit_entry (tenant_id, object_id, entry_id)
        WHERE object_id <> ''
    """,
    "CREATE INDEX accepted_event_accepted_at ON accepted_event (accepted_at)",
)


def up(migrator: Any, db: Any) -> None:
    """Create the audit log."""
    words = POSTGRESQL if isinstance(db, PostgresqlDatabase) else SQLITE
    for statement in STATEMENTS:
        db.execute_sql(statement.format(**words))
