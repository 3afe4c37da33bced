"""Reports: uses over time, refusals, rankings, campaigns side by side, the funnel."""

from collections.abc import Callable, Sequence
from datetime import UTC, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import g
from flask.typing import ResponseReturnValue
from marshmallow import Schema

from admin_gateway.console.charts import build_chart, list_labels
from admin_gateway.console.forms import load_query
from admin_gateway.console.page import Page
from admin_gateway.console.report_columns import (
    BUCKET_COLUMNS,
    CHART_NAMES,
    COUNT_NAMES,
    FUNNEL_COLUMNS,
    REFUSAL_COLUMNS,
    TOP_COLUMNS,
    list_funnel_steps,
)
from admin_gateway.console.report_words import describe, describe_all
from admin_gateway.console.tables import Column, read_by_offset, respond_with_table
from admin_gateway.console.texts import N_
from admin_gateway.requests.fields import EnumField
from admin_gateway.requests.reports import (
    MAX_COMPARED,
    ComparisonQuerySchema,
    RefusalQuerySchema,
    ReportQuerySchema,
    SeriesQuerySchema,
    TopQuerySchema,
)
from coupon_core.domain.models import Dialect, utc_now
from coupon_core.domain.models import Page as ListPage
from coupon_core.domain.models.reports import Report, SeriesReport, TopBy
from coupon_core.schemas.query_lists import QueryList
from coupon_core.services.campaigns import campaigns
from coupon_core.services.catalog import definition_lookup
from coupon_core.services.insight import reports

page = Page(
    "reports", title=N_("Reports"), path="/reports", group=N_("Insight"), key="r"
)
CHOICES = ListPage(limit=200)
QUICK_PERIODS = (1, 7, 30, 90)
TABS = (
    ("index", N_("Redemptions")),
    ("refusals", N_("Refusals")),
    ("top", N_("Most used")),
    ("compare", N_("Compare campaigns")),
    ("funnel", N_("From code to use")),
)
RANKINGS = (
    (TopBy.DEFINITION, N_("definitions")),
    (TopBy.CAMPAIGN, N_("campaigns")),
    (TopBy.CREATOR, N_("creators")),
    (TopBy.CODE, N_("shared codes")),
    (TopBy.USER, N_("players")),
)


class RankingQuerySchema(TopQuerySchema):
    """A ranking; definitions by default."""

    by = EnumField(TopBy, load_default=TopBy.DEFINITION)


class ChosenQuerySchema(ComparisonQuerySchema):
    """The campaigns to compare; none before any is chosen."""

    campaign_id = QueryList(max_items=MAX_COMPARED, load_default=())


@page.view("", mirrors="reports.redemptions")
def index() -> ResponseReturnValue:
    """Show redemptions, reversals, refusals and checks over time."""
    return _respond(
        "index",
        BUCKET_COLUMNS,
        SeriesQuerySchema(),
        read=reports.report_redemptions,
        describe_report=_describe_series,
    )


def _describe_series(report: SeriesReport) -> dict[str, Any]:
    labels = list_labels(report.buckets, report.interval, report.period.time_zone)
    return {
        "rows": list(zip(labels, report.buckets, strict=True))[::-1],
        "chart": build_chart(labels, report.buckets, CHART_NAMES),
        "words": describe_all(*COUNT_NAMES),
    }


@page.view("/refusals", mirrors="reports.refusals")
def refusals() -> ResponseReturnValue:
    """Show refusals by action and reason, most frequent first."""
    return _respond(
        "refusals",
        REFUSAL_COLUMNS,
        RefusalQuerySchema(),
        read=reports.report_refusals,
        describe_report=lambda report: {"rows": report.rows},
    )


@page.view("/top", mirrors="reports.top")
def top() -> ResponseReturnValue:
    """Show what was redeemed most."""
    return _respond(
        "top",
        TOP_COLUMNS,
        RankingQuerySchema(),
        read=reports.report_top,
        describe_report=lambda report: {"rows": report.rows},
    )


