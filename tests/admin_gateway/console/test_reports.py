"""Reports of the console: plots with tables, filters, CSV, and failed attempts."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest

from admin_gateway.console.charts import MAX_BARS, build_chart, list_labels
from admin_gateway.console.report_words import WORDS
from coupon_core.domain.models import utc_now
from coupon_core.domain.models.attempts import AttemptAction, SignalKind
from coupon_core.domain.models.operators import Role
from coupon_core.domain.models.reports import Bucket, ReportInterval
from coupon_core.domain.report_counts import Counts, ReportCounts, get_quarter
from coupon_core.observability import attempt_buffer
from coupon_core.persistence import database
from coupon_core.persistence.repositories.report_counts import raise_counts
from coupon_core.services.insight import attempt_flush
from coupon_core.web.coupon_refusals import REFUSALS, RESERVATION_REFUSALS
from tests.factories.reports import NOON, ReportFactory
from tests.factories.tenant import TenantFactory
from tests.support.admin_client import AdminClient
from tests.support.attempts import collect_failure
from tests.support.console_client import Browser, sign_in_as

REPORTS = "/console/t/acme/reports"
ATTEMPTS = "/console/t/acme/attempts"
DAYS = "from=2026-11-10&to=2026-11-12"
SCRIPT = "<script>alert(1)</script> 10 %"
VIEWS = (
    "",
    "/refusals",
    "/top",
    "/compare?campaign_id=launch&campaign_id=winter",
    "/funnel",
)


@pytest.fixture
def factory(admin: AdminClient) -> ReportFactory:
    """Return the factory of the client's tenant, with counts."""
    item_id = admin.create_reward_item()["item_id"]
    factory = ReportFactory(TenantFactory(admin.tenant_id, "", reward_item_id=item_id))
    factory.raise_all()
    return factory


@pytest.fixture
def browser(admin: AdminClient) -> Browser:
    """Return the browser of a viewer."""
    return sign_in_as(admin, Role.VIEWER)


@pytest.fixture
def empty_attempts() -> Iterator[None]:
    """Leave no attempts of other tests in this process."""
    attempt_buffer.take()
    yield
    attempt_buffer.take()


def read_csv(browser: Browser, path: str) -> list[list[str]]:
    response = browser.open(path)
    assert response.content_type == "text/csv; charset=utf-8", response.text
    return list(csv.reader(response.text.splitlines()))


def test_redemptions_have_a_plot_and_a_table_and_a_csv(
    browser: Browser, factory: ReportFactory
) -> None:
    page = browser.open(f"{REPORTS}?{DAYS}").text
    assert "<title>2026-11-10 · redeemed 9 · refused 2</title>" in page
    assert "The highest bar is 11." in page
    rows = read_csv(browser, f"{REPORTS}?{DAYS}&format=csv")
    assert rows == [
        ["start", "local_start", "redeemed", "reversed", "refused", "validated"],
        ["2026-11-11T00:00:00.000Z", "2026-11-11", "7", "2", "0", "0"],
        ["2026-11-10T00:00:00.000Z", "2026-11-10", "9", "1", "2", "9"],
    ]
    of_campaign = browser.open(f"{REPORTS}?{DAYS}&campaign_id=winter").text
    assert "Europe/Berlin" in of_campaign
    assert '<option value="winter" selected>=Winter</option>' in of_campaign


def test_every_report_keeps_its_filters_in_the_link_to_its_csv(
    browser: Browser, factory: ReportFactory
) -> None:
    factory.count_refusals(NOON, "redeem", refused=2)
    for view in VIEWS:
        path = f"{REPORTS}{view}{'&' if '?' in view else '?'}{DAYS}"
        page = browser.open(path).text
        link = page.rpartition('" download')[0].rpartition('"')[2].replace("&amp;", "&")
        filters = path.partition("?")[2].split("&")
        assert [one for one in filters if one not in link] == [], view
        assert len(read_csv(browser, link)) > 1, view


def test_a_ranking_names_what_was_used_most(
    browser: Browser, factory: ReportFactory
) -> None:
    page = browser.open(f"{REPORTS}/top?{DAYS}").text
    assert page.index("Snow") < page.index("Ten percent")
    assert read_csv(browser, f"{REPORTS}/top?{DAYS}&limit=1&by=&format=csv")[1:] == [
        [factory.winter, "Snow", "1", "7", "2"]
    ]
    assert 'id="limit-error"' in browser.open(f"{REPORTS}/top?limit=101").text
    assert browser.open(f"{REPORTS}/top?{DAYS}&by=code").text.count(">SAVE10<") == 1
    long = browser.open(f"{REPORTS}/top?from=2026-01-01&to=2026-11-12&by=user")
    assert long.status_code == 400
    assert "expected at most 31 days" in long.text


def test_campaigns_are_compared_on_one_scale(
    browser: Browser, factory: ReportFactory
) -> None:
    path = f"{REPORTS}/compare?campaign_id=launch&campaign_id=winter&{DAYS}"
    page = browser.open(path).text
    assert page.count("The highest bar is 9.") == 2
    assert read_csv(browser, f"{path}&format=csv") == [
        ["local_start", "launch", "winter"],
        ["2026-11-11", "0", "7"],
        ["2026-11-10", "9", "0"],
    ]
    start = browser.open(f"{REPORTS}/compare")
    assert start.status_code == 200
    assert "Choose two or more campaigns" in start.text


