"""Query parameters of reports."""

from dataclasses import replace
from typing import Any

from marshmallow import post_load

from admin_gateway.requests.fields import CampaignIdField, EnumField
from admin_gateway.requests.since import HOURS_PER_UNIT, SinceField, refuse_two_periods
from coupon_core.domain.models import Dialect
from coupon_core.domain.models.reports import ReportFilter, ReportInterval, TopBy
from coupon_core.schemas.base import LenientSchema
from coupon_core.schemas.entered_times import EnteredTimeField, TimeZoneField
from coupon_core.schemas.fields import StrictQueryInteger, StrictString
from coupon_core.schemas.identifiers import UuidField
from coupon_core.schemas.query_lists import QueryList
from coupon_core.services.insight.reports import ReportRequest

FILTERS = ("definition_id", "campaign_id", "creator_key", "dialect")
MAX_COMPARED = 10
MAX_TOP_ROWS = 100
MAX_HOURS_BY_HOUR = 48


class PeriodQuerySchema(LenientSchema):
    """The period of a report and its filters; loads as `request`."""

    start = EnteredTimeField(
        "Beginning of the period. Default: 30 days before the end, at a midnight.",
        data_key="from",
    )
    end = EnteredTimeField("End of the period, exclusive. Default: now.", data_key="to")
    since = SinceField(
        "days and weeks are whole days of the time zone, and include today"
    )
    time_zone = TimeZoneField(
        metadata={
            "description": "Zone of local times, days, weeks and months. Default: that "
            "of the definition or campaign of the filters, else UTC."
        }
    )
    dialect = EnumField(
        Dialect, metadata={"description": "Only calls of this API (vendor)."}
    )

    @post_load
    def to_request(self, members: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Combine period and filters into a `ReportRequest`."""
        filters = {name: members.pop(name) for name in FILTERS if name in members}
        since = members.pop("since", None)
        if since:
            refuse_two_periods(members, "start", "end")
        if "interval" in self.fields:
            is_short = since and not since.is_days and since.hours <= MAX_HOURS_BY_HOUR
            by_default = ReportInterval.HOUR if is_short else ReportInterval.DAY
            members.setdefault("interval", by_default)
        period = {
            name: members.pop(name)
            for name in ("start", "end", "time_zone")
            if name in members
        }
        request = ReportRequest(filters=ReportFilter(**filters), **period)
        if since and since.is_days:
            request = replace(request, days=since.hours // HOURS_PER_UNIT["d"])
        elif since:
            request = replace(request, start=since.start)
        return {"request": request, **members}


class RefusalQuerySchema(PeriodQuerySchema):
    """The period and filters of refusals, which have no creator."""

    definition_id = UuidField()
    campaign_id = CampaignIdField()


class ReportQuerySchema(RefusalQuerySchema):
    """The period of a report and all filters."""

    creator_key = StrictString(
        max_length=5,
        pattern="^[A-Za-z0-9]{5}$",
        expectation="a key of 5 letters or digits",
        metadata={"description": "Only codes of this creator."},
    )

    @post_load
    def to_request(self, members: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Combine period and filters; keys of creators are upper case."""
        if "creator_key" in members:
            members["creator_key"] = members["creator_key"].upper()
        loaded: dict[str, Any] = super().to_request(members)
        return loaded


def interval_field() -> EnumField:
    """Return the field for the length of the buckets."""
    return EnumField(
        ReportInterval,
        metadata={
            "description": "Length of a bucket, on clocks of the time zone. Default: "
            "day, or hour with `since` up to 48h."
        },
    )


class SeriesQuerySchema(ReportQuerySchema):
    """A report over time."""

    interval = interval_field()


class TopQuerySchema(ReportQuerySchema):
    """A ranking."""

    by = EnumField(
        TopBy, required=True, metadata={"description": "What is ranked by its uses."}
    )
    limit = StrictQueryInteger(
        min_value=1,
        max_value=MAX_TOP_ROWS,
        load_default=10,
        metadata={"description": "Maximum number of rows."},
    )


class ComparisonQuerySchema(PeriodQuerySchema):
    """The campaigns to compare; loads as `campaign_ids`."""

    interval = interval_field()
    campaign_id = QueryList(
        max_items=MAX_COMPARED,
        required=True,
        min_items=1,
        expectation="one to ten campaign IDs",
        metadata={
            "description": "Campaign IDs: repeat the parameter for each, up to 10."
        },
    )

    @post_load
    def to_request(self, members: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Combine the period and return it beside the campaigns."""
        members["campaign_ids"] = members.pop("campaign_id")
        loaded: dict[str, Any] = super().to_request(members)
        return loaded
