"""Tests of reports, their filters, and their CSV."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from coupon_core.domain.models import utc_now
from coupon_core.domain.timestamps import format_timestamp
from coupon_core.persistence import database
from coupon_core.persistence.id_generation import get_id_timestamp
from coupon_core.persistence.repositories import top_reports
from coupon_core.persistence.tables import OutboxTable, ReportBackfillTable
from coupon_core.services.insight import counting
from tests.factories.campaigns import CAMPAIGN_ID, CREATOR_KEY, CampaignFactory
from tests.factories.reports import NOON, ReportFactory
from tests.factories.tenant import TenantFactory
from tests.support.admin_client import AdminClient, expect_refusal

DAYS = "from=2026-11-10&to=2026-11-12"
NO_COUNTS = {"redeemed": 0, "reversed": 0, "refused": 0, "validated": 0}
ALL_REPORTS = [
    "redemptions?",
    "funnel?",
    "refusals?",
    "top?by=code&",
    "compare?campaign_id=launch&campaign_id=winter&",
]
WITH_SIGNALS = [*ALL_REPORTS, "signals?"]
NAME_OF_UNKNOWN = "00000000-0000-0000-0000-00000000000f"


@pytest.fixture
def factory(admin: AdminClient) -> ReportFactory:
    """Return the factory of the client's tenant, with counts."""
    return create_factory(admin)


def create_factory(admin: AdminClient) -> ReportFactory:
    item_id = admin.create_reward_item()["item_id"]
    factory = ReportFactory(TenantFactory(admin.tenant_id, "", reward_item_id=item_id))
    factory.raise_all()
    return factory


def read(admin: AdminClient, path: str) -> Any:
    answer = admin.get(f"reports/{path}")
    assert answer.status_code == 200, answer.text
    return answer.json


def read_csv(admin: AdminClient, path: str) -> list[dict[str, str]]:
    headers = {"X-API-Key": admin.plain_key, "Accept": "text/csv"}
    answer = admin.get(f"reports/{path}", headers=headers)
    assert (answer.status_code, answer.mimetype) == (200, "text/csv")
    assert "Accept" in answer.headers["Vary"]
    return list(csv.DictReader(answer.text.splitlines()))


def test_redemptions_are_counted_by_local_day(
    admin: AdminClient, factory: ReportFactory
) -> None:
    report = read(admin, f"redemptions?{DAYS}&time_zone=Asia/Kolkata")
    # Noon in UTC is 17:30 there.
    first = {"redeemed": 9, "reversed": 1, "refused": 2, "validated": 9}
    second = {"redeemed": 7, "reversed": 2, "refused": 0, "validated": 0}
    assert report["series"] == [
        {"start": "2026-11-09T18:30:00Z", **first},
        {"start": "2026-11-10T18:30:00Z", **second},
    ]
    assert report["totals"] == {name: first[name] + second[name] for name in first}
    assert (report["interval"], report["time_zone"]) == ("day", "Asia/Kolkata")
    assert (report["from"], report["to"]) == (
        "2026-11-09T18:30:00Z",
        "2026-11-11T18:30:00Z",
    )


def test_all_intervals_and_buckets_without_a_use_add_up(
    admin: AdminClient, factory: ReportFactory
) -> None:
    totals = set()
    for interval, count in ("hour", 48), ("day", 2), ("week", 1), ("month", 1):
        report = read(admin, f"redemptions?{DAYS}&interval={interval}")
        assert len(report["series"]) == count
        assert report["totals"]["redeemed"] == sum(
            bucket["redeemed"] for bucket in report["series"]
        )
        totals.add(report["totals"]["redeemed"])
    assert totals == {16}
    hours = read(admin, f"redemptions?{DAYS}&interval=hour")["series"]
    start = hours[0].pop("start")
    assert (start, hours[0]) == ("2026-11-10T00:00:00Z", NO_COUNTS)


