"""The scopes that the first release does not know, in a column of their own.

The previous release reads `scopes` only and fails on words that it does not know.
"""

from typing import Any

from peewee import PostgresqlDatabase

POSTGRESQL = {"text": """text COLLATE "C" NOT NULL DEFAULT '[]'"""}
SQLITE = {"text": "TEXT NOT NULL DEFAULT '[]'"}

# Until now `read` alone allowed the export. It is kept for keys that can also change
# coupons; other keys need `export` from now on.
STATEMENTS = (
    "ALTER TABLE api_key ADD COLUMN added_scopes {text}",
    """
    UPDATE api_key SET added_scopes = '["export"]'
        WHERE scopes LIKE '%%"read"%%' AND scopes LIKE '%%"coupons"%%'
    """,
)


def up(migrator: Any, db: Any) -> None:
    """Add the column, and grant `export` to keys with `read` and `coupons`."""
    words = POSTGRESQL if isinstance(db, PostgresqlDatabase) else SQLITE
    for statement in STATEMENTS:
        db.execute_sql(statement.format(**words))
