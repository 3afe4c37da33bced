"""Tests that a text which is no timestamp is refused with its real problem."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coupon_core.schemas.time_problems import TIME_EXPECTED, explain_invalid_time
from coupon_core.schemas.timestamps import parse_utc

PROBLEMS = {
    "2027-02-29": "2027-02 has the days 01 to 28",
    "2027-02-29T00:00:00Z": "2027-02 has the days 01 to 28",
    "2027-04-31T00:00:00Z": "2027-04 has the days 01 to 30",
    "2027-00-10T00:00:00Z": "months are 01 to 12",
    "2027-13-01T00:00:00Z": "months are 01 to 12",
    "2027-01-00T00:00:00Z": "days 01 to 31",
    "31.12.2026": "year-month-day",
    "31.12.2026 23:59": "year-month-day",
    "12/31/2026": "year-month-day",
    "31-12-2026": "year-month-day",
    "2026-12-31": "without a time of day",
    "2026-12-31T23:59Z": "has no seconds",
    "2026-12-31T23:59+01:00": "has no seconds",
    "2026-12-31 23:59": "has no seconds",
    "2026-12-31T23:59:59": "no offset",
    "2026-12-31T23:59:59.5": "no offset",
    "2026-12-31T23:59:59 01:00": "%2B",
    "2026-12-31T23:59:59+0100": "form Z or +01:00",
    "2026-12-31T23:59:59 Europe/Berlin": "form Z or +01:00",
    "2026-12-31T23:59:59+25:00": "-23:59 to +23:59",
    "2026-12-31T24:00:00Z": "00:00 to 23:59",
    "2026-12-31T23:60:00Z": "00:00 to 23:59",
    "2026-12-31T23:59:60Z": "seconds that are not 00 to 59",
    "2026-12-31T23:59:59.1234567890Z": "more than 9 digits",
    "2026-12-31T9:00:00Z": "time of day in the form",
    " 2026-12-31T23:59:59Z": "blanks around",
    "2026-12-31T23:59:59Z\n": "blanks around",
    "1969-12-31T23:59:59Z": "years 1970 to 9999",
    "1970-01-01T00:30:00+01:00": "years 1970 to 9999",
    "0000-01-01T00:00:00Z": "before 1970",
    "10000-01-01T00:00:00Z": "is not a time",
    "tomorrow": "is not a time",
    "1767225599": "is not a time",
    "": "is not a time",
}


@pytest.mark.parametrize("text", PROBLEMS)
def test_message_has_the_value_its_problem_and_what_was_expected(text: str) -> None:
    with pytest.raises(ValueError, match="expected a time") as caught:
        parse_utc(text)
    message = str(caught.value)
    assert message.startswith(f'"{text}" ')
    assert PROBLEMS[text] in message.removeprefix(f'"{text}" ')
    assert message.endswith(f"; expected {TIME_EXPECTED}")


@given(st.text() | st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:.Z+-]{0,20}"))
def test_every_text_that_is_no_time_gets_a_short_message(text: str) -> None:
    assert len(explain_invalid_time(text, TIME_EXPECTED)) < 300
