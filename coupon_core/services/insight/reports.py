"""Reports on what happened to the coupons of a tenant (`docs/reports.md`)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from coupon_core.domain.entered_times import DEFAULT_TIME_ZONE, EnteredTime
from coupon_core.domain.models import AdminReason, Refused
from coupon_core.domain.models.reports import (
    CampaignComparison,
    FunnelReport,
    RefusalReport,
    ReportFilter,
    ReportInterval,
    ReportPeriod,
    ReportSubject,
    SeriesReport,
    TopBy,
    TopReport,
    TopRow,
)
from coupon_core.domain.rules.report_buckets import (
    DEFAULT_DAYS,
    list_bucket_starts,
    to_period,
)
from coupon_core.domain.rules.report_plans import (
    get_first_refusal_quarter,
    plan_reading_refusals,
)
from coupon_core.persistence.repositories import campaigns as campaign_repository
from coupon_core.persistence.repositories import creators as creator_repository
from coupon_core.persistence.repositories import reports as report_repository
from coupon_core.persistence.repositories import top_reports
from coupon_core.services.catalog import definitions
from coupon_core.services.errors import require_found
from coupon_core.services.time_zones import find_time_zone

MAX_USER_DAYS = 31
NO_FILTER = ReportFilter()


@dataclass(frozen=True, slots=True)
class ReportRequest:
    """What a report is about; times without an offset are in its time zone.

    The time zone is by default that of the definition or campaign of the filters.
    Without a start, a report covers so many `days`.
    """

    start: EnteredTime | None = None
    end: EnteredTime | None = None
    time_zone: str | None = None
    filters: ReportFilter = NO_FILTER
    days: int = DEFAULT_DAYS


def report_redemptions(
    tenant_id: str, request: ReportRequest, interval: ReportInterval, now: datetime
) -> SeriesReport:
    """Return redemptions, reversals, refusals and validations over time.

    Raises:
        Refused: The filters name something unknown, or the period is invalid.
    """
    header = _build_header(tenant_id, request, now)
    starts = list_bucket_starts(header["period"], interval)
    buckets = report_repository.list_buckets(
        tenant_id, header["period"], request.filters, starts
    )
    return SeriesReport(**header, interval=interval, buckets=buckets)


def compare_campaigns(
    tenant_id: str,
    campaign_ids: Sequence[str],
    request: ReportRequest,
    interval: ReportInterval,
    now: datetime,
) -> CampaignComparison:
    """Return the report over time of each campaign, for the same period.

    Raises:
        Refused: A campaign is unknown, or the period is invalid or has too many
            buckets for so many campaigns.
    """
    # The first campaign is that of the time zone.
    of_first = _with_campaign(request, campaign_ids[0])
    header = _build_header(tenant_id, of_first, now)
    list_bucket_starts(header["period"], interval, campaign_count=len(campaign_ids))
    zone = header["period"].time_zone
    reports = [
        report_redemptions(
            tenant_id,
            _with_campaign(replace(request, time_zone=zone), campaign_id),
            interval=interval,
            now=now,
        )
        for campaign_id in campaign_ids
    ]
    subjects = [subject for report in reports for subject in report.subjects]
    return CampaignComparison(
        **{**header, "subjects": subjects}, interval=interval, campaigns=reports
    )


def _with_campaign(request: ReportRequest, campaign_id: str) -> ReportRequest:
    return replace(request, filters=replace(request.filters, campaign_id=campaign_id))


def report_funnel(
    tenant_id: str, request: ReportRequest, now: datetime
) -> FunnelReport:
    """Return how many coupons were generated, assigned, validated and redeemed.

    Raises:
        Refused: The filters name something unknown, or the period is invalid.
    """
    header = _build_header(tenant_id, request, now)
    totals = report_repository.get_totals(tenant_id, header["period"], request.filters)
    return FunnelReport(**header, totals=totals)


def report_refusals(
    tenant_id: str, request: ReportRequest, now: datetime
) -> RefusalReport:
    """Return how often each action was refused, by reason.

    Raises:
        Refused: The filters name something unknown, or the period is invalid.
    """
    header = _build_header(tenant_id, request, now)
    period: ReportPeriod = header["period"]
    plan = plan_reading_refusals(period.start, period.end, now)
    rows = report_repository.list_refusals(tenant_id, plan, request.filters)
    has_days = period.start < get_first_refusal_quarter(now)
    return RefusalReport(**header, rows=rows, has_days=has_days)


def report_top(
    tenant_id: str, request: ReportRequest, by: TopBy, limit: int, now: datetime
) -> TopReport:
    """Return what was redeemed most.

    Raises:
        Refused: The filters name something unknown, or the period is invalid, or has
            too many redemptions to count by user.
    """
    header = _build_header(tenant_id, request, now)
    period = header["period"]
    if by == TopBy.USER:
        rows = _list_top_users(tenant_id, period, request.filters, limit)
    else:
        rows = top_reports.list_top(
            tenant_id, by, period=period, filters=request.filters, limit=limit
        )
    return TopReport(**header, by=by, rows=rows)


def _list_top_users(
    tenant_id: str, period: ReportPeriod, filters: ReportFilter, limit: int
) -> list[TopRow]:
    # The days of a month in which clocks are turned back have an hour more.
    if period.end - period.start > timedelta(days=MAX_USER_DAYS, hours=1):
        days = (period.end - period.start) / timedelta(days=1)
        text = (
            f"from, to: expected at most {MAX_USER_DAYS} days by user, "
            f"not {math.ceil(days)}"
        )
        raise Refused(AdminReason.INVALID_PERIOD, text)
    rows = top_reports.list_top_users(tenant_id, period, filters, limit)
    if rows is None:
        text = (
            f"from, to: this period has more than {top_reports.MAX_USER_ROWS:,} "
            "redemptions, which are too many to count by user; shorten it"
        )
        raise Refused(AdminReason.INVALID_PERIOD, text)
    return rows


def _build_header(
    tenant_id: str, request: ReportRequest, now: datetime
) -> dict[str, Any]:
    """Return the members that all reports have."""
    subjects, time_zone = _find_subjects(tenant_id, request.filters)
    period = to_period(
        request.start,
        request.end,
        time_zone=request.time_zone or time_zone,
        now=now,
        days=request.days,
    )
    # Read before the counts, so that they contain at least what it promises.
    counted_until = report_repository.get_counted_until(tenant_id, now)
    return {"period": period, "subjects": subjects, "counted_until": counted_until}


def _find_subjects(
    tenant_id: str, filters: ReportFilter
) -> tuple[list[ReportSubject], str]:
    """Return what the filters name, and its time zone; refuse if it is unknown."""
    subjects, zone = [], DEFAULT_TIME_ZONE
    if filters.campaign_id is not None:
        campaign = campaign_repository.get(tenant_id, filters.campaign_id)
        if campaign is None:  # a comparison has several
            text = f'Campaign "{filters.campaign_id}" not found'
            raise Refused(AdminReason.CAMPAIGN_NOT_FOUND, text)
        zone = campaign.time_zone
        subjects.append(
            ReportSubject(TopBy.CAMPAIGN, campaign.campaign_id, campaign.name)
        )
    if filters.definition_id is not None:
        definition = definitions.get(tenant_id, filters.definition_id)
        zone = find_time_zone(definition)
        subjects.append(
            ReportSubject(TopBy.DEFINITION, filters.definition_id, definition.name)
        )
    if filters.creator_key is not None:
        creator = require_found(
            creator_repository.get(tenant_id, filters.creator_key),
            AdminReason.CREATOR_NOT_FOUND,
        )
        subjects.append(ReportSubject(TopBy.CREATOR, creator.creator_key, creator.name))
    return subjects, zone