@pytest.mark.parametrize(
    ("query", "redeemed"),
    [
        ("definition_id={shared}", 5),
        ("campaign_id=launch", 9),
        ("campaign_id=winter", 7),
        ("campaign_id=winter&definition_id={shared}", 0),
        ("creator_key=abc12", 4),
        ("creator_key=ABC12&campaign_id=launch", 4),
        ("dialect=mambo", 7),
        ("dialect=mambo&campaign_id=launch", 0),
        ("from=2026-11-10T12:00:00Z&to=2026-11-10T12:15:00Z", 9),
        ("from=2026-11-10T12:15:00Z&to=2026-11-11T12:00:00Z", 0),
    ],
)
def test_redemptions_are_filtered(
    admin: AdminClient, factory: ReportFactory, query: str, redeemed: int
) -> None:
    period = "" if "from=" in query else f"&{DAYS}"
    filters = query.format(shared=factory.shared)
    report = read(admin, f"redemptions?{filters}{period}")
    assert report["totals"]["redeemed"] == redeemed


def test_a_report_names_what_it_is_about_and_uses_its_time_zone(
    admin: AdminClient, factory: ReportFactory
) -> None:
    filters = f"definition_id={factory.shared}&campaign_id=launch&creator_key=ABC12"
    report = read(admin, f"redemptions?{filters}")
    assert report["subjects"] == [
        {"kind": "campaign", "id": "launch", "name": "Launch"},
        {"kind": "definition", "id": factory.shared, "name": "Ten percent"},
        {"kind": "creator", "id": "ABC12", "name": "Creator ABC12"},
    ]
    assert report["time_zone"] == "Europe/Berlin"
    assert len(report["series"]) == 30
    assert read(admin, f"funnel?{filters}&time_zone=UTC")["time_zone"] == "UTC"
    assert read(admin, "funnel")["time_zone"] == "UTC"


def test_a_definition_that_moves_takes_its_history_along(
    admin: AdminClient, factory: ReportFactory
) -> None:
    answer = admin.call("PATCH", f"coupons/{factory.shared}", {"campaign_id": "winter"})
    assert answer.status_code == 200, answer.text
    for campaign_id, redeemed in ("launch", 4), ("winter", 12):
        report = read(admin, f"redemptions?campaign_id={campaign_id}&{DAYS}")
        assert report["totals"]["redeemed"] == redeemed


def test_the_funnel_counts_each_step(
    admin: AdminClient, factory: ReportFactory
) -> None:
    assert read(admin, f"funnel?{DAYS}")["totals"] == {
        "generated": 20,
        "assigned": 10,
        "validated": 9,
        "redeemed": 16,
    }
    filters = f"definition_id={factory.winter}&{DAYS}"
    assert read(admin, f"funnel?{filters}")["totals"]["generated"] == 0


def test_refusals_are_counted_by_action_and_reason(
    admin: AdminClient, factory: ReportFactory
) -> None:
    factory.count_refusals(NOON, "validate", refused=2)
    factory.count_refusals(NOON, "redeem", 3, definition_id=factory.shared)
    factory.count_refusals(NOON + timedelta(minutes=15), "redeem", refused=1)
    report = read(admin, f"refusals?{DAYS}")
    reason = {"reason": "COUPON_EXPIRED"}
    assert report["refusals"] == [
        {"action": "redeem", **reason, "refused": 4},
        {"action": "validate", **reason, "refused": 2},
    ]
    # As in `redemptions`, which has validations in a count of their own.
    assert report["totals"] == {"refused": 4}
    assert report["resolution"] == "quarter_hour"
    for filters, refused in (
        (f"definition_id={factory.shared}", 3),
        ("campaign_id=winter", 0),
        ("dialect=phoenix", 4),
    ):
        filtered = read(admin, f"refusals?{filters}&{DAYS}")
        assert filtered["totals"]["refused"] == refused


def test_refusals_of_long_ago_are_counted_by_utc_day(
    admin: AdminClient, factory: ReportFactory
) -> None:
    long_ago = datetime(2026, 5, 1, tzinfo=UTC)
    factory.count_refusals(long_ago, "redeem", 8)
    report = read(admin, "refusals?from=2026-05-01&to=2026-05-02")
    assert (report["resolution"], report["totals"]["refused"]) == ("day_utc", 8)


def list_top(report: Mapping[str, Any]) -> list[tuple[str, str | None, int, int]]:
    names = ("id", "name", "redeemed", "reversed")
    return [tuple(row[name] for name in names) for row in report["rows"]]


