"""Tests of the migrations: concurrency, agreement with the tables, constraints."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import peewee
import pytest
from playhouse.migrations import Runner

from coupon_core.domain.models import utc_now
from coupon_core.persistence import schema
from coupon_core.persistence.database import is_postgresql
from coupon_core.persistence.tables import (
    ALL_TABLES,
    CouponTable,
    DefinitionTable,
    RedemptionTable,
    database_proxy,
)
from coupon_core.persistence.tables.processes import RunningProcessTable
from coupon_core.services.catalog.definition_checks import find_duplicate_names
from coupon_core.services.coupons import redemption
from coupon_core.services.coupons.redemption import RedeemRequest
from tests.factories.tenant import TenantFactory
from tests.support.concurrency import (
    run_concurrently,
    run_concurrently_in_processes,
    started_core,
)
from tests.support.settings import build_settings

STEPS = sorted(step.stem for step in schema.MIGRATIONS_DIR.glob("[0-9]*.py"))


def test_migrations_distribute_the_tables_that_they_create() -> None:
    # The first releases, whose tables `couponctl db distribute` distributes.
    later = [step for step in STEPS if step >= "0017"]
    for step in later:
        text = (schema.MIGRATIONS_DIR / f"{step}.py").read_text()
        assert text.count("CREATE TABLE") == text.count("place_table("), step


@pytest.mark.parametrize("kind", ["threads", "processes"])
def test_of_many_who_upgrade_at_once_one_does_and_none_fails(
    empty_database_url: str, tmp_path: Path, kind: str
) -> None:
    settings = build_settings(empty_database_url, tmp_path)
    tasks = [schema.upgrade] * 6
    with started_core(settings):
        race: Callable[..., Any] = run_concurrently
        results = (
            race(tasks)
            if kind == "threads"
            else run_concurrently_in_processes(settings, tasks)
        )
        assert sorted(results) == [[], [], [], [], [], STEPS]
        assert schema.is_up_to_date()


def test_an_empty_database_is_not_up_to_date(
    empty_database_url: str, tmp_path: Path
) -> None:
    with started_core(build_settings(empty_database_url, tmp_path)):
        assert not schema.is_up_to_date()
        assert schema.list_migrations() == [(step, False) for step in STEPS]


OLD = {
    "tenant": "('acme', '2026-05-04T12:00:00.000Z')",
    "reward_item": "('acme', '{reward}', 'Points', '', 'points', '{{}}', {now}, {now})",
    "definition": "('acme', '{definition}', 'Sale', '', 'active', '{reward}', "
    "'custom', 'full', '', 8, 'SAVE10', {no}, {no}, NULL, NULL, 1, 0, 0, NULL, {no}, "
    "'', 0, {now}, {now})",
    "shared_code": "('acme', 'SAVE10', '', 'SAVE10', '{definition}')",
    "coupon": "('acme', '{coupon}', '{definition}', 'ann', 'SAVE10', {now}, NULL, NULL,"
    " 0, NULL, 'SAVE10', 'ann')",
}


def test_a_database_with_coupons_is_brought_up_to_date(
    empty_database_url: str, tmp_path: Path
) -> None:
    """Starts at the second migration: the third creates two tables again on SQLite."""
    words = {
        "reward": "018f0000-0000-7000-8000-000000000001",
        "definition": "018f0000-0000-7000-8000-000000000002",
        "coupon": "018f0000-0000-7000-8000-000000000003",
        "now": "'2026-05-04T12:00:00.000Z'",
    }
    with started_core(build_settings(empty_database_url, tmp_path)):
        Runner(database_proxy.obj, str(schema.MIGRATIONS_DIR)).up(STEPS[1])
        words["no"] = "false" if is_postgresql() else "0"
        for table, values in OLD.items():
            row = values.format(**words)
            database_proxy.execute_sql(f"INSERT INTO {table} VALUES {row}")
        assert schema.upgrade() == STEPS[2:]
        request = RedeemRequest("acme", "save10", user_id="ann")
        coupon = redemption.redeem(request, utc_now()).issued.coupon
        assert (coupon.copy_number, coupon.redemption_count) == (1, 1)


def test_names_that_differ_by_blanks_get_one_key(
    empty_database_url: str, tmp_path: Path
) -> None:
    """The older of two definitions has the key; the other one stays without."""
    words = {
        "reward": "018f0000-0000-7000-8000-000000000001",
        "definition": "018f0000-0000-7000-8000-000000000002",
        "now": "'2026-05-04T12:00:00.000Z'",
    }
    younger = OLD["definition"].replace("{definition}", "{definition}3")
    younger = younger.replace("'Sale'", "' Sale'").replace("SAVE10", "SAVE11")
    with started_core(build_settings(empty_database_url, tmp_path)):
        Runner(database_proxy.obj, str(schema.MIGRATIONS_DIR)).up(STEPS[1])
        words["no"] = "false" if is_postgresql() else "0"
        for table in "tenant", "reward_item", "definition":
            row = OLD[table].format(**words)
            database_proxy.execute_sql(f"INSERT INTO {table} VALUES {row}")
        words["definition"] = words["definition"][:-1]
        row = younger.format(**words)
        database_proxy.execute_sql(f"INSERT INTO definition VALUES {row}")
        schema.upgrade()
        rows = DefinitionTable.select(DefinitionTable.name, DefinitionTable.name_key)
        assert set(rows.tuples()) == {("Sale", "Sale"), (" Sale", None)}
        assert [name for *_, name in find_duplicate_names(9)] == [" Sale"]


@pytest.mark.usefixtures("core")
def test_a_second_upgrade_does_nothing() -> None:
    assert schema.upgrade() == []


# ------------------------------------------------------------- tables and DDL agree


every_table = pytest.mark.parametrize(
    "table", [*ALL_TABLES, RunningProcessTable], ids=lambda table: table.__name__
)


@pytest.mark.usefixtures("core")
@every_table
def test_columns_are_those_of_the_table(table: Any) -> None:
    meta = table._meta
    columns = {
        column.name: column.null
        for column in database_proxy.get_columns(meta.table_name)
    }
    keys = set(database_proxy.get_primary_keys(meta.table_name))
    assert columns == {field.column_name: field.null for field in meta.sorted_fields}
    assert keys == {field.column_name for field in meta.get_primary_keys()}


@pytest.mark.usefixtures("core")
@every_table
def test_indexes_are_those_of_the_table(table: Any) -> None:
    primary = [field.column_name for field in table._meta.get_primary_keys()]
    indexes = {
        (tuple(index.columns), index.unique, "WHERE" in index.sql.upper())
        for index in database_proxy.get_indexes(table._meta.table_name)
        # The index of a primary key may include further columns.
        if index.columns[: len(primary)] != primary
        or "WHERE" in (index.sql or "").upper()
    }
    expected = {
        (
            tuple(field.column_name for field in index._expressions),
            index._unique,
            index._where is not None,
        )
        for index in table._meta.fields_to_index()
    }
    assert indexes == expected


@pytest.mark.usefixtures("core")
@pytest.mark.parametrize("table", ALL_TABLES, ids=lambda table: table.__name__)
def test_every_key_starts_with_the_tenant(table: Any) -> None:
    """Except for keys that are looked up without a tenant, and purge indexes."""
    exceptions = {("key_id",), ("key_sha256",), ("event_id",), ("kept_until",)}
    exceptions |= {("accepted_at",)}
    # Operators can work for several tenants.
    exceptions |= {("operator_id",), ("email_key",), ("session_hash",), ("token_hash",)}
    exceptions.add(("provider_account",))
    for index in database_proxy.get_indexes(table._meta.table_name):
        assert index.columns[0] == "tenant_id" or tuple(index.columns) in exceptions


# ------------------------------------------------------- constraints of the database

FORBIDDEN: dict[str, tuple[Any, dict[str, Any]]] = {
    "uses beyond the total": (DefinitionTable, {"total_limit": 2, "used_count": 3}),
    "negative uses": (DefinitionTable, {"used_count": -1}),
    "a negative total": (DefinitionTable, {"total_limit": -1}),
    "a negative limit": (DefinitionTable, {"per_code_limit": -1}),
    "an unknown status": (DefinitionTable, {"status": "deleted"}),
    "an unknown format": (DefinitionTable, {"code_format": "barcode"}),
    "a short code": (DefinitionTable, {"code_length": 3}),
    "a long code": (DefinitionTable, {"code_length": 33}),
    "a random code by hand": (DefinitionTable, {"custom_code": "SAVE10"}),
    "a custom code that is none": (DefinitionTable, {"code_format": "custom"}),
    "a foreign reward item": (
        DefinitionTable,
        {"reward_item_id": "018f0000-0000-7000-8000-000000000000"},
    ),
    "negative uses of a coupon": (CouponTable, {"redemption_count": -1}),
    "no count of a coupon's uses": (CouponTable, {"redemption_count": None}),
    "no user": (CouponTable, {"user_id": None}),
    "a use with the number 0": (RedemptionTable, {"use_number": 0}),
    "a use without a number": (RedemptionTable, {"use_number": None}),
}


@pytest.mark.parametrize("case", FORBIDDEN)
def test_the_database_itself_refuses(tenant: TenantFactory, case: str) -> None:
    tenant.redeem(tenant.issue_code(tenant.define()))
    table, change = FORBIDDEN[case]
    with pytest.raises(peewee.IntegrityError):
        table.update(**change).where(table.tenant_id == tenant.tenant_id).execute()


def test_the_same_columns_take_what_is_allowed(tenant: TenantFactory) -> None:
    definition = tenant.define()
    condition = DefinitionTable.definition_id == definition.definition_id
    allowed = {"total_limit": 2, "used_count": 2, "code_length": 32}
    assert DefinitionTable.update(**allowed).where(condition).execute() == 1


def test_reversed_dates_are_refused_by_the_database(tenant: TenantFactory) -> None:
    definition = tenant.define()
    condition = DefinitionTable.definition_id == definition.definition_id
    dates = {"starts_at": definition.created_at, "expires_at": definition.created_at}
    with pytest.raises(peewee.IntegrityError):
        DefinitionTable.update(**dates).where(condition).execute()
