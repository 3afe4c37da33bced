"""Time zones of campaigns and definitions, and the campaign of a definition."""

from typing import Any

from peewee import PostgresqlDatabase

POSTGRESQL = {"text": 'text COLLATE "C" NOT NULL'}
SQLITE = {"text": "TEXT NOT NULL"}

# Empty text stands for no campaign and for the time zone of the campaign, also in rows
# that the previous release writes.
STATEMENTS = (
    "ALTER TABLE campaign ADD COLUMN time_zone {text} DEFAULT 'UTC'",
    "ALTER TABLE definition ADD COLUMN campaign_id {text} DEFAULT ''",
    "ALTER TABLE definition ADD COLUMN time_zone {text} DEFAULT ''",
    """
    CREATE INDEX definition_of_campaign ON definition (tenant_id, campaign_id)
        WHERE campaign_id <> ''
    """,
    """
    UPDATE definition SET campaign_id = (SELECT p.campaign_id FROM package p
        WHERE p.tenant_id = definition.tenant_id
        AND p.definition_id = definition.definition_id)
    WHERE EXISTS (SELECT 1 FROM package p WHERE p.tenant_id = definition.tenant_id
        AND p.definition_id = definition.definition_id)
    """,
)


def up(migrator: Any, db: Any) -> None:
    """Add the columns and the index, and fill the campaign of packages' definitions."""
    words = POSTGRESQL if isinstance(db, PostgresqlDatabase) else SQLITE
    for statement in STATEMENTS:
        db.execute_sql(statement.format(**words))
