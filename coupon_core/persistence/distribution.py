"""Distributes the tables over the nodes of Citus, an extension of PostgreSQL.

The rows of a tenant are kept together on one node. What has to be done is planned from
the catalogue of the database, so that an interrupted run is continued by the next one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from peewee import PostgresqlDatabase

from coupon_core.persistence.database import execute, is_postgresql, transaction
from coupon_core.persistence.schema import migration_lock
from coupon_core.persistence.tables import ApiKeyTable, ClientKeyTable

ROOT_TABLE = "tenant"
# Their key hashes are unique over all tenants, so each node has a copy.
REFERENCE_TABLES = {table._meta.table_name for table in (ApiKeyTable, ClientKeyTable)}
DISTRIBUTED, REFERENCE = "distributed", "reference"


class DistributionUnavailable(Exception):
    """The database cannot distribute tables."""


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """A foreign key, with its definition as SQL."""

    table: str
    name: str
    referenced_table: str
    definition: str


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What the database contains.

    `tables` holds whether each table has a tenant, `placements` the kind of those that
    are placed, and `dropped_keys` the foreign keys that an interrupted run has dropped.
    """

    tables: dict[str, bool]
    placements: dict[str, str]
    foreign_keys: list[ForeignKey]
    dropped_keys: list[ForeignKey]


@dataclass(frozen=True, slots=True)
class Step:
    """Statements of one transaction, and what they do."""

    description: str
    statements: tuple[str, ...]


CREATE_DROPPED_KEYS = """
    CREATE TABLE IF NOT EXISTS dropped_foreign_key
        (table_name text, name text, referenced_table text, definition text)
"""
SELECT_KEYS = """
    SELECT CAST(CAST(conrelid AS regclass) AS text), quote_ident(conname),
        CAST(CAST(confrelid AS regclass) AS text), pg_get_constraintdef(oid)
    FROM pg_constraint WHERE contype = 'f'
    AND connamespace = CAST(current_schema() AS regnamespace)
"""
SELECT_TABLES = """
    SELECT CAST(CAST(oid AS regclass) AS text), EXISTS (SELECT 1 FROM pg_attribute
        WHERE attrelid = c.oid AND attname = 'tenant_id' AND NOT attisdropped)
    FROM pg_class c
    WHERE relkind = 'r' AND relnamespace = CAST(current_schema() AS regnamespace)
    AND relname <> 'dropped_foreign_key'
    AND NOT EXISTS (SELECT 1 FROM pg_depend WHERE objid = c.oid AND deptype = 'e')
    ORDER BY relname
"""
SELECT_PLACEMENTS = """
    SELECT CAST(table_name AS text), citus_table_type FROM citus_tables
    WHERE citus_table_type IN ('distributed', 'reference')
"""
SELECT_DROPPED_KEYS = """
    SELECT table_name, name, referenced_table, definition FROM dropped_foreign_key
"""
SELECT_NODES = """
    SELECT n.node_name || ':' || n.node_port, COALESCE(sum(s.shard_size), 0)
    FROM citus_get_active_worker_nodes() n
    LEFT JOIN citus_shards s ON s.nodename = n.node_name AND s.nodeport = n.node_port
        AND s.citus_table_type = 'distributed'
    GROUP BY 1 ORDER BY 1
"""


def can_distribute() -> bool:
    """Return True if the database has the extension."""
    return is_postgresql() and _exists(
        "(SELECT min(proname) FROM pg_proc WHERE proname = 'create_distributed_table')"
    )


def is_distributed() -> bool:
    """Return True if the tables of the database are distributed over nodes."""
    return can_distribute() and ROOT_TABLE in _read_placements()


def list_unplaced_tables() -> list[str]:
    """Return the tables of a distributed database that are not distributed yet."""
    placements = _read_placements()
    return [table for table in _read_tables() if table not in placements]


def measure_nodes() -> dict[str, int]:
    """Return the bytes of distributed tables on each node, by host and port."""
    return {node: int(size) for node, size in execute(SELECT_NODES, {}).fetchall()}


def distribute() -> Iterator[Step]:
    """Distribute all tables; yield each step when it is done.

    Steps that an earlier call has done are left out.

    Raises:
        DistributionUnavailable: The database has no extension for it.
        DirectConnectionRequired: A pooler passes the statements on.
    """
    if not can_distribute():
        raise DistributionUnavailable
    with migration_lock():
        for step in plan_distribution(read_catalogue()):
            with transaction():
                for statement in step.statements:
                    execute(statement, {})
            yield step


