"""Outbox: the index by which the relay claims the events of each tenant by itself."""

from typing import Any

STATEMENT = """
    CREATE INDEX outbox_pending_of_tenant ON outbox (tenant_id, event_id)
        WHERE state = 'pending'
"""


def up(migrator: Any, db: Any) -> None:
    """Add the index."""
    db.execute_sql(STATEMENT)
