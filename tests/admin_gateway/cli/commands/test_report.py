"""Tests of `couponctl report`: charts, CSV, JSON, and messages."""

from __future__ import annotations

import csv

import pytest

from coupon_core.persistence.database import release_connection
from coupon_core.persistence.tables import SignalTable
from tests.factories.reports import NOON, ReportFactory
from tests.factories.tenant import create_tenant
from tests.support.cli_runner import CouponctlRunner
from tests.support.concurrency import started_core
from tests.support.databases import on_sqlite
from tests.support.settings import build_settings

DAYS = ("--from", "2026-11-10", "--to", "2026-11-12", "--time-zone", "Europe/Berlin")
ALL_REPORTS = (
    ("redemptions",),
    ("funnel",),
    ("refusals",),
    ("top", "--by", "definition"),
    ("compare", "--campaign", "launch", "--campaign", "winter"),
)


@pytest.fixture
def report_cli(cli: CouponctlRunner, database_url: str) -> CouponctlRunner:
    """Return a runner on a database with counts of the tenant acme."""
    with started_core(build_settings(database_url)):
        factory = ReportFactory(create_tenant(tenant_id="acme"))
        factory.raise_all()
        factory.count_refusals(NOON, "redeem", refused=3)
    return cli


def show(cli: CouponctlRunner, *arguments: str, columns: int = 80) -> list[str]:
    wide = CouponctlRunner({**cli.env, "COLUMNS": str(columns)})
    result = wide.run("report", *arguments, "--tenant", "acme", *DAYS)
    assert result.exit_code == 0, result.output
    return result.stdout.splitlines()


def test_redemptions_are_shown_with_bars(report_cli: CouponctlRunner) -> None:
    lines = show(report_cli, "redemptions", "--campaign", "launch")
    assert lines[:3] == [
        'Redemptions by day of tenant "acme"',
        "Campaign: Launch (launch)",
        "Tue 2026-11-10 to Wed 2026-11-11 (Europe/Berlin)",
    ]
    assert lines[5] == "redeemed   █▁  at most 9: Tue 2026-11-10"
    table = lines[-4:]
    assert table[0].split() == ["day", "redeemed", "reversed", "refused", "validated"]
    assert table[1].split() == ["Tue", "2026-11-10", "9", "1", "2", "9", "█" * 24]
    assert table[2].split() == ["Wed", "2026-11-11", "0", "0", "0", "0"]
    assert table[3].split() == ["total", "9", "1", "2", "9"]


def test_a_report_of_one_day_names_it_once(report_cli: CouponctlRunner) -> None:
    day = "--from", "2026-11-10", "--to", "2026-11-11"
    text = report_cli.run("report", "funnel", "--tenant", "acme", *day).stdout
    assert text.splitlines()[1] == "Tue 2026-11-10 (UTC)"


@pytest.mark.parametrize("columns", [80, 120])
def test_each_report_fits_the_terminal(
    report_cli: CouponctlRunner, columns: int
) -> None:
    for arguments in ALL_REPORTS:
        lines = show(report_cli, *arguments, columns=columns)
        assert max(map(len, lines)) <= columns
        assert 'of tenant "acme"' in lines[0]
        assert any("(Europe/Berlin)" in line for line in lines)
        assert any(line.endswith(" are counted.") for line in lines)


def test_other_reports_show_shares_names_and_ids(report_cli: CouponctlRunner) -> None:
    funnel = show(report_cli, "funnel")
    steps = [line.split()[:3] for line in funnel[-4:]]
    # Validations are calls, and codes may be used without one.
    assert [share for _, _, share in steps] == ["-", "50.0%", "-", "80.0%"]
    refusals = show(report_cli, "refusals")
    assert refusals[-2].split()[:4] == ["redeem:", "COUPON_EXPIRED", "3", "100.0%"]
    codes = show(report_cli, "top", "--by", "code")
    assert codes[-2].startswith("CREATOR-ABC12-001 (+1 more) ")
    assert show(report_cli, "top", "--by", "user")[-1].startswith("Nothing was redee")
    compared = show(report_cli, *ALL_REPORTS[-1])
    assert [line.split()[-1] for line in compared[5:7]] == ["launch", "winter"]


def test_reports_are_available_as_json_and_csv(report_cli: CouponctlRunner) -> None:
    arguments = "report", "redemptions", "--tenant", "acme", *DAYS
    document = report_cli.json(*arguments)
    assert document["totals"]["redeemed"] == 16
    text = report_cli.run(*arguments, "--csv").stdout
    assert text == report_cli.run(*arguments, "--output", "csv").stdout
    rows = list(csv.DictReader(text.splitlines()))
    assert [row["redeemed"] for row in rows] == ["9", "7"]
    assert rows[0]["local_start"] == "2026-11-10 00:00"


