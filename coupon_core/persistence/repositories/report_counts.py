"""The counts of reports: they are raised in the transaction of their cause."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from itertools import product
from typing import Any

from coupon_core.domain.report_counts import (
    ALL_CREATORS,
    COUNTED_FIELDS,
    WHOLE_TENANT,
    Counts,
    ReportCounts,
    get_midnight,
    sum_counts,
)
from coupon_core.domain.timestamps import format_timestamp_milliseconds
from coupon_core.persistence.row_sets import execute_for_rows

KEY_COLUMNS = ("definition_id", "creator_key", "at", "dialect")
COUNT_COLUMNS = ", ".join(COUNTED_FIELDS)
COUNT_VALUES = ", ".join(f"r.{name}" for name in COUNTED_FIELDS)
RAISED = ", ".join(f"{name} = t.{name} + excluded.{name}" for name in COUNTED_FIELDS)
# In the order of the key: otherwise two transactions could deadlock.
RAISE = f"""
    INSERT INTO {{table}} AS t (tenant_id, definition_id, creator_key, {{at}}, dialect,
        {COUNT_COLUMNS})
    SELECT :tenant_id, r.definition_id, r.creator_key, r.at, r.dialect, {COUNT_VALUES}
    FROM {{{{rows}}}} WHERE true
    ORDER BY r.definition_id, r.creator_key, r.at, r.dialect
    ON CONFLICT (tenant_id, definition_id, creator_key, {{at}}, dialect)
    DO UPDATE SET {RAISED}
"""
RAISE_QUARTERS = RAISE.format(table="report_quarter", at="quarter_at")
RAISE_DAYS = RAISE.format(table="report_day", at="day_at")
ROW_COLUMNS = """definition_id uuid, creator_key text, at timestamptz,
    dialect text""" + "".join(f", {name} bigint" for name in COUNTED_FIELDS)
Key = tuple[str, str, datetime, str]
Parts = defaultdict[Key, list[Counts]]


def raise_counts(tenant_id: str, rows: Iterable[ReportCounts]) -> None:
    """Add counts of quarters to what is stored, to their days and to all sums.

    The sums are those of the whole tenant and of all creators. Several rows may have
    one key. Call it last in a transaction: others wait for the row of the tenant.
    """
    quarters: Parts = defaultdict(list)
    days: Parts = defaultdict(list)
    for row in rows:
        for definition_id, creator_key in product(
            {row.definition_id, WHOLE_TENANT},
            {row.creator_key, ALL_CREATORS if row.creator_key else ""},
        ):
            key = definition_id, creator_key, row.quarter_at, row.dialect
            quarters[key].append(row.counts)
    for (definition_id, creator_key, quarter_at, dialect), parts in quarters.items():
        days[definition_id, creator_key, get_midnight(quarter_at), dialect] += parts
    if quarters:
        _execute(RAISE_QUARTERS, tenant_id, quarters)
        _execute(RAISE_DAYS, tenant_id, days)


def _execute(sql: str, tenant_id: str, counts: Parts) -> None:
    execute_for_rows(
        sql,
        ROW_COLUMNS,
        rows=[_to_row(key, sum_counts(parts)) for key, parts in counts.items()],
        parameters={"tenant_id": tenant_id},
    )


def _to_row(key: Key, counts: Counts) -> dict[str, Any]:
    row = dict(zip(KEY_COLUMNS, key, strict=True))
    return {**row, "at": format_timestamp_milliseconds(key[2]), **counts._asdict()}
