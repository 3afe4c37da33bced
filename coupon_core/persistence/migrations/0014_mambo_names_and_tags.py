"""Names of Mambo coupons, which may repeat, and tags of activities."""

import json
from typing import Any

from peewee import PostgresqlDatabase

POSTGRESQL = {"text": 'text COLLATE "C" NOT NULL', "uuid": "uuid NOT NULL"}
SQLITE = {"text": "TEXT NOT NULL", "uuid": "TEXT NOT NULL"}

STATEMENTS = (
    # "" stands for the name of the definition, also for rows that the previous release
    # writes.
    "ALTER TABLE mambo_coupon ADD COLUMN name {text} DEFAULT ''",
    """
    CREATE TABLE activity_tag (
        tenant_id {text},
        tag {text},
        activity_id {uuid},
        PRIMARY KEY (tenant_id, tag, activity_id)
    )
    """,
    "CREATE INDEX activity_tag_of_activity ON activity_tag (tenant_id, activity_id)",
)
SELECT_ACTIVITIES = """
    SELECT tenant_id, activity_id, attributes FROM activity WHERE attributes <> '{}'
"""
INSERT_TAG = """
    INSERT INTO activity_tag (tenant_id, tag, activity_id)
    VALUES ({mark}, {mark}, {mark})
"""


def up(migrator: Any, db: Any) -> None:
    """Add the column and the table, and fill the table from existing activities."""
    is_postgresql = isinstance(db, PostgresqlDatabase)
    for statement in STATEMENTS:
        db.execute_sql(statement.format(**POSTGRESQL if is_postgresql else SQLITE))
    insert_tag = INSERT_TAG.format(mark="%s" if is_postgresql else "?")
    rows = db.execute_sql(SELECT_ACTIVITIES).fetchall()
    for tenant_id, activity_id, text in rows:
        attributes = json.loads(text)
        tags = [*attributes.get("tagTags", ()), *attributes.get("tagIds", ())]
        for tag in dict.fromkeys(tags):
            db.execute_sql(insert_tag, (tenant_id, tag, activity_id))