def test_the_most_redeemed_come_first(
    admin: AdminClient, factory: ReportFactory
) -> None:
    shared, winter = factory.shared, factory.winter
    package = read(admin, f"top?by=definition&creator_key=ABC12&{DAYS}")["rows"][0]
    expected = {
        "definition": [
            (winter, "Snow", 7, 2),
            (shared, "Ten percent", 5, 1),
            (factory.package, package["name"], 4, 0),
        ],
        "campaign": [("launch", "Launch", 9, 1), ("winter", "=Winter", 7, 2)],
        "creator": [("ABC12", "Creator ABC12", 4, 0)],
        "code": [
            ("SAVE10", "Ten percent", 5, 1),
            ("CREATOR-ABC12-001", package["name"], 4, 0),
        ],
        "user": [],
    }
    for by, rows in expected.items():
        assert list_top(read(admin, f"top?by={by}&{DAYS}")) == rows
        limited = read(admin, f"top?by={by}&limit=1&{DAYS}")
        assert list_top(limited) == rows[:1]
        of_winter = read(admin, f"top?by={by}&campaign_id=winter&{DAYS}")["rows"]
        assert [row["redeemed"] for row in of_winter] == (
            [7] if by in ("definition", "campaign") else []
        )
    counts = [row["code_count"] for row in read(admin, f"top?by=code&{DAYS}")["rows"]]
    assert counts == [1, 2]


def test_users_are_ranked_by_their_redemptions(
    admin: AdminClient, factory: ReportFactory
) -> None:
    tenant = factory.tenant
    for user_id in "ann", "ann", "bob":
        tenant.redeem(tenant.create_code(user_id=user_id), user_id)
    database.release_connection()
    rows = list_top(read(admin, "top?by=user"))
    assert rows == [("ann", None, 2, 0), ("bob", None, 1, 0)]
    assert list_top(read(admin, "top?by=user&dialect=mambo")) == []
    assert list_top(read(admin, "top?by=user&creator_key=ABC12")) == []
    assert list_top(read(admin, "top?by=user&campaign_id=launch")) == []


def test_reports_agree_with_what_was_redeemed_through_the_apis(
    admin: AdminClient,
) -> None:
    item_id = admin.create_reward_item()["item_id"]
    tenant = TenantFactory(admin.tenant_id, "", reward_item_id=item_id)
    package_code = CampaignFactory(tenant).create_redeemable_code()
    tenant.define_claimable("SAVE10", campaign_id=CAMPAIGN_ID)
    for user_id in "ann", "bob":
        tenant.redeem(package_code, user_id)
        tenant.redeem("SAVE10", user_id)
    tenant.redeem("SAVE10", "cid")
    (last, *_) = admin.get("redemptions?code=SAVE10").json["redemptions"]
    admin.post(f"redemptions/{last['redemption_id']}/reverse", {})
    while counting.count_events(admin.tenant_id, 500):
        pass
    database.release_connection()
    series = read(admin, f"redemptions?campaign_id={CAMPAIGN_ID}")
    counts = series["totals"]["redeemed"], series["totals"]["reversed"]
    assert counts == (5, 1)
    assert read(admin, "redemptions")["totals"]["redeemed"] == 5
    codes = list_top(read(admin, "top?by=code"))
    assert [(row[0], *row[2:]) for row in codes] == [
        ("SAVE10", 3, 1),
        (package_code, 2, 0),
    ]
    creators = list_top(read(admin, "top?by=creator"))
    assert creators == [(CREATOR_KEY, f"Creator {CREATOR_KEY}", 2, 0)]
    users = list_top(read(admin, "top?by=user"))
    assert sum(row[2] for row in users) == 5
    assert sum(row[3] for row in users) == 1