def test_names_are_shown_as_they_are(
    admin: AdminClient, browser: Browser, empty_attempts: None
) -> None:
    created = admin.post("campaigns", {"campaign_id": "x", "name": SCRIPT})
    assert created.status_code == 201, created.text
    definition_id = admin.create_definition(SCRIPT)["id"]
    changed = admin.patch(f"coupons/{definition_id}", {"campaign_id": "x"})
    assert changed.status_code == 200, changed.text
    collect_failure(admin.tenant_id, utc_now(), definition_id=definition_id)
    attempt_flush.flush()
    with database.transaction():
        quarter = get_quarter(utc_now())
        raise_counts(
            "acme", [ReportCounts(definition_id, quarter, counts=Counts(redeemed=1))]
        )
    database.release_connection()
    paths = [
        f"{REPORTS}{view}" for view in ("", "/top", "/compare", "/top?by=campaign")
    ]
    for path in (*paths, ATTEMPTS, "/console/t/acme"):
        page = browser.open(f"{path}{'&' if '?' in path else '?'}campaign_id=x")
        assert page.status_code == 200
        assert "&lt;script&gt;alert(1)" in page.text
        assert SCRIPT not in page.text


@pytest.mark.parametrize("view", ["", "/refusals", "/top", "/compare", "/funnel"])
def test_wrong_filters_stay_beside_their_fields(browser: Browser, view: str) -> None:
    page = browser.open(f"{REPORTS}{view}?from=yesterday&dialect=x&campaign_id=none")
    assert page.status_code == 400
    assert 'id="from-error"' in page.text
    assert 'value="yesterday"' in page.text
    unknown = browser.open(f"{REPORTS}{view}?campaign_id=none")
    assert unknown.status_code == 400
    assert 'role="alert"' in unknown.text


def test_no_filter_breaks_a_page(browser: Browser) -> None:
    paths = [REPORTS + view.partition("?")[0] for view in VIEWS]
    for path in (*paths, ATTEMPTS, f"{ATTEMPTS}/signals"):
        for value in ("\0", "\U0001f600", "9" * 30):
            for name in ("after", "campaign_id", "user_id"):
                response = browser.open(f"{path}?{urlencode({name: value})}")
                assert response.status_code in (200, 400), (path, name, value)


def test_periods_begin_on_a_day_of_the_time_zone(browser: Browser) -> None:
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):
        page = browser.open(f"{REPORTS}?time_zone={zone}").text
        today = utc_now().astimezone(ZoneInfo(zone)).date()
        assert f"from={today}" in page
        answer = browser.open(f"{REPORTS}?time_zone={zone}&from={today}")
        assert answer.status_code == 200


def test_an_hour_that_occurs_twice_is_labelled_with_its_offset() -> None:
    starts = [datetime(2026, 10, 25, hour, tzinfo=UTC) for hour in (0, 1, 2)]
    buckets = [Bucket(start, Counts()) for start in starts]
    assert list_labels(buckets, ReportInterval.HOUR, "Europe/Berlin") == [
        "2026-10-25 02:00 +0200",
        "2026-10-25 02:00 +0100",
        "2026-10-25 03:00",
    ]


def test_parameters_that_are_no_filters_change_no_link(browser: Browser) -> None:
    query = "endpoint=x&_external=1&tenant_id=globex&_scheme=ftp&after=x&x=1"
    page = browser.open(f"{REPORTS}?{query}")
    assert page.status_code == 200
    assert "globex" not in page.text
    assert "ftp:" not in page.text


def test_failed_attempts_and_signals_are_listed_in_words(
    admin: AdminClient, browser: Browser, empty_attempts: None
) -> None:
    for _ in range(60):
        collect_failure(admin.tenant_id, NOON, code=SCRIPT, user_id=SCRIPT)
    collect_failure(admin.tenant_id, NOON + timedelta(days=1), user_id="bob")
    attempt_flush.flush()
    database.release_connection()
    page = browser.open(ATTEMPTS).text
    assert "There is no such code" in page
    assert SCRIPT not in page
    assert "Next page" in page
    assert len(read_csv(browser, f"{ATTEMPTS}?format=csv")) == 62
    assert len(read_csv(browser, f"{ATTEMPTS}?user_id=bob&format=csv")) == 2
    assert browser.open(f"{ATTEMPTS}?after=x").status_code == 200
    page = browser.open(f"{ATTEMPTS}?reason=OWN_REASON").text
    assert ">The coupon has expired (COUPON_EXPIRED)</option>" in page
    assert '<option value="OWN_REASON" selected>' in page
    signals = browser.open(f"{ATTEMPTS}/signals").text
    assert "a player was refused many times" in signals
    assert SCRIPT not in signals
    assert browser.open(f"{ATTEMPTS}/signals?kind=x").status_code == 400
    assert browser.open(f"{ATTEMPTS}/signals?after=x").status_code == 400


def test_every_reason_and_action_has_words() -> None:
    answers = [
        answer
        for one in REFUSALS.values()
        for answer in (one.phoenix_redeem, one.playcamp, one.mambo)
    ]
    answers += RESERVATION_REFUSALS.values()
    codes = {code for _, code, _ in answers} | {*AttemptAction, *SignalKind}
    assert codes <= WORDS.keys()


@pytest.mark.parametrize("count", [0, 1, MAX_BARS, MAX_BARS + 1, 2_000])
def test_a_chart_contains_every_count(count: int) -> None:
    buckets = [Bucket(NOON, Counts(redeemed=2, refused=1))] * count
    chart = build_chart(["x"] * count, buckets, ("redeemed", "refused"))
    assert len(chart.bars) <= MAX_BARS
    values = [part.value for bar in chart.bars for part in bar.segments]
    assert sum(values) == 3 * count
    lowest = [part.y for bar in chart.bars for part in bar.segments]
    assert all(-0.05 <= y <= chart.height for y in lowest)
