"""The distribution of the tables, on a PostgreSQL whose Citus functions only record.

They refuse what Citus refuses: a table whose foreign keys are still there.
"""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from admin_gateway.cli.doctor.database_checks import check_nodes
from coupon_core.persistence import database, distribution
from coupon_core.persistence.distribution import DISTRIBUTED, REFERENCE
from coupon_core.persistence.tables import ALL_TABLES, database_proxy
from tests.support.databases import Databases

STUBS = """
    CREATE SCHEMA citus;
    CREATE TABLE citus.citus_tables (
        table_name regclass PRIMARY KEY, citus_table_type text, colocate_with text);
    CREATE TABLE citus.citus_shards (
        citus_table_type text, nodename text, nodeport integer, shard_size bigint);
    CREATE FUNCTION citus.citus_get_active_worker_nodes(
        OUT node_name text, OUT node_port bigint) RETURNS SETOF record LANGUAGE sql
        AS $$ VALUES ('a', 5432), ('b', 5432) $$;
    CREATE FUNCTION citus.place(t regclass, kind text, together text) RETURNS void
    LANGUAGE plpgsql AS $$ BEGIN
        IF EXISTS (SELECT 1 FROM pg_constraint WHERE contype = 'f'
            AND (conrelid = t OR confrelid = t)) THEN
            RAISE EXCEPTION '% has a foreign key', t;
        END IF;
        INSERT INTO citus.citus_tables VALUES (t, kind, together);
    END $$;
    CREATE FUNCTION citus.create_distributed_table(
        t regclass, distribution_column text, colocate_with text DEFAULT 'default')
    RETURNS void LANGUAGE sql
        AS $$ SELECT citus.place(t, 'distributed', colocate_with) $$;
    CREATE FUNCTION citus.create_reference_table(t regclass) RETURNS void LANGUAGE sql
        AS $$ SELECT citus.place(t, 'reference', NULL) $$;
"""
TENANT_KEYS_OF_REFERENCE_TABLES = {("api_key", "tenant"), ("client_key", "tenant")}
pytestmark = pytest.mark.parametrize("migrated_template", ["postgresql"], indirect=True)


@pytest.fixture
def _citus(migrated_template: Databases) -> Iterator[None]:
    """Open a database whose functions of Citus record their calls."""
    with migrated_template.temporary_database() as url:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(STUBS)
            name = connection.info.dbname
            connection.execute(f"ALTER DATABASE {name} SET search_path = public, citus")
        database.open_database(url)
        yield
        database.close_database()


def fetch(sql: str) -> list[tuple[str, ...]]:
    return database_proxy.execute_sql(sql).fetchall()


def list_keys() -> set[tuple[str, str]]:
    """Return the tables of each foreign key."""
    catalogue = distribution.read_catalogue()
    assert not catalogue.dropped_keys
    return {(key.table, key.referenced_table) for key in catalogue.foreign_keys}


@pytest.mark.usefixtures("_citus")
def test_all_tables_are_distributed_with_their_foreign_keys_once() -> None:
    keys = list_keys()
    steps = list(distribution.distribute())
    placed = distribution.read_catalogue().placements
    assert placed.keys() >= {table._meta.table_name for table in ALL_TABLES}
    references = {name for name, kind in placed.items() if kind == REFERENCE}
    operators = {"operator", "operator_session", "operator_invitation"}
    assert references == {
        *("api_key", "client_key"),
        *("schema_migration", "running_process"),
        *operators,
    }
    assert list_keys() == keys - TENANT_KEYS_OF_REFERENCE_TABLES
    assert keys > TENANT_KEYS_OF_REFERENCE_TABLES
    sql = "SELECT DISTINCT colocate_with FROM citus_tables WHERE citus_table_type = "
    assert set(fetch(f"{sql}'{DISTRIBUTED}'")) == {("default",), ("tenant",)}
    assert "distribute coupon by tenant" in [step.description for step in steps]
    assert list(distribution.distribute()) == []


@pytest.mark.usefixtures("_citus")
def test_an_interrupted_distribution_is_continued() -> None:
    keys = list_keys()
    done = []
    while steps := distribution.distribute():
        # Ends while keys are being dropped, tables distributed and keys restored.
        done.append([step for step, _ in zip(steps, range(11), strict=False)])
        steps.close()
        if len(done[-1]) < 11:
            break
    assert len(done) > 5
    assert distribution.list_unplaced_tables() == []
    assert list_keys() == keys - TENANT_KEYS_OF_REFERENCE_TABLES


@pytest.mark.usefixtures("_citus")
def test_a_table_of_a_later_migration_is_distributed() -> None:
    list(distribution.distribute())
    with database.transaction():
        database_proxy.execute_sql("CREATE TABLE later (tenant_id text PRIMARY KEY)")
        distribution.place_table(database_proxy.obj, "later")
    assert distribution.read_catalogue().placements["later"] == DISTRIBUTED


@pytest.mark.usefixtures("_citus")
def test_the_doctor_shows_nodes_and_skew() -> None:
    assert list(check_nodes()) == []
    list(distribution.distribute())
    insert = "INSERT INTO citus_shards VALUES ('distributed', '{}', 5432, {})"
    database_proxy.execute_sql(insert.format("a", 2**30))
    [finding] = check_nodes()
    assert (finding.level, finding.found) == (
        "ok",
        "a:5432 1024 MiB, b:5432 0 MiB; the largest has 2.0 times the average",
    )
    delete = "DELETE FROM citus_tables WHERE CAST(table_name AS text) = 'batch'"
    database_proxy.execute_sql(delete)
    assert [finding.level for finding in check_nodes()] == ["fail", "ok"]