def test_too_many_redemptions_by_user_are_refused(
    admin: AdminClient, factory: ReportFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = admin.get("reports/top?by=user&from=2026-10-01&to=2026-11-02")
    message = expect_refusal(answer, 400, "INVALID_PERIOD")
    assert message == "from, to: expected at most 31 days by user, not 32"
    # A month in which clocks are turned back is an hour longer.
    october = "from=2026-10-01&to=2026-11-01&time_zone=Europe/Berlin"
    assert admin.get(f"reports/top?by=user&{october}").status_code == 200
    tenant = factory.tenant
    for user_id in "ann", "bob":
        tenant.redeem(tenant.create_code(user_id=user_id), user_id)
    database.release_connection()
    monkeypatch.setattr(top_reports, "MAX_USER_ROWS", 1)
    message = expect_refusal(
        admin.get("reports/top?by=user&dialect=mambo"), 400, "INVALID_PERIOD"
    )
    assert "more than 1 redemptions" in message


def test_campaigns_are_compared_over_the_same_period(
    admin: AdminClient, factory: ReportFactory
) -> None:
    query = "campaign_id=winter&campaign_id=launch"
    report = read(admin, f"compare?{query}&{DAYS}")
    campaigns = [
        (each["campaign_id"], each["name"], each["totals"]["redeemed"])
        for each in report["campaigns"]
    ]
    assert campaigns == [("winter", "=Winter", 7), ("launch", "Launch", 9)]
    starts = [
        [bucket["start"] for bucket in each["series"]] for each in report["campaigns"]
    ]
    assert starts == [["2026-11-09T23:00:00Z", "2026-11-10T23:00:00Z"]] * 2
    assert [each["id"] for each in report["subjects"]] == ["winter", "launch"]


def test_every_report_is_available_as_csv(
    admin: AdminClient, factory: ReportFactory
) -> None:
    factory.count_refusals(NOON, "redeem", refused=3)
    first, _ = read_csv(admin, f"redemptions?{DAYS}&time_zone=Asia/Kolkata")
    assert first == {
        "start": "2026-11-09T18:30:00Z",
        "local_start": "2026-11-10 00:00",
        "redeemed": "9",
        "reversed": "1",
        "refused": "2",
        "validated": "9",
    }
    steps = read_csv(admin, f"funnel?{DAYS}")
    assert [row["count"] for row in steps] == ["20", "10", "9", "16"]
    (refusal,) = read_csv(admin, f"refusals?{DAYS}")
    assert refusal == {"action": "redeem", "reason": "COUPON_EXPIRED", "refused": "3"}
    # A name that a spreadsheet would compute is escaped.
    top = read_csv(admin, f"top?by=campaign&{DAYS}")
    assert [row["name"] for row in top] == ["Launch", "'=Winter"]
    compared = read_csv(admin, f"compare?campaign_id=launch,winter&{DAYS}")
    assert [row["redeemed"] for row in compared] == ["9", "0", "0", "7"]


@pytest.mark.parametrize("report", WITH_SIGNALS)
def test_json_is_sent_unless_csv_is_preferred(
    admin: AdminClient, factory: ReportFactory, report: str
) -> None:
    for accept, media_type in (
        ("*/*", "application/json"),
        ("text/html", "application/json"),
        ("application/json, text/csv", "application/json"),
        ("application/json;q=0.5, text/csv", "text/csv"),
        ("text/csv; charset=utf-8", "text/csv"),
        ("text/csv; header=present, application/json;q=0.9", "text/csv"),
        ("application/json; charset=utf-8, text/csv;q=0.9", "application/json"),
    ):
        headers = {"X-API-Key": admin.plain_key, "Accept": accept}
        answer = admin.get(f"reports/{report}{DAYS}", headers=headers)
        assert (answer.status_code, answer.mimetype) == (200, media_type)


def test_a_report_says_until_when_uses_are_counted(
    admin: AdminClient, factory: ReportFactory
) -> None:
    database.execute("UPDATE outbox SET counted = true", {})
    database.release_connection()
    before = format_timestamp(utc_now())
    assert read(admin, "funnel")["counted_until"] >= before
    tenant = factory.tenant
    tenant.redeem(tenant.create_code(user_id="ann"), "ann")
    query = OutboxTable.select(OutboxTable.event_id).where(~OutboxTable.counted)
    event_ids = [row.event_id for row in query]
    database.release_connection()
    first = min(map(get_id_timestamp, event_ids))
    assert read(admin, "funnel")["counted_until"] == format_timestamp(first)
    ReportBackfillTable.insert(tenant_id=admin.tenant_id, cut_over_at=NOON).execute()
    database.release_connection()
    assert read(admin, "funnel")["counted_until"] is None


@pytest.mark.parametrize("report", ALL_REPORTS)
def test_what_does_not_exist_is_not_found(
    sqlite_admin: AdminClient, report: str
) -> None:
    unknown = {
        "campaign_id=nothing": "CAMPAIGN_NOT_FOUND",
        f"definition_id={NAME_OF_UNKNOWN}": "DEFINITION_NOT_FOUND",
        "creator_key=ZZZZZ": "CREATOR_NOT_FOUND",
    }
    if report.startswith("compare"):
        unknown = {"": "CAMPAIGN_NOT_FOUND"}
    if report.startswith("refusals"):
        del unknown["creator_key=ZZZZZ"]
    for query, code in unknown.items():
        expect_refusal(sqlite_admin.get(f"reports/{report}{query}"), 404, code)


def test_a_comparison_names_the_campaign_that_does_not_exist(
    admin: AdminClient, factory: ReportFactory
) -> None:
    answer = admin.get("reports/compare?campaign_id=launch&campaign_id=nothing")
    text = expect_refusal(answer, 404, "CAMPAIGN_NOT_FOUND")
    assert text == 'Campaign "nothing" not found'


def test_a_period_that_begins_in_the_future_needs_an_end(
    sqlite_admin: AdminClient,
) -> None:
    answer = sqlite_admin.get("reports/funnel?from=2999-01-01")
    text = expect_refusal(answer, 400, "INVALID_PERIOD")
    assert text == "from: expected a time in the past, because the default end is now"
    whole = sqlite_admin.get("reports/funnel?from=2999-01-01&to=2999-01-02")
    assert whole.status_code == 200


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("redemptions?interval=year", "expected one of hour, day, week, month"),
        ("redemptions?time_zone=Berlin", '"Berlin" is not an IANA time zone; expected'),
        ("redemptions?from=10.11.2026", '"10.11.2026" does not begin with the year'),
        ("redemptions?creator_key=AB", "expected a key of 5 letters or digits"),
        ("refusals?creator_key=ABC12", "unknown parameter; expected one of: "),
        ("refusals?interval=day", "unknown parameter; expected one of: "),
        ("funnel?interval=day", "unknown parameter; expected one of: "),
        ("top?by=shoe", "expected one of definition, campaign, creator, code, user"),
        ("top", "missing; expected one of definition, campaign, creator, code, user"),
        ("top?by=code&limit=101", "expected an integer of 1 to 100"),
        ("compare", "missing; expected one to ten campaign IDs"),
        ("compare?campaign_id=,", "expected at least 1 value"),
        ("compare?campaign_id=a,b,c,d,e,f,g,h,i,j,k", "expected at most 10 values, no"),
        ("compare?campaign_id=a,b&dialect=x", "expected one of phoenix, playcamp,"),
    ],
)
def test_a_wrong_parameter_is_refused_with_what_was_expected(
    sqlite_admin: AdminClient, path: str, problem: str
) -> None:
    answer = sqlite_admin.get(f"reports/{path}")
    assert answer.status_code == 400
    assert answer.json["details"][0]["message"].startswith(problem)


def test_too_many_buckets_are_refused_with_their_number(
    sqlite_admin: AdminClient,
) -> None:
    period = "from=2026-01-01&to=2027-01-01&interval=hour"
    message = expect_refusal(
        sqlite_admin.get(f"reports/redemptions?{period}"), 400, "INVALID_PERIOD"
    )
    assert "about 8,760 buckets of one hour; expected at most 2,000:" in message


def test_a_comparison_has_as_many_buckets_as_another_report(
    admin: AdminClient, factory: ReportFactory
) -> None:
    query = "campaign_id=winter&campaign_id=launch&interval=day&from=2026-01-01"
    assert admin.get(f"reports/compare?{query}&to=2028-09-27").status_code == 200
    answer = admin.get(f"reports/compare?{query}&to=2028-09-28")
    message = expect_refusal(answer, 400, "INVALID_PERIOD")
    assert "expected at most 1,000 for each of 2 campaigns: shorten it" in message
