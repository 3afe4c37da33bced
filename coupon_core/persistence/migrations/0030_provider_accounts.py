"""Accounts of operators at an OpenID Connect provider; who created an invitation."""

from typing import Any

from peewee import PostgresqlDatabase

STATEMENTS = (
    "ALTER TABLE operator ADD COLUMN provider_account {text}",
    "CREATE UNIQUE INDEX operator_provider_account ON operator (provider_account)",
    "ALTER TABLE operator_invitation ADD COLUMN invited_by {text} NOT NULL DEFAULT ''",
)


def up(migrator: Any, db: Any) -> None:
    """Add issuer and subject of the account, NULL without one, and an actor."""
    text = 'text COLLATE "C"' if isinstance(db, PostgresqlDatabase) else "TEXT"
    for statement in STATEMENTS:
        db.execute_sql(statement.format(text=text))
