"""The counts of reports: they are raised in the transaction of their cause."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from coupon_core.domain.report_counts import (
    COUNTED_FIELDS,
    WHOLE_TENANT,
    ReportCounts,
)
from coupon_core.domain.timestamps import format_timestamp_milliseconds
from coupon_core.persistence.row_sets import execute_for_rows

KEY_COLUMNS = ("definition_id", "quarter_at", "creator_key", "dialect")
COLUMNS = ", ".join((*KEY_COLUMNS, *COUNTED_FIELDS))
VALUES = ", ".join(f"r.{column}" for column in (*KEY_COLUMNS, *COUNTED_FIELDS))
RAISED = ", ".join(f"{name} = t.{name} + excluded.{name}" for name in COUNTED_FIELDS)
# In the order of the key: otherwise two transactions could deadlock.
RAISE = f"""
    INSERT INTO report_quarter AS t (tenant_id, {COLUMNS})
    SELECT :tenant_id, {VALUES} FROM {{rows}} WHERE true
    ORDER BY r.definition_id, r.quarter_at, r.creator_key, r.dialect
    ON CONFLICT (tenant_id, {", ".join(KEY_COLUMNS)}) DO UPDATE SET {RAISED}
"""
ROW_COLUMNS = """definition_id uuid, quarter_at timestamptz, creator_key text,
    dialect text""" + "".join(f", {name} bigint" for name in COUNTED_FIELDS)


def raise_counts(tenant_id: str, rows: Iterable[ReportCounts]) -> None:
    """Add counts of definitions to what is stored, and to those of the whole tenant.

    Several rows may have one key. Call it last in a transaction: others wait for the
    row of the tenant.
    """
    sums: defaultdict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    for counts in rows:
        for definition_id in {counts.definition_id, WHOLE_TENANT}:
            row = replace(counts, definition_id=definition_id)
            quarter_at = format_timestamp_milliseconds(row.quarter_at)
            key = row.definition_id, quarter_at, row.creator_key, row.dialect
            sums[key].update({name: getattr(row, name) for name in COUNTED_FIELDS})
    if sums:
        execute_for_rows(
            RAISE,
            ROW_COLUMNS,
            rows=[_to_row(key, counter) for key, counter in sums.items()],
            parameters={"tenant_id": tenant_id},
        )


def _to_row(key: tuple[str, ...], counter: Counter[str]) -> dict[str, Any]:
    return {**dict(zip(KEY_COLUMNS, key, strict=True)), **counter}
