"""The columns of reports, which are also those of their CSV."""

from admin_gateway.console.tables import Column
from admin_gateway.console.texts import N_
from coupon_core.domain.report_counts import Counts

COUNT_NAMES = ("redeemed", "reversed", "refused", "validated")
CHART_NAMES = ("redeemed", "refused")
FUNNEL_NAMES = ("generated", "assigned", "validated", "redeemed")
BUCKET_COLUMNS = (
    Column("start", N_("Begin (UTC)"), lambda row: row[1].start),
    Column("local_start", N_("Period"), lambda row: row[0]),
    Column("redeemed", N_("Redeemed"), lambda row: row[1].counts.redeemed),
    Column("reversed", N_("Given back"), lambda row: row[1].counts.reversed),
    Column("refused", N_("Refused"), lambda row: row[1].counts.refused),
    Column("validated", N_("Checked"), lambda row: row[1].counts.validated),
)
REFUSAL_COLUMNS = (
    Column("action", N_("The caller wanted to"), lambda row: row.action),
    Column("reason", N_("Reason"), lambda row: row.reason),
    Column("refused", N_("Refused"), lambda row: row.refused),
)
TOP_COLUMNS = (
    Column("id", N_("ID or code"), lambda row: row.id),
    Column("name", N_("Name"), lambda row: row.name),
    Column("code_count", N_("Codes"), lambda row: row.code_count),
    Column("redeemed", N_("Redeemed"), lambda row: row.redeemed),
    Column("reversed", N_("Given back"), lambda row: row.reversed),
)
FUNNEL_COLUMNS = (
    Column("step", N_("Step"), lambda row: row[0]),
    Column("count", N_("Count"), lambda row: row[1]),
)


def list_funnel_steps(totals: Counts) -> list[tuple[str, int]]:
    """Return the name and the count of each step."""
    return [(name, getattr(totals, name)) for name in FUNNEL_NAMES]
