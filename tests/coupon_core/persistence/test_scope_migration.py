"""Scopes of keys that were created before, beside, and after this release."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playhouse.migrations import Runner

from coupon_core.domain.models import Page, Scope
from coupon_core.persistence import schema
from coupon_core.persistence.repositories import tenants as tenant_repository
from coupon_core.persistence.tables import database_proxy
from tests.factories.tenant import create_tenant
from tests.support.concurrency import started_core
from tests.support.settings import build_settings

STEPS = sorted(step.stem for step in schema.MIGRATIONS_DIR.glob("[0-9]*.py"))
OLD_COLUMNS = "tenant_id, key_id, name, scopes, key_sha256, key_sealed, created_at"
ALL_OLD = ["coupons", "definitions", "events", "keys", "read"]
OLD_KEYS: dict[str, tuple[list[str], set[str]]] = {
    "1": (ALL_OLD, {*ALL_OLD, "export"}),
    "2": (["coupons", "read"], {"coupons", "read", "export"}),
    "3": (["read"], {"read"}),
    "4": (["coupons", "keys"], {"coupons", "keys"}),
}


def insert_as_previous_release(number: str, scopes: list[str]) -> None:
    key_id = f"018f0000-0000-7000-8000-00000000000{number}"
    words = json.dumps(scopes, separators=(",", ":"))
    database_proxy.execute_sql(
        f"INSERT INTO api_key ({OLD_COLUMNS}) VALUES ('acme', '{key_id}', '{number}', "
        f"'{words}', 'sha-{number}', 'sealed', '2026-05-04T12:00:00.000Z')"
    )


def read_scopes() -> dict[str, set[str]]:
    keys, _ = tenant_repository.list_keys("acme", Page())
    return {key.name: {scope.value for scope in key.scopes} for key in keys}


def test_keys_that_read_and_change_coupons_keep_the_export(
    empty_database_url: str, tmp_path: Path
) -> None:
    with started_core(build_settings(empty_database_url, tmp_path)):
        earlier = [step for step in STEPS if step < "0015"]
        Runner(database_proxy.obj, str(schema.MIGRATIONS_DIR)).up(earlier[-1])
        database_proxy.execute_sql(
            "INSERT INTO tenant VALUES ('acme', '2026-05-04T12:00:00.000Z')"
        )
        for number, (scopes, _) in OLD_KEYS.items():
            insert_as_previous_release(number, scopes)
        schema.upgrade()
        expected = {number: scopes for number, (_, scopes) in OLD_KEYS.items()}
        assert read_scopes() == expected
        insert_as_previous_release("5", ["read", "coupons"])
        assert read_scopes() == {**expected, "5": {"read", "coupons"}}


@pytest.mark.usefixtures("core")
def test_previous_release_reads_no_scope_that_it_does_not_know() -> None:
    tenant = create_tenant().tenant_id
    rows = database_proxy.execute_sql(
        f"SELECT scopes FROM api_key WHERE tenant_id = '{tenant}'"
    ).fetchall()
    assert [json.loads(scopes) for (scopes,) in rows] == [ALL_OLD]


@pytest.mark.usefixtures("core")
def test_scopes_of_a_later_release_are_ignored() -> None:
    tenant = create_tenant().tenant_id
    database_proxy.execute_sql(
        'UPDATE api_key SET added_scopes = \'["export","from_the_future"]\' '
        f"WHERE tenant_id = '{tenant}'"
    )
    (key,), _ = tenant_repository.list_keys(tenant, Page())
    assert key.scopes == {*(Scope(word) for word in ALL_OLD), Scope.EXPORT}
