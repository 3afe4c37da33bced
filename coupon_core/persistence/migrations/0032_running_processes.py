"""The processes that use the database, with the newest migration each of them knows."""

from typing import Any

from peewee import PostgresqlDatabase

from coupon_core.persistence.distribution import place_table

POSTGRESQL = {"text": 'text COLLATE "C"', "uuid": "uuid", "time": "timestamptz"}
SQLITE = {"text": "TEXT", "uuid": "TEXT", "time": "TEXT"}

CREATE_TABLE = """
    CREATE TABLE running_process (
        process_id {uuid} NOT NULL PRIMARY KEY,
        program {text} NOT NULL,
        host {text} NOT NULL,
        pid integer NOT NULL,
        migration {text} NOT NULL,
        seen_at {time} NOT NULL
    )
"""


def up(migrator: Any, db: Any) -> None:
    """Add the table."""
    words = POSTGRESQL if isinstance(db, PostgresqlDatabase) else SQLITE
    db.execute_sql(CREATE_TABLE.format(**words))
    place_table(db, "running_process")
