"""Tests that outages are logged when they change, and otherwise once a minute."""

from __future__ import annotations

import json

import pytest
import structlog

from coupon_core.observability import outage_log, structured_logging
from coupon_core.observability.error_summary import describe_error
from coupon_core.observability.outage_log import OutageLog

REFUSED = ConnectionRefusedError("Connection refused")
TIMEOUT = TimeoutError("connection timeout expired")


class Clock:
    """A clock that tests set."""

    seconds = 0.0

    def __call__(self) -> float:
        """Return the seconds that were set."""
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def outages(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> OutageLog:
    structured_logging.configure("info")
    # A logger that was used before keeps the level of that time.
    monkeypatch.setattr(outage_log, "log", structlog.get_logger("coupon.outage"))
    return OutageLog(clock)


def read_events(capfd: pytest.CaptureFixture[str]) -> list[tuple[str, str | None]]:
    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    return [(line["event"], line.get("error")) for line in lines]


def test_a_lasting_outage_is_logged_once_a_minute(
    outages: OutageLog, clock: Clock, capfd: pytest.CaptureFixture[str]
) -> None:
    for second in range(120):
        clock.seconds = second
        for worker in ("consumer", "relay"):
            outages.fail(f"{worker} waits", REFUSED, "database", worker)
    words = "no server accepts connections at its address"
    assert read_events(capfd) == [("consumer waits", words)] * 2


def test_each_change_of_state_is_logged(
    outages: OutageLog, capfd: pytest.CaptureFixture[str]
) -> None:
    outages.recover()  # nothing has failed
    for error in (REFUSED, TIMEOUT, REFUSED):
        outages.fail("away", error, "database")
    outages.recover()
    outages.fail("away", REFUSED, "database")
    assert read_events(capfd) == [
        ("away", "no server accepts connections at its address"),
        ("away", "the server does not respond"),
        ("recovered", None),
        ("away", "no server accepts connections at its address"),
    ]


def test_an_outage_lasts_until_every_reporter_has_recovered(
    outages: OutageLog, capfd: pytest.CaptureFixture[str]
) -> None:
    for reporter in ("reader", "writer"):
        outages.fail("away", REFUSED, "database", reporter)
    for _ in range(5):
        outages.recover("reader")
        outages.fail("away", REFUSED, "database", "writer")
    assert len(read_events(capfd)) == 1
    outages.recover("writer")
    assert read_events(capfd) == [("recovered", None)]


def test_types_are_named_once_if_the_cause_is_unknown() -> None:
    error = KeyError("secret")
    error.__cause__ = KeyError("other secret")
    error.__cause__.__cause__ = ValueError("secret")
    assert describe_error(error) == "KeyError < ValueError"
