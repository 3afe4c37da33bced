"""What lists of definitions and campaigns show of the uses of each row."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from flask import g

from admin_gateway.console.installation import get_settings
from admin_gateway.console.tables import Column, ListRows
from admin_gateway.console.texts import N_
from coupon_core.domain.models import Page, utc_now
from coupon_core.domain.models.reports import TopBy, UseSummary
from coupon_core.services.insight import use_summaries

MAX_COUNTED = 10_000
"""Codes that are counted by state whenever a page shows them; more take a click."""
USE_COLUMNS = (
    Column("codes", N_("Codes"), lambda row: row.use.code_count),
    Column("uses_in_30_days", N_("Uses in 30 days"), lambda row: row.use.use_count),
    Column("last_used_on", N_("Last use"), lambda row: row.use.last_used_on),
)


@dataclass(frozen=True, slots=True)
class ListedRow:
    """A definition or a campaign, and what it was used for."""

    one: Any
    use: UseSummary


def list_with_uses(list_rows: ListRows, by: TopBy) -> ListRows:
    """Adapt a service that lists definitions or campaigns."""

    def list_listed_rows(part: Page) -> tuple[Sequence[ListedRow], int]:
        rows, total = list_rows(part)
        return add_uses(rows, by), total

    return list_listed_rows


def add_uses(rows: Sequence[Any], by: TopBy) -> list[ListedRow]:
    """Return definitions or campaigns with their uses, read at once."""
    ids = [getattr(one, f"{by.value}_id") for one in rows]
    found = use_summaries.summarize(
        g.principal.tenant_id,
        by,
        ids,
        now=utc_now(),
        kept_days=get_settings().keep_reports_days,
    )
    return [
        ListedRow(one, found[row_id]) for one, row_id in zip(rows, ids, strict=True)
    ]


def count_codes(one: Any, by: TopBy, count: Callable[[], int]) -> int:
    """Return the codes of a definition or a campaign for the question before an action.

    Many are taken from the counts of reports, because `count` would read all of them.
    """
    (row,) = add_uses([one], by)
    is_known = row.use.has_all_codes and row.use.code_count > MAX_COUNTED
    return row.use.code_count if is_known else count()
