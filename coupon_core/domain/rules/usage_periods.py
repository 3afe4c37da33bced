"""The periods of limits per user and period: pure functions of a time and a zone."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from coupon_core.domain.entered_times import DEFAULT_TIME_ZONE
from coupon_core.domain.models import Definition, UsagePeriod


def get_period_key(definition: Definition, now: datetime) -> str:
    """Return the key of the period that a use counts in, or "" without such a limit.

    It is a local date (2026-11-28), an ISO week (2026-W48) or a month (2026-11).
    """
    if not definition.user_period_limit:
        return ""
    today = _to_local_date(definition, now)
    if definition.user_period == UsagePeriod.DAY:
        return today.isoformat()
    if definition.user_period == UsagePeriod.WEEK:
        week = today.isocalendar()
        return f"{week.year}-W{week.week:02}"
    return today.isoformat()[: len("2026-11")]


def get_period_start(definition: Definition, now: datetime) -> datetime:
    """Return when the period of `get_period_key` began, at local midnight."""
    first_day = _to_local_date(definition, now)
    if definition.user_period == UsagePeriod.WEEK:
        first_day -= timedelta(days=first_day.weekday())
    if definition.user_period == UsagePeriod.MONTH:
        first_day = first_day.replace(day=1)
    zone = _get_zone(definition)
    return datetime(first_day.year, first_day.month, first_day.day, tzinfo=zone)


def counts_in_other_periods(before: Definition, after: Definition) -> bool:
    """Return True if a change makes uses count in other periods than before.

    Another time zone does not: each use stays in the period that it was made in.
    """
    return bool(after.user_period_limit) and (
        not before.user_period_limit or before.user_period != after.user_period
    )


def _to_local_date(definition: Definition, now: datetime) -> date:
    return now.astimezone(_get_zone(definition)).date()


def _get_zone(definition: Definition) -> ZoneInfo:
    zone = definition.time_zone or definition.campaign_time_zone or DEFAULT_TIME_ZONE
    return ZoneInfo(zone)
