"""The leaderboard of creators: whose codes were redeemed most in a period."""

from flask import g
from flask.typing import ResponseReturnValue

from admin_gateway.console.choices import list_campaign_filters
from admin_gateway.console.forms import load_query
from admin_gateway.console.page import Page
from admin_gateway.console.tables import Column, Rows, respond_with_table
from admin_gateway.console.texts import N_
from admin_gateway.requests.reports import MAX_TOP_ROWS, RefusalQuerySchema
from coupon_core.domain.models import utc_now
from coupon_core.domain.models.reports import TopBy
from coupon_core.services.insight import reports

page = Page(
    "leaderboard",
    title=N_("Leaderboard"),
    path="/leaderboard",
    group=N_("Creators"),
)
COLUMNS = (
    Column("rank", N_("Rank"), lambda ranked: ranked[0]),
    Column("creator_key", N_("Key"), lambda ranked: ranked[1].id),
    Column("name", N_("Name"), lambda ranked: ranked[1].name),
    Column("redeemed", N_("Redeemed"), lambda ranked: ranked[1].redeemed),
    Column("reversed", N_("Reversed"), lambda ranked: ranked[1].reversed),
)


@page.view("", mirrors="reports.top")
def index() -> ResponseReturnValue:
    """Rank up to 100 creators by the uses of their codes."""
    # The ranking has the filters of a report on a campaign, and no creator.
    filters, form = load_query(RefusalQuerySchema())

    def read_rows(_cursor: str, _limit: int) -> Rows:
        report = reports.report_top(
            g.principal.tenant_id,
            **filters,
            by=TopBy.CREATOR,
            limit=MAX_TOP_ROWS,
            now=utc_now(),
        )
        return Rows(list(enumerate(report.rows, start=1)), "", len(report.rows))

    return respond_with_table(
        "leaderboard/index.html",
        COLUMNS,
        read_rows,
        form=form,
        campaigns=list_campaign_filters(g.principal.tenant_id),
    )
