"""The lists of definitions and campaigns: uses, filters, actions, copies, cost."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import timedelta

import pytest
from peewee import Database

from admin_gateway.console import pages, use_columns
from coupon_core.domain.models import DefinitionStatus, Page, Trigger, utc_now
from coupon_core.domain.models.campaigns import CampaignStatus
from coupon_core.domain.models.inventory import CodeTarget, JobState
from coupon_core.domain.models.operators import Role
from coupon_core.domain.report_counts import Counts, ReportCounts, get_quarter
from coupon_core.persistence import database
from coupon_core.persistence.id_generation import generate_id
from coupon_core.persistence.repositories import code_jobs
from coupon_core.services import batches, suspension
from coupon_core.services.batches import BatchRequest
from coupon_core.services.catalog import definitions
from coupon_core.services.codes import bulk_changes
from coupon_core.services.coupons import generation
from tests.factories.reports import ReportFactory
from tests.factories.tenant import TenantFactory
from tests.support.admin_client import AdminClient
from tests.support.console_client import Browser, sign_in_as

HOME = "/console/t/acme"
DEFINITIONS, CAMPAIGNS = f"{HOME}/definitions", f"{HOME}/campaigns"


@pytest.fixture
def factory(admin: AdminClient) -> ReportFactory:
    item_id = admin.create_reward_item()["item_id"]
    tenant = TenantFactory(admin.tenant_id, "", reward_item_id=item_id)
    return ReportFactory(tenant)


@pytest.fixture
def manager(admin: AdminClient) -> Browser:
    return sign_in_as(admin, Role.MANAGER)


def read_csv(browser: Browser, path: str) -> dict[str, dict[str, str]]:
    """Return the rows of a table by the name in its first column."""
    text = browser.open(f"{path}?format=csv").text
    return {row["name"]: row for row in csv.DictReader(text.splitlines())}


def test_lists_show_uses_last_use_and_codes(
    factory: ReportFactory, manager: Browser
) -> None:
    now = get_quarter(utc_now())
    factory.raise_counts(
        ReportCounts(factory.winter, now, "", "phoenix", Counts(redeemed=7)),
        ReportCounts(
            factory.winter, now - timedelta(days=2), counts=Counts(redeemed=1_000)
        ),
        ReportCounts(
            factory.winter, now - timedelta(days=40), counts=Counts(generated=25_000)
        ),
        ReportCounts(
            factory.shared, now - timedelta(days=40), counts=Counts(redeemed=9)
        ),
    )
    rows = read_csv(manager, DEFINITIONS)
    winter, shared = rows["Snow"], rows["Ten percent"]
    assert (winter["codes"], winter["uses_in_30_days"]) == ("25000", "1007")
    assert winter["last_used_on"].startswith(f"{now:%Y-%m-%d}")
    assert (shared["codes"], shared["uses_in_30_days"]) == ("1", "0")
    assert shared["last_used_on"].startswith(f"{now - timedelta(days=40):%Y-%m-%d}")
    page = manager.open(DEFINITIONS).text
    assert "at most 1\u202f000" in page
    assert '<path d="M82 20v-20M88 20v-1"/>' in page  # two days ago, and today
    assert "1\u202f007" in page

    rows = read_csv(manager, CAMPAIGNS)
    launch, winter = rows["Launch"], rows["'=Winter"]
    assert (launch["definitions"], launch["codes"]) == ("2", "3")
    assert (winter["definitions"], winter["uses_in_30_days"]) == ("1", "1007")
    assert "25\u202f000" in manager.open(CAMPAIGNS).text


def test_a_number_of_codes_that_lacks_some_is_a_minimum(
    admin: AdminClient, factory: ReportFactory, manager: Browser
) -> None:
    assert "≥" not in manager.open(DEFINITIONS).text
    with database.transaction():
        database.execute(
            "INSERT INTO report_backfill (tenant_id, cut_over_at, redemption_id) "
            "VALUES (:tenant_id, '2100-01-01T00:00:00.000Z', 0)",
            {"tenant_id": admin.tenant_id},
        )
    database.release_connection()
    assert manager.open(DEFINITIONS).text.count("≥ 0") == 1  # the one with own codes


def test_suspended_is_a_state_to_filter_by(
    admin: AdminClient, factory: ReportFactory, manager: Browser
) -> None:
    now = utc_now()
    suspension.suspend(suspension.DEFINITIONS, admin.tenant_id, factory.winter, now=now)
    suspension.suspend(suspension.CAMPAIGNS, admin.tenant_id, "launch", now=now)
    database.release_connection()
    found = manager.open(f"{DEFINITIONS}?status=suspended").text
    assert "Snow" in found
    assert "Ten percent" in found  # its campaign is suspended
    found = manager.open(f"{CAMPAIGNS}?status=suspended").text
    assert "Launch" in found
    assert "=Winter" not in found
    for path, states in (DEFINITIONS, DefinitionStatus), (CAMPAIGNS, CampaignStatus):
        for state in states:
            assert manager.open(f"{path}?status={state}").status_code == 200
        assert manager.open(f"{path}?status=lost").status_code == 400


def test_rows_offer_what_their_state_and_the_role_allow(
    admin: AdminClient, factory: ReportFactory, manager: Browser
) -> None:
    page = manager.open(DEFINITIONS).text
    for action in ("suspend", "archive"):
        assert f"{DEFINITIONS}/{factory.winter}/{action}" in page
    assert f"{DEFINITIONS}/{factory.winter}/resume" not in page
    assert f"{DEFINITIONS}/new?copy={factory.winter}" in page
    page = manager.open(CAMPAIGNS).text
    assert f"{CAMPAIGNS}/c/winter/suspend" in page
    assert f"{CAMPAIGNS}/c/winter/complete" in page
    viewer = sign_in_as(admin, Role.VIEWER)
    for path in (DEFINITIONS, CAMPAIGNS):
        page = viewer.open(path).text
        assert "/suspend" not in page
        assert "copy=" not in page


def count_statements(browser: Browser, path: str) -> int:
    """Return how many statements a page sends to the database."""
    count = 0
    original = Database.execute_sql

    def execute_sql(self: Database, *args: object, **options: object) -> object:
        nonlocal count
        count += 1
        return original(self, *args, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Database, "execute_sql", execute_sql)
        assert browser.open(path).status_code == 200
    return count


def test_more_rows_take_no_more_statements(
    factory: ReportFactory, manager: Browser
) -> None:
    before = [count_statements(manager, path) for path in (DEFINITIONS, CAMPAIGNS)]
    for number in range(5):
        factory.campaigns.create_campaign(f"c{number}", names={"en": f"C {number}"})
        factory.tenant.define(name=f"D {number}", campaign_id=f"c{number}")
    database.release_connection()
    after = [count_statements(manager, path) for path in (DEFINITIONS, CAMPAIGNS)]
    assert after == before
    assert 0 < max(after) < 20


def test_a_campaign_is_copied_with_its_definitions_and_packages(
    admin: AdminClient, factory: ReportFactory, manager: Browser
) -> None:
    factory.tenant.define(
        name="Sleigh", campaign_id="launch", code_prefix="SL-", total_limit=50
    )
    factory.tenant.define(
        name="Streak",
        campaign_id="launch",
        trigger_kind=Trigger.STREAK_MILESTONE,
        trigger_source="daily",
        trigger_threshold=7,
        trigger_enabled=True,
    )
    for number in range(7):
        factory.tenant.define_custom(
            f"ONCE{number}", name=f"Once {number} {'x' * 200}", campaign_id="launch"
        )
    database.release_connection()
    form = manager.open(f"{CAMPAIGNS}/new?copy=launch").text
    assert 'value="Copy of Launch"' in form
    assert 'value="Europe/Berlin"' in form
    values = {"name": "Spring", "starts_at": "2030-03-01", "ends_at": "2030-03-31"}
    manager.submit("/new", **values, with_definitions="True")
    assert manager.path == f"{CAMPAIGNS}/c/spring"
    assert "2 definitions are copied" in manager.page
    # Their codes exist already, and an event would award both the old and the new one.
    assert "Not copied: Ten percent, Streak, Once 0 x" in manager.page
    assert "Once 2 x" in manager.page
    assert ", …. A code for all" in manager.page
    listed = definitions.list_definitions(
        admin.tenant_id, Page(limit=10), campaign_id="spring"
    )[0]
    copies = {one.name: one for one in listed}
    assert copies.keys() == {"Sleigh (Spring)", "spring 1 Welcome Package"}
    sleigh = copies["Sleigh (Spring)"]
    assert (sleigh.code_prefix, sleigh.total_limit) == ("SL-", 50)
    for one in copies.values():
        assert one.used_count == 0
        assert f"{one.starts_at:%Y-%m-%dT%H}" == "2030-02-28T23"


def test_a_campaign_is_copied_without_definitions_or_not_at_all(
    admin: AdminClient, factory: ReportFactory, manager: Browser
) -> None:
    manager.open(f"{CAMPAIGNS}/new?copy=winter")
    manager.submit("/new", name="Alone", time_zone="Asia/Seoul")
    assert manager.path == f"{CAMPAIGNS}/c/alone"
    assert "No definition belongs to this campaign yet" in manager.page
    # A name is taken: neither the campaign nor a part of its definitions is stored.
    factory.tenant.define(name="Snow (Twice)")
    database.release_connection()
    manager.open(f"{CAMPAIGNS}/new?copy=winter")
    response = manager.submit("/new", name="Twice", with_definitions="True")
    assert response.status_code == 400
    assert 'name="copy" value="winter"' in manager.page
    assert admin.get("campaigns/twice").status_code == 404
    assert manager.open(f"{CAMPAIGNS}/new?copy=missing").status_code == 404


def test_jobs_are_found_by_definition_and_until_they_end(
    admin: AdminClient, factory: ReportFactory, manager: Browser
) -> None:
    now = utc_now()
    started = [
        bulk_changes.revoke(
            admin.tenant_id, CodeTarget(definition_id=one), actor="cli", now=now
        )
        for one in (factory.winter, factory.shared)
    ]
    batch = batches.request(admin.tenant_id, factory.winter, BatchRequest(1), now)
    assert batches.generate_chunk((admin.tenant_id, batch.batch_id, 1), now)
    target = CodeTarget(batch_id=batch.batch_id)
    started.append(bulk_changes.restore(admin.tenant_id, target, actor="cli", now=now))
    database.release_connection()
    page = manager.open(f"{DEFINITIONS}/{factory.winter}/jobs").text
    assert f"{HOME}/jobs?definition_id={factory.winter}" in page
    page = manager.open(f"{HOME}/jobs?definition_id={factory.winter}").text
    listed = [f"{HOME}/jobs/{job.job_id}" in page for job in started]
    assert listed == [True, False, True]
    assert "Show all" in page


def test_a_running_job_is_shown_however_many_ended_after_it(
    admin: AdminClient, factory: ReportFactory, manager: Browser
) -> None:
    target = CodeTarget(definition_id=factory.winter)
    ended = bulk_changes.revoke(admin.tenant_id, target, actor="cli", now=utc_now())
    assert ended.finished_at
    running = replace(ended, state=JobState.RUNNING, finished_at=None)
    code_jobs.update(running)
    for _ in range(25):
        code_jobs.insert(replace(ended, job_id=generate_id()))
    database.release_connection()
    page = manager.open(HOME).text
    assert page.count(f"{HOME}/jobs/") == 1
    assert f"{HOME}/jobs/{running.job_id}" in page


def test_codes_of_large_definitions_and_campaigns_are_counted_after_a_click(
    admin: AdminClient, factory: ReportFactory, manager: Browser
) -> None:
    generation.generate(
        admin.tenant_id, factory.winter, user_ids=["anna", "ben"], now=utc_now()
    )
    now = get_quarter(utc_now())
    factory.raise_counts(ReportCounts(factory.winter, now, counts=Counts(generated=3)))
    database.release_connection()
    links = {
        f"{DEFINITIONS}/{factory.winter}": "Count the codes by state",
        f"{CAMPAIGNS}/c/winter": "Count players and redemptions in all",
    }
    counted = "redemptions in all</span>"
    for path, link in links.items():
        page = manager.open(path).text
        assert link not in page
        assert counted in page
        with pytest.MonkeyPatch.context() as patch:
            for module in pages.definitions, pages.campaigns, use_columns:
                patch.setattr(module, "MAX_COUNTED", 1)
            page = manager.open(path).text
            assert link in page
            assert counted not in page
            assert "<strong>3</strong><span>codes</span>" in page
            assert counted in manager.open(f"{path}?count=1").text
            assert "This affects 3 codes." in manager.open(f"{path}/suspend").text
