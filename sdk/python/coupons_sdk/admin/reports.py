"""Reports."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Generic, Literal, TypedDict, Unpack

from coupons_sdk.admin.resource import AdminResource
from coupons_sdk.inputs import Time
from coupons_sdk.models.insight import Signal
from coupons_sdk.models.reports import (
    CampaignComparison,
    FunnelReport,
    RedemptionReport,
    RefusalReport,
    TopReport,
)
from coupons_sdk.pages import PageCall
from coupons_sdk.requests import Call, parse_nothing, request
from coupons_sdk.resources import Mode, operation, paged, streamed

Interval = Literal["hour", "day", "week", "month"]
Ranking = Literal["definition", "campaign", "creator", "code", "user"]
ReportName = Literal["redemptions", "funnel", "refusals", "top", "compare", "signals"]


class Period(TypedDict, total=False):
    """The time that a report covers; `to` is not part of it.

    `since`, such as `"7d"`, is how far back it goes, instead of `from_` and `to`.
    """

    from_: Time | None
    to: Time | None
    since: str | None
    time_zone: str | None
    dialect: Literal["phoenix", "playcamp", "mambo"] | None


class PartFilters(Period, total=False):
    """What a report is limited to."""

    definition_id: str | None
    campaign_id: str | None


class Filters(PartFilters, total=False):
    """What a report is limited to, by creator as well."""

    creator_key: str | None


class Reports(AdminResource[Mode], Generic[Mode]):
    """Reports, counted exactly once."""

    @operation
    def redemptions(
        self, *, interval: Interval | None = None, **filters: Unpack[Filters]
    ) -> Call[RedemptionReport]:
        """Return redemptions, reversals, refusals and validations over time.

        >>> admin.reports.redemptions(interval="month", from_="2026-01-01").interval
        'month'
        """
        query = {"interval": interval, **filters}
        return self._report(RedemptionReport.from_json, "redemptions", query)

    @operation
    def funnel(self, **filters: Unpack[Filters]) -> Call[FunnelReport]:
        """Return how many codes were generated, assigned, validated and redeemed.

        >>> admin.reports.funnel(definition_id=definition_id).subjects[0].kind
        'definition'
        """
        return self._report(FunnelReport.from_json, "funnel", filters)

    @operation
    def refusals(self, **filters: Unpack[PartFilters]) -> Call[RefusalReport]:
        """Return refusals by action and reason.

        >>> admin.reports.refusals(campaign_id=campaign_id).totals.refused
        0
        """
        return self._report(RefusalReport.from_json, "refusals", filters)

    @operation
    def top(
        self, by: Ranking, *, limit: int | None = None, **filters: Unpack[Filters]
    ) -> Call[TopReport]:
        """Return a ranking by redemptions.

        >>> admin.reports.top("code", campaign_id=campaign_id).rows
        ()
        """
        query = {"by": by, "limit": limit, **filters}
        return self._report(TopReport.from_json, "top", query)

    @operation
    def compare(
        self,
        campaign_ids: Sequence[str],
        *,
        interval: Interval | None = None,
        **period: Unpack[Period],
    ) -> Call[CampaignComparison]:
        """Return campaigns side by side.

        >>> report = admin.reports.compare([campaign_id])
        >>> report.campaigns[0].campaign_id == campaign_id
        True
        """
        query = {"campaign_id": [*campaign_ids], "interval": interval, **period}
        return self._report(CampaignComparison.from_json, "compare", query)

    @paged
    def signals(
        self,
        *,
        kind: str | None = None,
        from_: Time | None = None,
        to: Time | None = None,
        since: str | None = None,
        limit: int | None = None,
    ) -> PageCall[Signal]:
        """List patterns of attempts that may be abuse, newest first.

        >>> [signal.kind for signal in admin.reports.signals(kind="code_shared")]
        []
        """
        times = {"from": from_, "to": to, "since": since}
        query = {"kind": kind, **times, "limit": limit}
        return PageCall(Signal, "signals", self._path("reports", "signals"), query)

    @streamed
    def export(self, report: ReportName, /, **query: Any) -> Call[None]:
        """Download a report as CSV, with the parameters of the method of that name.

        >>> rows = admin.reports.export("redemptions", from_="2026-01-01").rows()
        >>> list(next(rows))[0]
        'start'
        """
        if "campaign_ids" in query:
            query["campaign_id"] = [*query.pop("campaign_ids")]
        path = self._path("reports", report)
        return request("GET", parse_nothing, path, query=query, accept="text/csv")

    def _report(self, parse: Any, name: str, query: Any) -> Call[Any]:
        return request("GET", parse, self._path("reports", name), query=query)