def place_table(db: Any, table: str) -> None:
    """Distribute a table that a migration has created, if the others are distributed.

    Call it before you add foreign keys to the table.
    """
    if isinstance(db, PostgresqlDatabase) and is_distributed():
        db.execute_sql(_build_placement(table, _read_tables()[table]))


def read_catalogue() -> Catalogue:
    """Return what the database contains."""
    has_dropped_keys = _exists("to_regclass('dropped_foreign_key')")
    return Catalogue(
        tables=_read_tables(),
        placements=_read_placements(),
        foreign_keys=_read_keys(SELECT_KEYS),
        dropped_keys=_read_keys(SELECT_DROPPED_KEYS) if has_dropped_keys else [],
    )


def plan_distribution(catalogue: Catalogue) -> list[Step]:
    """Return what has to be done until all tables are distributed."""
    unplaced = [name for name in catalogue.tables if name not in catalogue.placements]
    unplaced.sort(key=lambda name: name != ROOT_TABLE)  # the others are placed with it
    hindering = [
        key
        for key in catalogue.foreign_keys
        if key.table in unplaced or key.referenced_table in unplaced
    ]
    dropped = [*catalogue.dropped_keys, *hindering]
    placing = [_plan_placement(name, catalogue.tables[name]) for name in unplaced]
    if not dropped and not placing:
        return []
    return [
        Step("prepare the list of dropped foreign keys", (CREATE_DROPPED_KEYS,)),
        *map(_plan_drop, hindering),
        *placing,
        *(_plan_restore(key, catalogue.tables) for key in dropped),
        Step("remove the empty list", ("DROP TABLE dropped_foreign_key",)),
    ]


def _plan_drop(key: ForeignKey) -> Step:
    saved = f"""INSERT INTO dropped_foreign_key {SELECT_KEYS}
        AND conrelid = CAST('{key.table}' AS regclass)
        AND quote_ident(conname) = '{key.name}'"""
    drop = f"ALTER TABLE {key.table} DROP CONSTRAINT {key.name}"
    return Step(f"drop the foreign key {key.name} of {key.table}", (saved, drop))


def _plan_restore(key: ForeignKey, tables: dict[str, bool]) -> Step:
    forget = f"""DELETE FROM dropped_foreign_key
        WHERE table_name = '{key.table}' AND name = '{key.name}'"""
    kinds = [
        _get_kind(name, tables[name]) for name in (key.table, key.referenced_table)
    ]
    if kinds == [REFERENCE, DISTRIBUTED]:  # not supported by the extension
        return Step(f"give up the foreign key {key.name} of {key.table}", (forget,))
    add = f"ALTER TABLE {key.table} ADD CONSTRAINT {key.name} {key.definition}"
    return Step(f"restore the foreign key {key.name} of {key.table}", (add, forget))


def _plan_placement(table: str, has_tenant: bool) -> Step:
    if _get_kind(table, has_tenant) == DISTRIBUTED:
        description = f"distribute {table} by tenant"
    else:
        description = f"copy {table} to each node"
    return Step(description, (_build_placement(table, has_tenant),))


def _get_kind(table: str, has_tenant: bool) -> str:
    return DISTRIBUTED if has_tenant and table not in REFERENCE_TABLES else REFERENCE


def _build_placement(table: str, has_tenant: bool) -> str:
    if _get_kind(table, has_tenant) == REFERENCE:
        return f"SELECT create_reference_table('{table}')"
    together = "" if table == ROOT_TABLE else f", colocate_with => '{ROOT_TABLE}'"
    return f"SELECT create_distributed_table('{table}', 'tenant_id'{together})"


def _exists(expression: str) -> bool:
    return bool(execute(f"SELECT {expression} IS NOT NULL", {}).fetchone()[0])


def _read_tables() -> dict[str, bool]:
    return dict(execute(SELECT_TABLES, {}).fetchall())


def _read_placements() -> dict[str, str]:
    return dict(execute(SELECT_PLACEMENTS, {}).fetchall())


def _read_keys(sql: str) -> list[ForeignKey]:
    return [ForeignKey(*row) for row in execute(sql, {}).fetchall()]
