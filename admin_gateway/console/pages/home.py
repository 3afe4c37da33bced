"""The home page: where a tenant stands, what runs, and what to do first."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from flask import g

from admin_gateway.console.charts import build_chart, list_labels
from admin_gateway.console.installation import check_tenant
from admin_gateway.console.page import Page
from admin_gateway.console.rendering import render
from admin_gateway.console.report_columns import CHART_NAMES, list_funnel_steps
from admin_gateway.console.report_words import describe, describe_all
from admin_gateway.console.texts import N_
from coupon_core.domain.models import DefinitionStatus, utc_now
from coupon_core.domain.models import Page as ListPage
from coupon_core.domain.models.batches import ACTIVE_STATES
from coupon_core.domain.models.reports import ReportInterval, TopBy
from coupon_core.services.batches import requests as batch_requests
from coupon_core.services.catalog import definitions
from coupon_core.services.codes import jobs
from coupon_core.services.insight import reports

page = Page("home", title=N_("Home"), path="", key="h")
COUNT_ONLY = ListPage(limit=1, offset=0)
NEWEST = ListPage(limit=20)
SHOWN_DAYS, SHOWN_ROWS = 7, 5
LAST_30_DAYS = reports.ReportRequest(days=30)
JOB_WORDS = {
    "generation": N_("Generate codes"),
    "revoke": N_("Revoke codes"),
    "extend": N_("Extend codes"),
    "import": N_("Import codes"),
    "restore": N_("Restore codes"),
    "expiry": N_("Change the expiry"),
}


@dataclass(frozen=True, slots=True)
class RunningJob:
    """Long work that has not ended, and the view and the ID of its page."""

    title: str
    started_at: datetime
    done: int
    total: int
    view: str
    id: dict[str, str]


@page.view("", mirrors="definitions.list_all")
def index() -> str:
    """Show the uses of 30 days, what was used most, what runs and whether all works."""
    tenant_id, now = g.principal.tenant_id, utc_now()
    _, definition_count = definitions.list_definitions(tenant_id, COUNT_ONLY)
    _, active_count = definitions.list_definitions(
        tenant_id, COUNT_ONLY, status=DefinitionStatus.ACTIVE
    )
    series = reports.report_redemptions(
        tenant_id, LAST_30_DAYS, ReportInterval.DAY, now
    )
    labels = list_labels(series.buckets, series.interval, series.period.time_zone)
    return render(
        "home/index.html",
        definition_count=definition_count,
        active_count=active_count,
        report=series,
        today=series.buckets[-1].counts,
        chart=build_chart(labels, series.buckets, CHART_NAMES),
        days=list(zip(labels, series.buckets, strict=True))[: -SHOWN_DAYS - 1 : -1],
        steps=list_funnel_steps(series.totals),
        rankings=[
            reports.report_top(tenant_id, LAST_30_DAYS, by, limit=SHOWN_ROWS, now=now)
            for by in (TopBy.DEFINITION, TopBy.CODE)
        ],
        refusals=reports.report_refusals(tenant_id, LAST_30_DAYS, now),
        jobs=list(_list_running_jobs(tenant_id)),
        states=list(check_tenant(tenant_id, series.counted_until, now)),
        describe=describe,
        words=describe_all(*CHART_NAMES),
        shown_rows=SHOWN_ROWS,
    )


@page.view("/running-jobs", mirrors="batches.list_all")
def show_jobs() -> str:
    """Return the part of the page that changes while jobs run."""
    return render(
        "home/jobs.html", jobs=list(_list_running_jobs(g.principal.tenant_id))
    )


def _list_running_jobs(tenant_id: str) -> Iterator[RunningJob]:
    for state in sorted(ACTIVE_STATES):
        for batch in batch_requests.list_batches(tenant_id, NEWEST, state=state)[0]:
            yield RunningJob(
                JOB_WORDS["generation"],
                batch.created_at,
                done=batch.generated_count,
                total=batch.requested_count,
                view="batches.show",
                id={"batch_id": batch.batch_id},
            )
    for job in jobs.list_jobs(tenant_id, NEWEST, is_finished=False)[0]:
        yield RunningJob(
            JOB_WORDS[job.kind],
            job.created_at,
            done=job.done_count + job.skipped_count,
            total=job.total_count,
            view="code_jobs.show",
            id={"job_id": job.job_id},
        )
