"""The database that reports read: a replica, if one is configured."""

import os
from collections.abc import Mapping
from typing import Any

from coupon_core.persistence import database
from coupon_core.persistence.connection_pools import (
    PostgresqlPool,
    create_postgresql_pool,
)
from coupon_core.persistence.prepared_statements import to_psycopg_sql

REPORT_POOL_SIZE = 4

_open_arguments: tuple[str, int, bool] | None = None
_replica: PostgresqlPool | None = None
_inherited_replicas: list[PostgresqlPool | None] = []


def open_report_database(url: str, prepares_statements: bool = True) -> None:
    """Read reports at this URL of PostgreSQL; "" selects the main database."""
    global _open_arguments
    close_report_database()
    _open_arguments = (url, REPORT_POOL_SIZE, prepares_statements) if url else None
    _create_replica()


def _create_replica() -> None:
    global _replica
    _replica = create_postgresql_pool(*_open_arguments) if _open_arguments else None


def _reopen_after_fork() -> None:
    """Give a child process its own pool; leave inherited connections open."""
    _inherited_replicas.append(_replica)
    _create_replica()


os.register_at_fork(after_in_child=_reopen_after_fork)


def close_report_database() -> None:
    """Close every connection of this process to the replica."""
    if _replica is not None:
        _replica.close_all()


def fetch_report_rows(sql: str, parameters: Mapping[str, Any]) -> list[Any]:
    """Return the rows of a query of a report; a replica may be some seconds behind."""
    if _replica is None:
        return list(database.execute(sql, parameters).fetchall())
    with _replica.connection_context():
        return list(_replica.run(to_psycopg_sql(sql), parameters).fetchall())
