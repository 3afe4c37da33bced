"""Operators who sign in with an account at an OpenID Connect provider."""

from typing import Any

from peewee import PostgresqlDatabase

STATEMENTS = (
    "ALTER TABLE operator ADD COLUMN provider_account {text}",
    "CREATE UNIQUE INDEX operator_provider_account ON operator (provider_account)",
)


def up(migrator: Any, db: Any) -> None:
    """Add the column: issuer and subject of the account, or NULL without one."""
    text = 'text COLLATE "C"' if isinstance(db, PostgresqlDatabase) else "TEXT"
    for statement in STATEMENTS:
        db.execute_sql(statement.format(text=text))
