"""Tests of times as people enter them: local times, dates and time zones."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coupon_core.domain.entered_times import (
    describe_unknown_time_zone,
    list_time_zones,
    parse_time,
    resolve_times,
    to_instant,
)
from coupon_core.domain.models import AdminReason, Refused
from coupon_core.domain.timestamps import format_timestamp

BERLIN, NEW_YORK, APIA = "Europe/Berlin", "America/New_York", "Pacific/Apia"

# Text, time zone, the instant of a start, the instant of an end.
INSTANTS = [
    ("2026-11-27", BERLIN, "2026-11-26T23:00:00Z", "2026-11-27T22:59:59Z"),
    ("2026-07-27", BERLIN, "2026-07-26T22:00:00Z", "2026-07-27T21:59:59Z"),
    ("2026-11-27", "UTC", "2026-11-27T00:00:00Z", "2026-11-27T23:59:59Z"),
    ("2026-11-27T18:30", NEW_YORK, "2026-11-27T23:30:00Z", "2026-11-27T23:30:00Z"),
    ("2026-11-27 18:30:15", BERLIN, "2026-11-27T17:30:15Z", "2026-11-27T17:30:15Z"),
    ("2026-11-27T18:30:15+05:00", BERLIN, *["2026-11-27T13:30:15Z"] * 2),
    # Skipped: the earlier instant for a start, the later one for an end.
    ("2026-03-29T02:30", BERLIN, "2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z"),
    # Repeated, likewise.
    ("2026-10-25T02:30", BERLIN, "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"),
    # The day on which daylight saving time begins has 23 hours.
    ("2026-03-29", BERLIN, "2026-03-28T23:00:00Z", "2026-03-29T21:59:59Z"),
    # A day that did not exist.
    ("2011-12-30", APIA, "2011-12-29T10:00:00Z", "2011-12-31T09:59:59Z"),
    ("1970-01-01", "UTC", "1970-01-01T00:00:00Z", "1970-01-01T23:59:59Z"),
    ("9999-12-31", BERLIN, "9999-12-30T23:00:00Z", "9999-12-31T22:59:59Z"),
]


@pytest.mark.parametrize(("text", "zone", "start", "end"), INSTANTS)
def test_a_local_time_is_an_instant_of_its_zone(
    text: str, zone: str, start: str, end: str
) -> None:
    found = [to_instant(parse_time(text, is_end), zone) for is_end in (False, True)]
    assert [format_timestamp(moment) for moment in found] == [start, end]


@pytest.mark.parametrize(
    ("text", "zone", "is_end"),
    [("1970-01-01", BERLIN, False), ("9999-12-31", NEW_YORK, True)],
)
def test_years_hold_after_conversion(text: str, zone: str, is_end: bool) -> None:
    members = {"starts_at": parse_time(text, is_end), "name": "Sale"}
    with pytest.raises(
        Refused, match=rf'config.starts_at: "{text}" in {zone}'
    ) as found:
        resolve_times(members, zone, "config.")
    assert found.value.reason == AdminReason.TIME_OUT_OF_RANGE


@given(
    st.datetimes(
        datetime.fromisoformat("2000-01-01"), datetime.fromisoformat("2037-01-01")
    ),
    st.sampled_from([BERLIN, NEW_YORK, APIA, "Australia/Lord_Howe", "UTC"]),
)
def test_a_value_read_and_written_back_does_not_change(
    wall: datetime, zone: str
) -> None:
    text = wall.isoformat(timespec="milliseconds")
    start, end = (
        to_instant(parse_time(text, is_end), zone) for is_end in (False, True)
    )
    assert start <= end
    for moment in (start, end):
        written = moment.isoformat()
        assert to_instant(parse_time(written), zone) == moment
        assert moment.tzinfo is UTC


@pytest.mark.parametrize(
    ("name", "similar"),
    [
        ("Europe/Berln", "Europe/Berlin"),
        ("europe/berlin", "Europe/Berlin"),
        ("berlin", "Europe/Berlin"),
        ("New York", "America/New_York"),
        ("Tokio", "Asia/Tokyo"),
    ],
)
def test_an_unknown_time_zone_is_named_with_similar_ones(
    name: str, similar: str
) -> None:
    problem = describe_unknown_time_zone(name)
    assert problem.startswith(f'"{name}" is not an IANA time zone')
    assert similar in problem.partition("such as")[2]


@pytest.mark.parametrize(
    "name", ["", "localtime", "../etc/passwd", "/UTC", "\0", "x" * 64]
)
def test_only_names_of_the_database_are_time_zones(name: str) -> None:
    assert name not in list_time_zones()
    assert describe_unknown_time_zone(name)


def test_every_time_zone_can_be_used_without_the_files_of_the_system() -> None:
    script = (
        "from coupon_core.domain.entered_times import *\n"
        "for zone in list_time_zones(): to_instant(parse_time('2026-06-01'), zone)\n"
        "print(to_instant(parse_time('2026-06-01'), 'Europe/Berlin'))"
    )
    environment = {**os.environ, "PYTHONTZPATH": ""}
    found = subprocess.run(
        [sys.executable, "-c", script],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.strip() == "2026-05-31 22:00:00+00:00"
