"""Explain why a text is not a timestamp, in terms of what its author wrote."""

import re
from calendar import monthrange

EXAMPLE = "2030-01-31T12:00:00Z"
TIME_EXPECTED = f"a time with a zone in the years 1970 to 9999, such as {EXAMPLE}"
ENTERED_TIME_EXPECTED = (
    "a date such as 2030-01-31, a local time such as 2030-01-31T12:00, or a time with "
    f"an offset from UTC such as {EXAMPLE}, in the years 1970 to 9999"
)

_match_day_first = re.compile(r"([0-9]{1,2})([./-])([0-9]{1,2})\2([0-9]{4})\b").match
_match_date = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(.*)", re.DOTALL).fullmatch
_match_clock = re.compile(
    r"[Tt ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]+))?)?(.*)", re.DOTALL
).fullmatch
_is_offset = re.compile(r"[Zz]|[+-]([0-9]{2}):([0-9]{2})").fullmatch
MAX_FRACTION_DIGITS = 9
MAX_SHOWN_LENGTH = 40


def explain_invalid_time(text: str, expected: str) -> str:
    """Return a sentence with the value, its problem and what was expected."""
    shown = text if len(text) <= MAX_SHOWN_LENGTH else text[:MAX_SHOWN_LENGTH] + "…"
    return f'"{shown}" {_find_problem(text)}; expected {expected}'


def _find_problem(text: str) -> str:
    if text != text.strip():
        return "has blanks around it"
    if _match_day_first(text):
        return "does not begin with the year: dates are written year-month-day"
    date = _match_date(text)
    if date is None:
        return "is not a time"
    year, month, day, rest = date.groups()
    return _find_date_problem(int(year), int(month), int(day)) or _find_clock_problem(
        rest
    )


def _find_date_problem(year: int, month: int, day: int) -> str:
    if not 1 <= month <= 12:
        return f"has month {month:02}, but months are 01 to 12"
    if year == 0:
        return "is before 1970"
    last_day = monthrange(year, month)[1]
    if not 1 <= day <= last_day:
        return f"does not exist: {year:04}-{month:02} has the days 01 to {last_day}"
    return ""


def _find_clock_problem(rest: str) -> str:
    if not rest:
        return "is a date without a time of day"
    clock = _match_clock(rest)
    if clock is None:
        return "has no time of day in the form 12:00:00"
    hour, minute, second, fraction, offset = clock.groups()
    if int(hour) > 23 or int(minute) > 59:
        return "has a time of day that is not 00:00 to 23:59"
    if second is None:
        return "has no seconds"
    if int(second) > 59:
        return "has seconds that are not 00 to 59"
    if fraction and len(fraction) > MAX_FRACTION_DIGITS:
        return f"has more than {MAX_FRACTION_DIGITS} digits of a second"
    return _find_offset_problem(offset)


def _find_offset_problem(offset: str) -> str:
    if not offset:
        return "has no offset from UTC: add Z for UTC, or one such as +01:00"
    if re.fullmatch(r" [0-9]{2}:[0-9]{2}", offset):
        return "has a blank where its offset begins: write + as %2B in a URL"
    match = _is_offset(offset)
    if match is None:
        return "has no offset from UTC in the form Z or +01:00"
    hours, minutes = match.groups(default="0")
    if int(hours) > 23 or int(minutes) > 59:
        return "has an offset that is not -23:59 to +23:59"
    return "is not in the years 1970 to 9999 in UTC"
