"""Every way of writing to PostgreSQL fails if its change was not confirmed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from peewee import OperationalError

from coupon_core.persistence import database
from coupon_core.persistence.confirmation import UnconfirmedChange
from coupon_core.persistence.database import (
    execute,
    execute_many,
    execute_prepared,
    fetch_many,
    transaction,
)
from tests.conftest import get_reusable_databases
from tests.support.concurrency import started_core
from tests.support.servers import Postgres
from tests.support.settings import build_settings

CREATE_TABLE = """
    CREATE TABLE written (id text);
    CREATE FUNCTION warn() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        RAISE WARNING 'not confirmed' USING ERRCODE = '57P01'; RETURN NULL;
    END $$;
    CREATE TRIGGER warn AFTER INSERT OR UPDATE OR DELETE ON written
        FOR EACH STATEMENT EXECUTE FUNCTION warn();
"""
INSERT = "INSERT INTO written VALUES (:id)"
INSERT_AND_READ = f"WITH new AS ({INSERT} RETURNING id) SELECT id FROM new"


def copy_row() -> None:
    with database.database_proxy.cursor().copy("COPY written FROM STDIN") as copy:
        copy.write_row(("a",))


def write_in_savepoint() -> None:
    with transaction():
        execute(INSERT, {"id": "a"})


WRITES: dict[str, Callable[[], object]] = {
    "cursor": lambda: execute(INSERT, {"id": "a"}),
    "prepared": lambda: execute_prepared(INSERT, {"id": "a"}),
    "peewee": lambda: database.database_proxy.execute_sql("DELETE FROM written"),
    "many": lambda: execute_many(INSERT, [{"id": "a"}, {"id": "b"}]),
    "returning": lambda: fetch_many(f"{INSERT} RETURNING id", [{"id": "a"}]),
    "reading CTE": lambda: execute(INSERT_AND_READ, {"id": "a"}),
    "prepared CTE": lambda: execute_prepared(INSERT_AND_READ, {"id": "a"}),
    "copy": copy_row,
    "savepoint": write_in_savepoint,
}


@pytest.fixture(scope="module")
def url(postgres: Postgres) -> Iterator[str]:
    """Yield a database with a table whose changes are never confirmed."""
    databases = get_reusable_databases(postgres, "warnings")
    with databases.temporary_database(migrated=False) as url:
        with psycopg.connect(url) as connection:
            connection.execute(CREATE_TABLE)
        yield url


@pytest.fixture
def _core(url: str, tmp_path: Path) -> Iterator[None]:
    with started_core(build_settings(url, tmp_path)):
        yield
        database.release_connection()


@pytest.mark.usefixtures("_core")
@pytest.mark.parametrize("name", WRITES)
@pytest.mark.parametrize("is_in_transaction", [False, True], ids=["alone", "within"])
def test_an_unconfirmed_write_fails(name: str, is_in_transaction: bool) -> None:
    def run() -> None:
        if is_in_transaction:
            with transaction():
                WRITES[name]()
        else:
            WRITES[name]()

    with pytest.raises((OperationalError, UnconfirmedChange), match="57P01"):
        run()
    doubtful = database.database_proxy.connection()
    database.release_connection()
    assert doubtful.closed
