"""Filters of the templates: times and numbers as people read them."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from markupsafe import Markup

from coupon_core.domain.timestamps import format_timestamp_milliseconds
from coupon_core.json_encoding import encode_json

DEFAULT_ZONE = "UTC"
THIN_SPACE = "\u202f"


def format_time(moment: datetime | None, zone: str = DEFAULT_ZONE) -> Markup:
    """Return a time in a zone as an element that shows UTC when pointed at."""
    if moment is None:
        return Markup("")
    utc = format_timestamp_milliseconds(moment)
    shown = f"{moment.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"
    return Markup('<time datetime="{0}" title="{0}">{1} {2}</time>').format(
        utc, shown, zone
    )


def format_day(midnight: datetime | None) -> Markup:
    """Return a day, given by its beginning in UTC."""
    if midnight is None:
        return Markup("")
    return Markup('<time datetime="{0}">{0}</time>').format(f"{midnight:%Y-%m-%d}")


def format_entered_time(moment: datetime | None, zone: str) -> str:
    """Return a time as a form shows it, and as its field reads it back in the zone."""
    return f"{moment.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M:%S}" if moment else ""


def format_number(number: int) -> str:
    """Return an integer with thin spaces between groups of three digits."""
    return f"{number:,}".replace(",", THIN_SPACE)


def format_value(value: Any) -> str:
    """Return a stored value as people read it: texts as they are, else JSON."""
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return ", ".join(value)
    return value if isinstance(value, str) else encode_json(value).decode()


FILTERS = {
    "day": format_day,
    "time": format_time,
    "number": format_number,
    "value": format_value,
}
