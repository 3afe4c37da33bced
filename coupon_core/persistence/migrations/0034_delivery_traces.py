"""The trace in which the event of a delivery was stored, for OpenTelemetry."""

from typing import Any

from peewee import PostgresqlDatabase


def up(migrator: Any, db: Any) -> None:
    """Add the column, which takes no time on any number of rows."""
    text = 'text COLLATE "C"' if isinstance(db, PostgresqlDatabase) else "TEXT"
    db.execute_sql(f"ALTER TABLE webhook_delivery ADD COLUMN traceparent {text}")