@page.view("/funnel", mirrors="reports.funnel")
def funnel() -> ResponseReturnValue:
    """Show how many coupons were generated, given away, checked and redeemed."""
    return _respond(
        "funnel",
        FUNNEL_COLUMNS,
        ReportQuerySchema(),
        read=reports.report_funnel,
        describe_report=lambda report: {"rows": list_funnel_steps(report.totals)},
    )


@page.view("/compare", mirrors="reports.compare")
def compare() -> ResponseReturnValue:
    """Show the redemptions of several campaigns side by side."""
    filters, form = load_query(ChosenQuerySchema())
    report = form.run(
        lambda: (
            reports.compare_campaigns(g.principal.tenant_id, **filters, now=utc_now())
            if filters.get("campaign_ids")
            else None
        )
    )
    series = report.campaigns if report else ()
    return respond_with_table(
        "reports/compare.html",
        _list_compared_columns(series),
        _read_rows(_list_compared_rows(series)),
        form=form,
        report=report,
        charts=_build_compared_charts(series),
        words=describe_all(*COUNT_NAMES),
        **_list_choices("compare", report),
    )


def _list_compared_columns(series: Sequence[SeriesReport]) -> list[Column]:
    """Return a column for each campaign, named by its ID in the CSV."""
    return [
        Column("local_start", N_("Period"), lambda row: row[0]),
        *(
            Column(
                each.subject.id,
                each.subject.name,
                lambda row, position=position: row[position],  # type: ignore[misc]
            )
            for position, each in enumerate(series, start=1)
        ),
    ]


def _list_compared_rows(series: Sequence[SeriesReport]) -> list[tuple[Any, ...]]:
    counts = [[bucket.counts.redeemed for bucket in each.buckets] for each in series]
    return list(zip(*map(_list_labels, series[:1]), *counts, strict=True))[::-1]


def _list_labels(report: SeriesReport) -> list[str]:
    return list_labels(report.buckets, report.interval, report.period.time_zone)


def _build_compared_charts(series: Sequence[SeriesReport]) -> list[Any]:
    maximum = 0
    for _ in range(2):  # the second time with the scale of the highest
        charts = [
            build_chart(_list_labels(each), each.buckets, ("redeemed",), maximum)
            for each in series
        ]
        maximum = max((chart.maximum for chart in charts), default=0)
    return list(zip(series, charts, strict=True))


def _respond(
    view: str,
    columns: Sequence[Column],
    schema: Schema,
    read: Callable[..., Report],
    describe_report: Callable[[Any], dict[str, Any]],
) -> ResponseReturnValue:
    """Return a report; `describe_report` returns its rows and more variables."""
    query, form = load_query(schema)
    is_valid = not (form.errors or form.message)
    report = (
        form.run(lambda: read(g.principal.tenant_id, **query, now=utc_now()))
        if is_valid
        else None
    )
    values = describe_report(report) if report else {"rows": ()}
    return respond_with_table(
        f"reports/{view}.html",
        columns,
        _read_rows(values.pop("rows")),
        form=form,
        report=report,
        query=query,
        **values,
        **_list_choices(view, report),
    )


def _read_rows(rows: Sequence[Any]) -> Callable[..., Any]:
    return read_by_offset(
        lambda part: (rows[part.offset : part.offset + part.limit], len(rows))
    )


def _list_choices(view: str, report: Report | None) -> dict[str, Any]:
    """Return what the filters offer, and the words of the reports."""
    tenant_id = g.principal.tenant_id
    zone = ZoneInfo(report.period.time_zone) if report else UTC
    today = utc_now().astimezone(zone).date()
    return {
        "view": view,
        "tabs": TABS,
        "rankings": RANKINGS,
        "describe": describe,
        "campaigns": campaigns.list_campaigns(tenant_id, CHOICES)[0],
        "definitions": definition_lookup.list_names(tenant_id, CHOICES.limit),
        "dialects": list(Dialect),
        "quick_periods": [
            (days, (today - timedelta(days=days - 1)).isoformat())
            for days in QUICK_PERIODS
        ],
    }