def test_signals_are_shown_with_their_subjects(
    report_cli: CouponctlRunner, database_url: str
) -> None:
    assert report_cli.run("report", "signals", "--tenant", "acme").stdout.endswith(
        "Nothing happened suspiciously often.\n"
    )
    signal = {"tenant_id": "acme", "kind": "user_failures", "subject": "=user_1"}
    with started_core(build_settings(database_url)):
        SignalTable.insert(
            **signal, hour_at=NOON, count=41, first_at=NOON, last_at=NOON
        ).execute()
        release_connection()
    arguments = "report", "signals", "--tenant", "acme", "--from", "2026-11-10"
    shown = report_cli.run(*arguments).stdout.splitlines()[-1].split()
    assert shown[:4] == ["2026-11-10", "12:00", "user_failures", "41"]
    assert shown[-1] == "=user_1"
    exported = report_cli.run(*arguments, "--csv", "--limit", "1")
    (row,) = csv.DictReader(exported.stdout.splitlines())
    assert (row["subject"], row["count"]) == ("'=user_1", "41")
    assert exported.stderr == ""
    assert report_cli.json(*arguments, "--kind", "code_shared")["signals"] == []
    with started_core(build_settings(database_url)):
        SignalTable.update(subject="user_2").execute()
        SignalTable.insert(
            **signal, hour_at=NOON, count=41, first_at=NOON, last_at=NOON
        ).execute()
        release_connection()
    for form in "--csv", "--kind=user_failures":
        page = report_cli.run(*arguments, form, "--limit", "1")
        assert page.stderr.startswith("First 1; there are more. Show them with ")
    recent = report_cli.json("report", "signals", "--tenant", "acme", "--since", "1h")
    assert recent["signals"] == []


def test_since_goes_back_whole_days_or_hours(report_cli: CouponctlRunner) -> None:
    arguments = "report", "redemptions", "--tenant", "acme", "--since"
    days = report_cli.json(*arguments, "2w", "--time-zone", "Asia/Kolkata")
    assert (days["interval"], len(days["series"])) == ("day", 14)
    assert days["from"].endswith("T18:30:00Z")
    hours = report_cli.json(*arguments, "24h")
    assert hours["interval"] == "hour"
    assert len(hours["series"]) in (25, 26)
    assert report_cli.json(*arguments, "24h", "--interval", "day")["interval"] == "day"


@on_sqlite
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("redemptions", "--since", "7"),
            'Invalid --since "7": expected a number from 1 to 999 and a unit, '
            "such as 24h, 7d or 4w.",
        ),
        (
            ("funnel", "--since", "7d", "--to", "2026-11-11"),
            "Expected either --since, or --from and --to.",
        ),
        (("funnel", "--json", "--csv"), "Use either --json or another format."),
        (
            ("signals", "--since", "1000w"),
            'Invalid --since "1000w": expected a number from 1 to 999 and a unit, ',
        ),
        (
            ("redemptions", "--since", "999w"),
            "Invalid --interval: this period has about 6,993 buckets of one day;",
        ),
        (
            ("redemptions", "--from", "2026-01-01", "--interval", "hour"),
            'Invalid --interval "hour": this period has about ',
        ),
        (
            ("top", "--by", "user", "--since", "60d"),
            "Invalid --from or --to: expected at most 31 days by user, not 60.",
        ),
        (
            ("funnel", "--from", "2026-11-11", "--to", "2026-11-10"),
            'Invalid --to "2026-11-10": expected a time after the beginning.',
        ),
        (
            ("funnel", "--from", "2999-01-01"),
            'Invalid --from "2999-01-01": expected a time in the past, because the '
            "default end is now.",
        ),
        (
            ("compare", "--campaign", "summer", "--campaign", "autumn"),
            'Campaign "summer" not found; `couponctl campaign list --tenant acme`',
        ),
        (
            ("redemptions", "--campaign", "summer"),
            'Campaign "summer" not found; `couponctl campaign list --tenant acme`',
        ),
        (
            ("funnel", "--time-zone", "Berlin"),
            'Invalid --time-zone: "Berlin" is not an IANA time zone; expected',
        ),
    ],
)
def test_a_wrong_value_is_refused_with_what_was_expected(
    acme_cli: CouponctlRunner, arguments: tuple[str, ...], message: str
) -> None:
    result = acme_cli.run("report", *arguments, "--tenant", "acme")
    assert (result.exit_code in (2, 4), result.stdout) == (True, "")
    assert message in " ".join(result.stderr.split())
