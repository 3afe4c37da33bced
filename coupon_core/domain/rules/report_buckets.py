"""The buckets of a report in a time zone, made of quarter hours: pure functions.

Every offset from UTC in use today is a multiple of a quarter of an hour, so that local
hours and days consist of whole quarters (docs/reports.md).
"""

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, takewhile
from zoneinfo import ZoneInfo

from coupon_core.domain.entered_times import EnteredTime, to_instant
from coupon_core.domain.models.reports import ReportInterval, ReportPeriod
from coupon_core.domain.refusals import AdminReason, Refused
from coupon_core.domain.report_counts import QUARTER_MINUTES, get_quarter

QUARTER = timedelta(minutes=QUARTER_MINUTES)
HOUR = timedelta(hours=1)
MAX_BUCKETS = 2_000
MAX_YEAR = 9998
LAST_ODD_OFFSETS = datetime(1980, 1, 1, tzinfo=UTC)
"""From here on, the offsets of all zones are multiples of a quarter of an hour."""
DEFAULT_DAYS = 30
_NOMINAL_LENGTHS = {
    ReportInterval.HOUR: HOUR,
    ReportInterval.DAY: timedelta(days=1),
    ReportInterval.WEEK: timedelta(weeks=1),
    ReportInterval.MONTH: timedelta(days=30),
}


def to_period(
    start: EnteredTime | None,
    end: EnteredTime | None,
    time_zone: str,
    now: datetime,
    days: int = DEFAULT_DAYS,
) -> ReportPeriod:
    """Return the period of a report; times are extended to whole quarter hours.

    Without a start it begins at a local midnight, so that it covers so many days;
    without an end it ends now.

    Raises:
        Refused: The end is not later than the start, or the year cannot be reported.
    """
    try:
        end_at = _to_next_quarter(to_instant(end or now, time_zone))
        start_at = (
            to_quarter(to_instant(start, time_zone))
            if start
            else get_start_of_days(end_at, days, time_zone)
        )
    except (OverflowError, ValueError) as error:
        raise Refused(AdminReason.INVALID_PERIOD, f"from, to: {error}") from None
    if end_at.year > MAX_YEAR:  # the next bucket has to begin before the year 10000
        text = f"to: expected a time until the year {MAX_YEAR}"
        raise Refused(AdminReason.INVALID_PERIOD, text)
    if start_at >= end_at:
        text = (
            "to: expected a time after the beginning"
            if end
            else "from: expected a time in the past, because the default end is now"
        )
        raise Refused(AdminReason.INVALID_PERIOD, text)
    return ReportPeriod(start_at, end_at, time_zone)


def get_start_of_days(end: datetime, days: int, time_zone: str) -> datetime:
    """Return the local midnight at which so many local days before `end` begin.

    A day that has begun counts as one.
    """
    last = (end - QUARTER).astimezone(ZoneInfo(time_zone)).date()
    return _to_first_instant(last - timedelta(days=days - 1), ZoneInfo(time_zone))


def list_bucket_starts(
    period: ReportPeriod, interval: ReportInterval, campaign_count: int = 1
) -> list[datetime]:
    """Return the starts of the buckets in order; the first begins with the period.

    A comparison has these buckets for each of its campaigns.

    Raises:
        Refused: There are too many, or the zone had an offset then that is no multiple
            of a quarter of an hour.
    """
    zone = ZoneInfo(period.time_zone)
    walk = _iterate_hours if interval == ReportInterval.HOUR else _iterate_dates
    later = takewhile(lambda start: start < period.end, walk(period, interval))
    max_buckets = MAX_BUCKETS // campaign_count
    starts = [period.start, *islice(later, max_buckets)]
    if len(starts) > max_buckets:
        each = f" for each of {campaign_count} campaigns" if campaign_count > 1 else ""
        count = math.ceil((period.end - period.start) / _NOMINAL_LENGTHS[interval])
        text = (
            f"interval: this period has about {count:,} buckets of one {interval}; "
            f"expected at most {max_buckets:,}{each}: shorten it, or use a longer "
            "interval"
        )
        raise Refused(AdminReason.INVALID_PERIOD, text)
    _require_quarter_offsets([*starts, period.end], zone)
    return starts


def find_bucket(starts: Sequence[datetime], quarter: datetime) -> int:
    """Return the number of the bucket that a quarter hour of the period belongs to."""
    return bisect_right(starts, quarter) - 1


def to_quarter(instant: datetime) -> datetime:
    """Return the start of the quarter of an hour in UTC that an instant is in."""
    return get_quarter(instant.astimezone(UTC))


def _to_next_quarter(instant: datetime) -> datetime:
    quarter = to_quarter(instant)
    return quarter if quarter == instant else quarter + QUARTER


def _iterate_hours(period: ReportPeriod, _: ReportInterval) -> Iterator[datetime]:
    """Yield where hours begin on local clocks, and where these clocks are changed."""
    zone, start = ZoneInfo(period.time_zone), period.start
    local = start.astimezone(zone)
    while True:
        offset = local.utcoffset()
        following = start + HOUR - timedelta(minutes=local.minute)
        local = following.astimezone(zone)
        if local.utcoffset() != offset:
            following = next(
                quarter
                for quarter in _iterate_quarters(start + QUARTER, following)
                if quarter.astimezone(zone).utcoffset() != offset
            )
            local = following.astimezone(zone)
        yield following
        start = following


def _iterate_dates(
    period: ReportPeriod, interval: ReportInterval
) -> Iterator[datetime]:
    """Yield where days, weeks or months begin on local clocks."""
    zone = ZoneInfo(period.time_zone)
    day, start = period.start.astimezone(zone).date(), period.start
    while True:
        day = _get_next_first_day(day, interval)
        following = _to_first_instant(day, zone)
        if following > start:  # a zone that crossed the date line skipped a date
            yield following
            start = following


def _get_next_first_day(day: date, interval: ReportInterval) -> date:
    if interval == ReportInterval.WEEK:
        return day + timedelta(days=7 - day.weekday())
    if interval == ReportInterval.MONTH:
        return (day.replace(day=28) + timedelta(days=4)).replace(day=1)
    return day + timedelta(days=1)


def _to_first_instant(day: date, zone: ZoneInfo) -> datetime:
    """Return the first quarter hour of a local date, or of the next one if skipped."""
    midnight = datetime.combine(day, time(), tzinfo=zone)
    earlier, later = sorted(
        midnight.replace(fold=fold).astimezone(UTC) for fold in (0, 1)
    )
    # Usually they are equal. If clocks are turned back, the date begins at the first
    # midnight; if they skip midnight, after it.
    return next(
        quarter
        for quarter in _iterate_quarters(to_quarter(earlier), later + QUARTER)
        if quarter.astimezone(zone).date() >= day
    )


def _iterate_quarters(first: datetime, last: datetime) -> Iterator[datetime]:
    while first <= last:
        yield first
        first += QUARTER


def _require_quarter_offsets(instants: Sequence[datetime], zone: ZoneInfo) -> None:
    for instant in takewhile(lambda instant: instant < LAST_ODD_OFFSETS, instants):
        offset = instant.astimezone(zone).utcoffset() or timedelta()
        if offset % QUARTER:
            text = (
                f"time_zone: {zone.key} had the offset {offset} from UTC at {instant}; "
                "expected a multiple of 15 minutes, which every zone has had since 1979"
            )
            raise Refused(AdminReason.INVALID_PERIOD, text)
