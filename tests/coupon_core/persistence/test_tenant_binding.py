"""Every statement says to which tenant it belongs, or only reads over all tenants."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from itertools import product

import pytest

from coupon_core import persistence
from coupon_core.persistence import repositories
from coupon_core.persistence.repositories import use_summaries
from coupon_core.persistence.repositories.redemptions import (
    INSERT_REDEMPTION,
    UPDATE_COUPON,
    StatementLayout,
    UseForm,
    _build_statements,
)
from coupon_core.persistence.repositories.reservation_writes import (
    CLAIM_RESERVED_COUPON,
    CONFIRM_COUPON,
    INSERT_RESERVATION,
    RESERVE_COUPON,
)
from coupon_core.persistence.repositories.usage_slots import (
    INCREMENT_SLOT_USAGE,
    INCREMENT_TOTAL_USAGE,
)
from coupon_core.persistence.repositories.user_usage import (
    INCREMENT_PERIOD_USAGE,
    INCREMENT_USER_USAGE,
)
from tests.support.tenant_binding import Binding, analyze

ALL_COUNTERS = (INCREMENT_TOTAL_USAGE, INCREMENT_USER_USAGE, INCREMENT_PERIOD_USAGE)

# Beginnings of statements, whose other tables are bound already: the condition on the
# tenant of `c` follows.
BEGINNINGS = {"SELECT_ISSUED_COUPONS", "SELECT_STOCKED_COUPONS", "SELECT_EXPORT_ROWS"}
# What the code puts in place of the markers of a template.
REPLACEMENTS = {
    "rows": "json_to_recordset(CAST(:rows AS json)) AS r(code_key text)",
    "among": "= ANY(CAST(:among AS text[]))",
    "skipping": "FOR UPDATE SKIP LOCKED",
    "source": "",
    "condition": "",
    "period_column": "",
    "period_value": "",
    "range": "tenant_id = :tenant_id",
    "table": "report_day",
    "edges": "",
    "at": "day_at",
    "bucket": "q.day_at",
    "scope": "",
    "members": "SELECT 1 AS id, 1 AS definition_id",
    "days": use_summaries.DAYS_ONE_BY_ONE[True],
}


def list_statement_texts() -> Iterator[tuple[str, str]]:
    """Yield each statement that the persistence layer has as text, with its name."""
    for package in persistence, repositories:
        for module in pkgutil.iter_modules(package.__path__):
            source = importlib.import_module(f"{package.__name__}.{module.name}")
            for name, value in vars(source).items():
                if isinstance(value, str) and is_statement(value):
                    yield f"{module.name}.{name}", complete_statement(name, value)


is_statement = re.compile(r"\s*(WITH|SELECT|INSERT|UPDATE|DELETE)\b").match


def complete_statement(name: str, text: str) -> str:
    sql = re.sub(r"\{+(\w+)\}+", lambda m: REPLACEMENTS.get(m[1], ":value"), text)
    return sql + (" WHERE c.tenant_id = :tenant_id" if name in BEGINNINGS else "")


OVER_ALL_TENANTS = "_OF_ALL_TENANTS"


def test_each_table_of_a_statement_is_bound_to_the_tenant() -> None:
    statements = dict(list_statement_texts())
    assert len(statements) > 100
    unbound = {name for name, sql in statements.items() if analyze(sql).unbound_tables}
    assert unbound == {name for name in statements if OVER_ALL_TENANTS in name}


def test_statements_over_all_tenants_only_read() -> None:
    found = {
        name: analyze(sql).changes_or_locks
        for name, sql in list_statement_texts()
        if OVER_ALL_TENANTS in name
    }
    assert len(found) > 5
    assert not any(found.values())


@pytest.mark.parametrize("is_combined", [True, False])
@pytest.mark.parametrize(
    "form",
    [
        UseForm(UPDATE_COUPON, INSERT_REDEMPTION),
        UseForm(CONFIRM_COUPON, INSERT_REDEMPTION, is_counted=False),
        UseForm(RESERVE_COUPON, INSERT_RESERVATION, claim=CLAIM_RESERVED_COUPON),
    ],
    ids=["redeem", "confirm", "reserve"],
)
def test_the_write_of_a_use_is_bound_in_all_its_forms(
    form: UseForm, is_combined: bool
) -> None:
    slot_counters = (INCREMENT_SLOT_USAGE, *ALL_COUNTERS[1:])
    for counters in ((), (INCREMENT_TOTAL_USAGE,), ALL_COUNTERS, slot_counters):
        for claim, has_shared_code in ((True, True), (False, True), (False, False)):
            for is_special in product([True, False], repeat=4):
                has_batch, has_campaign, has_note, is_traced = is_special
                layout = StatementLayout(
                    counters,
                    claim,
                    has_shared_code,
                    has_batch=has_batch,
                    has_note=has_note,
                    has_campaign=has_campaign,
                    is_traced=is_traced,
                )
                for sql in _build_statements(layout, form, is_combined):
                    assert analyze(sql) == Binding(True, ()), sql


BOUND = "a.tenant_id = :tenant_id"


@pytest.mark.parametrize(
    ("sql", "unbound_tables"),
    [
        (f"SELECT 1 FROM coupon a WHERE {BOUND}", ()),
        ("SELECT 1 FROM coupon WHERE (tenant_id = ?) AND (user_id = ?)", ()),
        ("SELECT 1 FROM coupon WHERE tenant_id = %s OR user_id = %s", ("coupon",)),
        ("SELECT 1 FROM coupon WHERE tenant_id IN (%s)", ("coupon",)),
        ("SELECT 1 FROM coupon WHERE tenant_id = user_id", ("coupon",)),
        (
            f"SELECT 1 FROM coupon a JOIN batch b ON b.tenant_id = a.tenant_id "
            f"WHERE {BOUND}",
            ("batch AS b",),
        ),
        (
            f"SELECT (SELECT 1 FROM batch b WHERE b.tenant_id = a.tenant_id) "
            f"FROM coupon a WHERE {BOUND} FOR UPDATE OF a",
            ("batch AS b",),
        ),
        (
            "SELECT 1 FROM coupon JOIN batch ON true WHERE tenant_id = :tenant_id",
            ("coupon", "batch"),
        ),
        (
            "UPDATE coupon SET code = '' WHERE (tenant_id, coupon_id) IN (SELECT 1)",
            ("coupon",),
        ),
        ("DELETE FROM coupon WHERE code = %(code)s", ("coupon",)),
        ("INSERT INTO coupon (code, tenant_id) VALUES (%s, %s), (%s, %s)", ()),
        ("INSERT INTO coupon (code, tenant_id) VALUES (%s, 'acme')", ("coupon",)),
        ("INSERT INTO coupon (tenant_id) SELECT %(tenant_id)s", ()),
        ("INSERT INTO coupon (tenant_id) SELECT lower(%s)", ("coupon",)),
        ("SELECT 1 FROM api_key WHERE key_sha256 = %s", ()),
    ],
)
def test_a_table_without_its_own_condition_is_found(
    sql: str, unbound_tables: tuple[str, ...]
) -> None:
    assert sorted(analyze(sql).unbound_tables) == sorted(unbound_tables)
