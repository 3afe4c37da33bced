"""Counts are added to what is stored, by key, and to those of the whole tenant."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

import pytest

from coupon_core.domain.report_counts import (
    ALL_CREATORS,
    COUNTED_FIELDS,
    WHOLE_TENANT,
    Counts,
    ReportCounts,
    get_quarter,
)
from coupon_core.persistence.database import execute, transaction
from coupon_core.persistence.id_generation import generate_id
from coupon_core.persistence.repositories.report_counts import raise_counts
from coupon_core.persistence.repositories.reports import IN_PERIOD
from coupon_core.persistence.tables import ReportQuarterTable
from tests.factories.tenant import TenantFactory
from tests.support.concurrency import run_concurrently
from tests.support.report_invariants import assert_days_are_sums_of_quarters

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def test_a_quarter_begins_at_its_first_millisecond() -> None:
    last = datetime(2026, 5, 4, 12, 14, 59, 999_000, tzinfo=UTC)
    assert get_quarter(last) == get_quarter(NOON) == NOON
    assert get_quarter(NOON.replace(minute=45)) == NOON.replace(minute=45)


def list_counts(tenant_id: str) -> dict[tuple[str, str, str], tuple[int, int]]:
    table = ReportQuarterTable
    rows = table.select().where(table.tenant_id == tenant_id)
    return {
        (str(row.definition_id), row.creator_key, row.dialect): (
            row.redeemed,
            row.validated,
        )
        for row in rows
    }


@pytest.mark.usefixtures("core")
def test_counts_of_one_key_are_added(tenant: TenantFactory) -> None:
    one, other = generate_id(), generate_id()
    rows = [
        ReportCounts(one, NOON, "", "phoenix", Counts(redeemed=1)),
        ReportCounts(one, NOON, "", "phoenix", Counts(redeemed=2, validated=5)),
        ReportCounts(other, NOON, "ABCDE", "playcamp", Counts(redeemed=4)),
    ]
    for _ in range(2):
        with transaction():
            raise_counts(tenant.tenant_id, rows)
    assert list_counts(tenant.tenant_id) == {
        (one, "", "phoenix"): (6, 10),
        (other, "ABCDE", "playcamp"): (8, 0),
        (WHOLE_TENANT, "", "phoenix"): (6, 10),
        (other, ALL_CREATORS, "playcamp"): (8, 0),
        (WHOLE_TENANT, "ABCDE", "playcamp"): (8, 0),
        (WHOLE_TENANT, ALL_CREATORS, "playcamp"): (8, 0),
    }
    assert_days_are_sums_of_quarters()


@pytest.mark.parametrize("migrated_template", ["postgresql"], indirect=True)
@pytest.mark.parametrize(
    ("table", "at", "names"),
    [
        ("report_quarter", "quarter_at", COUNTED_FIELDS),
        ("report_day", "day_at", COUNTED_FIELDS),
        ("refusal_count", "bucket_at", ("action", "reason", "refused")),
    ],
    ids=["quarters", "days", "refusals"],
)
@pytest.mark.usefixtures("core")
def test_reports_read_an_index_and_no_rows(
    table: str, at: str, names: tuple[str, ...]
) -> None:
    columns = ", ".join(names)
    period = IN_PERIOD.format(at=at)
    parameters = {"tenant_id": "t", "start_at": NOON, "end_at": NOON}
    with transaction():
        # The table is empty, so that reading all of it would be cheap.
        execute("SET LOCAL enable_seqscan = off", {})
        execute("SET LOCAL enable_bitmapscan = off", {})
        plan = execute(f"EXPLAIN SELECT {columns} FROM {table} q {period}", parameters)
    assert f"Index Only Scan using {table}_pkey" in str(plan.fetchall())


@pytest.mark.usefixtures("core")
def test_transactions_that_raise_the_same_counts_do_not_deadlock(
    tenant: TenantFactory,
) -> None:
    ids = [generate_id() for _ in range(20)]

    def raise_repeatedly(definition_ids: list[str]) -> None:
        for _ in range(5):
            with transaction():
                raise_counts(
                    tenant.tenant_id,
                    [
                        ReportCounts(each, NOON, counts=Counts(validated=1))
                        for each in definition_ids
                    ],
                )

    outcomes = run_concurrently(
        [partial(raise_repeatedly, order) for order in (ids, ids[::-1]) * 2]
    )
    assert outcomes == [None] * 4
    assert list_counts(tenant.tenant_id)[WHOLE_TENANT, "", ""] == (0, 20 * 20)
