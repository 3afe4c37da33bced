"""Counts for reports per quarter hour and day, and what is counted of the outbox.

Until the cut-over, this instant, uses are counted from the redemptions by a backfill of
each tenant; since then, from the events of the outbox. A tenant that is created later
has no backfill.
"""

from datetime import UTC, datetime
from typing import Any

from peewee import PostgresqlDatabase

from coupon_core.domain.timestamps import format_timestamp_milliseconds
from coupon_core.persistence.distribution import place_table
from coupon_core.persistence.id_generation import get_min_id_at

POSTGRESQL = {
    "text": 'text COLLATE "C"',
    "uuid": "uuid",
    "time": "timestamptz",
    "bool": "boolean",
    "false": "false",
    "existing": "true",
    "included": """INCLUDE (redeemed, reversed, refused, validated, generated,
        assigned)""",
    "storage": """ WITH (autovacuum_vacuum_scale_factor = 0.02,
        autovacuum_vacuum_insert_scale_factor = 0.02)""",
}
SQLITE = {
    "text": "TEXT",
    "uuid": "TEXT",
    "time": "TEXT",
    "bool": "INTEGER",
    "false": "0",
    "existing": "0",
    "included": "",
    "storage": "",
}
# As in `persistence/tables/events.py`.
COUNTED_TYPES = """('coupon.redeemed', 'coupon.refunded', 'redemption.reversed',
    'coupon.generated', 'coupon.assigned')"""
# On PostgreSQL the default gives the existing events a value without writing them.
ADD_COLUMN = "ALTER TABLE outbox ADD COLUMN counted {bool} NOT NULL DEFAULT {existing}"
COUNT_NEW_EVENTS = "ALTER TABLE outbox ALTER COLUMN counted SET DEFAULT false"
# The clock of another process may have been ahead. By state, because both have an index
# by event.
COUNT_LATER_EVENTS = """
    UPDATE outbox SET counted = false WHERE state = '{state}' AND event_id >= '{first}'
"""
SKIP_EARLIER_EVENTS = "UPDATE outbox SET counted = 1 WHERE event_id < '{first}'"
# Reports read the index only: the rows of a definition are spread over the whole table.
# That needs pages that were vacuumed since they changed, also if the table is large.
CREATE_COUNTS = """
    CREATE TABLE {table} (
        tenant_id {text} NOT NULL,
        definition_id {uuid} NOT NULL,
        {at} {time} NOT NULL,
        creator_key {text} NOT NULL,
        dialect {text} NOT NULL,
        redeemed bigint NOT NULL DEFAULT 0,
        reversed bigint NOT NULL DEFAULT 0,
        refused bigint NOT NULL DEFAULT 0,
        validated bigint NOT NULL DEFAULT 0,
        generated bigint NOT NULL DEFAULT 0,
        assigned bigint NOT NULL DEFAULT 0,
        PRIMARY KEY (tenant_id, definition_id, creator_key, {at}, dialect) {included}
    ){storage}
"""
COUNT_TABLES = {"report_quarter": "quarter_at", "report_day": "day_at"}
CREATE_STATEMENTS = (
    f"""
    CREATE INDEX outbox_uncounted ON outbox (tenant_id, event_id)
        WHERE NOT counted AND event_type IN {COUNTED_TYPES}
    """,
    """
    CREATE TABLE report_backfill (
        tenant_id {text} NOT NULL,
        cut_over_at {time} NOT NULL,
        redemption_id bigint NOT NULL DEFAULT 0,
        finished_at {time},
        PRIMARY KEY (tenant_id)
    )
    """,
)
ADD_BACKFILLS = """
    INSERT INTO report_backfill (tenant_id, cut_over_at)
    SELECT tenant_id, '{cut_over_at}' FROM tenant
"""


def up(migrator: Any, db: Any) -> None:
    """Add the column, its index and the tables, and store the cut-over."""
    on_postgresql = isinstance(db, PostgresqlDatabase)
    words = POSTGRESQL if on_postgresql else SQLITE
    db.execute_sql(ADD_COLUMN.format(**words))
    # The table is locked by now, so that earlier events are committed.
    cut_over_at = datetime.now(UTC)
    first = get_min_id_at(cut_over_at)
    if on_postgresql:
        db.execute_sql(COUNT_NEW_EVENTS)
        for state in ("pending", "sent"):
            db.execute_sql(COUNT_LATER_EVENTS.format(state=state, first=first))
    else:
        db.execute_sql(SKIP_EARLIER_EVENTS.format(first=first))
    for statement in CREATE_STATEMENTS:
        db.execute_sql(statement.format(**words))
    for table, at in COUNT_TABLES.items():
        db.execute_sql(CREATE_COUNTS.format(table=table, at=at, **words))
        place_table(db, table)
    place_table(db, "report_backfill")
    text = format_timestamp_milliseconds(cut_over_at)
    db.execute_sql(ADD_BACKFILLS.format(cut_over_at=text))
