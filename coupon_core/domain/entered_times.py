"""Times as people enter them: instants, local times and dates, and their time zones."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time
from difflib import get_close_matches
from functools import cache
from importlib import resources
from typing import Any
from zoneinfo import ZoneInfo

from coupon_core.domain.refusals import AdminReason, Refused

DEFAULT_TIME_ZONE = "UTC"
LAST_SECOND = time(23, 59, 59)
MAX_SUGGESTIONS = 3
EXAMPLE_TIME_ZONE = "Europe/Berlin"
_MIN_MOMENT = datetime(1970, 1, 1, tzinfo=UTC)
_match_time = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?P<clock>[Tt ](?:[01][0-9]|2[0-3]):[0-5][0-9]"
    r"(?::[0-5][0-9](?:\.[0-9]{1,9})?(?P<offset>[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])?"
    r")?)?"
).fullmatch


@dataclass(frozen=True, slots=True)
class LocalTime:
    """A time without an offset from UTC: its instant depends on a time zone."""

    text: str  # as it was entered
    wall: datetime  # what a clock in the zone shows
    is_end: bool


EnteredTime = datetime | LocalTime


def parse_time(text: str, is_end: bool = False) -> EnteredTime:
    """Return an instant in UTC, or a local time if the text has no offset.

    Fractions are truncated to the milliseconds that are stored. A date is the first
    second of the day or, if `is_end`, the last one (docs/api-contracts.md 0.24).

    Raises:
        ValueError: The text is not a time, or outside the years 1970 to 9999.
    """
    match = _match_time(text)
    if match is None:
        raise ValueError(text)
    moment = datetime.fromisoformat(text.upper())
    moment = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    if match["offset"]:
        return _require_allowed_year(moment)
    if match["clock"] is None and is_end:
        moment = datetime.combine(moment, LAST_SECOND)
    return LocalTime(text, moment, is_end)


def to_instant(entered: EnteredTime, time_zone: str) -> datetime:
    """Return the instant of an entered time in a time zone.

    If daylight saving time skips or repeats a local time, a start is the earlier and
    an end the later of the two instants that it can mean.

    Raises:
        ValueError: The instant is outside the years 1970 to 9999.
    """
    if isinstance(entered, datetime):
        return entered
    zone = ZoneInfo(time_zone)
    select = max if entered.is_end else min
    try:
        return select(
            _require_allowed_year(entered.wall.replace(tzinfo=zone, fold=fold))
            for fold in (0, 1)
        )
    except ValueError:
        raise ValueError(
            f'"{entered.text}" in {time_zone} is not in the years 1970 to 9999 in UTC'
        ) from None


def resolve_times(
    members: Mapping[str, Any], time_zone: str, path: str = ""
) -> dict[str, Any]:
    """Return members with the instants of those that are local times.

    `path` is where the members are in the request, such as `config.`.

    Raises:
        Refused: An instant is outside the years 1970 to 9999.
    """
    resolved = dict(members)
    for name, value in members.items():
        if isinstance(value, LocalTime):
            try:
                resolved[name] = to_instant(value, time_zone)
            except ValueError as error:
                raise Refused(
                    AdminReason.TIME_OUT_OF_RANGE, f"{path}{name}: {error}"
                ) from None
    return resolved


def _require_allowed_year(moment: datetime) -> datetime:
    try:
        moment = moment.astimezone(UTC)
    except OverflowError:
        raise ValueError(moment) from None
    if moment < _MIN_MOMENT:
        raise ValueError(moment)
    return moment


@cache
def list_time_zones() -> frozenset[str]:
    """Return the names of the IANA time zones, which are the same on every machine."""
    text = resources.files("tzdata").joinpath("zones").read_text(encoding="utf-8")
    return frozenset(text.split())


def describe_unknown_time_zone(name: str) -> str:
    """Return why a time zone is refused, with similar names; "" if it exists."""
    if name in list_time_zones():
        return ""
    names = {zone.casefold(): zone for zone in sorted(list_time_zones())}
    cities = {zone.rpartition("/")[2]: zone for zone in names}
    wanted = name.casefold().replace(" ", "_")
    similar = [
        names[cities.get(found, found)]
        for found in get_close_matches(wanted, [*names, *cities], MAX_SUGGESTIONS)
    ]
    examples = " or ".join(dict.fromkeys(similar)) or EXAMPLE_TIME_ZONE
    return f'"{name}" is not an IANA time zone; expected a name such as {examples}'
