"""Redemptions and creators have ids that no other of their tenant has.

Earlier releases chose the last 12 bits of an id at random, so that two of the same
millisecond could be the same. The later one of such a pair gets the next free number.
"""

from typing import Any

from peewee import PostgresqlDatabase

# The columns that identify a row besides its tenant.
KEYS = {
    ("redemption", "redemption_id"): ("coupon_id", "use_number"),
    ("creator", "creator_id"): ("creator_key",),
}


def up(migrator: Any, db: Any) -> None:
    """Give rows with the id of another row a new one, and make the ids unique."""
    for (table, id_column), key_columns in KEYS.items():
        if isinstance(db, PostgresqlDatabase):
            db.execute_sql(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE")
        for repeated in _list_repeated(db, table, id_column):
            _change_ids(db, table, (id_column, *key_columns), repeated)
        index = f"{table}_tenant_id_{id_column}"
        db.execute_sql(f"DROP INDEX IF EXISTS {index}")
        db.execute_sql(
            f"CREATE UNIQUE INDEX {index} ON {table} (tenant_id, {id_column})"
        )


def _list_repeated(db: Any, table: str, id_column: str) -> list[tuple[str, int]]:
    sql = f"""
        SELECT tenant_id, {id_column} FROM {table}
        GROUP BY tenant_id, {id_column} HAVING count(*) > 1
    """
    rows: list[tuple[str, int]] = db.execute_sql(sql).fetchall()
    return rows


def _change_ids(
    db: Any, table: str, columns: tuple[str, ...], repeated: tuple[str, int]
) -> None:
    id_column, *key_columns = columns
    tenant_id, repeated_id = repeated
    has_id = f"WHERE tenant_id = {db.param} AND {id_column} = {db.param}"
    keys = ", ".join(key_columns)
    rows = db.execute_sql(
        f"SELECT {keys} FROM {table} {has_id} ORDER BY {keys}", repeated
    ).fetchall()
    conditions = " AND ".join(f"{column} = {db.param}" for column in key_columns)
    free_id = repeated_id
    for row in rows[1:]:
        while db.execute_sql(
            f"SELECT 1 FROM {table} {has_id} LIMIT 1", (tenant_id, free_id)
        ).fetchone():
            free_id += 1
        db.execute_sql(
            f"UPDATE {table} SET {id_column} = {db.param} "
            f"WHERE tenant_id = {db.param} AND {conditions}",
            (free_id, tenant_id, *row),
        )
