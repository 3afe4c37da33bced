"""The home page and the page of the installation."""

from __future__ import annotations

import csv
import os
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from admin_gateway.console.installation import SETTINGS_EXTENSION
from coupon_core.domain.models import utc_now
from coupon_core.domain.models.operators import Role
from coupon_core.domain.report_counts import Counts, ReportCounts
from coupon_core.observability.heartbeats import MAX_AGE_SECONDS
from coupon_core.persistence import database
from coupon_core.persistence.tables import OutboxTable
from coupon_core.services import outbox
from tests.factories.reports import ReportFactory
from tests.factories.tenant import TenantFactory
from tests.support.admin_client import AdminClient
from tests.support.console_client import sign_in_as
from tests.support.settings import MASTER_KEY

HOME = "/console/t/acme"
SYSTEM = f"{HOME}/system"


@pytest.fixture
def workers(
    admin: AdminClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """Return the directory of the heartbeats that the console reads."""
    extensions = admin.app.extensions
    settings = replace(extensions[SETTINGS_EXTENSION], data_dir=tmp_path)
    monkeypatch.setitem(extensions, SETTINGS_EXTENSION, settings)
    directory = tmp_path / "workers"
    directory.mkdir()
    (directory / "not-a-heartbeat").touch()
    return directory


def create_factory(admin: AdminClient) -> ReportFactory:
    item_id = admin.create_reward_item()["item_id"]
    return ReportFactory(TenantFactory(admin.tenant_id, "", reward_item_id=item_id))


def test_a_tenant_without_definitions_is_shown_the_first_step(
    admin: AdminClient,
) -> None:
    page = sign_in_as(admin, Role.VIEWER).open(HOME).text
    assert "First create a definition" in page
    assert "redeemed today" not in page


def test_home_shows_the_uses_of_30_days_and_why_codes_were_refused(
    admin: AdminClient,
) -> None:
    factory, now = create_factory(admin), utc_now()
    quarter = now.replace(minute=0, second=0, microsecond=0)
    browser = sign_in_as(admin, Role.VIEWER)
    assert "No code was used in the last 30 days" in browser.open(HOME).text
    factory.raise_counts(
        ReportCounts(
            factory.shared, quarter, "", "phoenix", Counts(redeemed=5, refused=2)
        ),
        ReportCounts(
            factory.winter, quarter - timedelta(days=9), counts=Counts(redeemed=1_234)
        ),
        ReportCounts(
            factory.winter, quarter - timedelta(days=40), counts=Counts(redeemed=100)
        ),
    )
    factory.count_refusals(quarter, "redeem", refused=2)
    page = browser.open(HOME).text
    for number, label in (
        ("5", "redeemed today"),
        ("1\u202f239", "redeemed in 30 days"),
        ("2", "refused in 30 days"),
        ("3", "active definitions"),
    ):
        assert f"<strong>{number}</strong><span>{label}</span>" in page
    assert f"<title>{now:%Y-%m-%d} · redeemed 5 · refused 2</title>" in page
    assert page.index("Snow") < page.index("Ten percent")
    assert "SAVE10" in page
    assert "The coupon has expired" in page
    assert len(page) < 60_000


def test_running_jobs_are_polled_until_they_end(admin: AdminClient) -> None:
    factory = create_factory(admin)
    browser = sign_in_as(admin, Role.VIEWER)
    refresh = '<noscript><meta http-equiv="refresh"'
    assert refresh not in browser.open(HOME).text
    path = f"coupons/{factory.winter}/generate"
    created = admin.post(path, {"count": 1_500})
    assert created.status_code == 202, created.text
    page, fragment = browser.open(HOME).text, browser.open(f"{HOME}/running-jobs").text
    assert refresh in page
    assert "<html" not in fragment
    for text in page, fragment:
        assert 'max="1500" aria-label="Generate codes"' in text
        assert f'hx-get="{HOME}/running-jobs" hx-trigger="every 2s"' in text
    batch_id = created.json["batch_id"]
    assert admin.post(f"batches/{batch_id}/cancel").status_code == 200
    page, fragment = browser.open(HOME).text, browser.open(f"{HOME}/running-jobs").text
    assert refresh not in page
    for text in page, fragment:
        assert "Running jobs" not in text
        assert "hx-" not in text


def test_home_says_that_events_or_workers_are_late(
    admin: AdminClient, workers: Path
) -> None:
    browser = sign_in_as(admin, Role.VIEWER)
    page = browser.open(HOME).text
    assert 'Events <span class="badge good">up to date' in page
    assert "None runs on this machine" in page
    (workers / "relay-1").touch()
    assert 'Workers <span class="badge good">working' in browser.open(HOME).text
    late = time.time() - MAX_AGE_SECONDS - 1
    os.utime(workers / "relay-1", (late, late))
    assert "relay 1" in browser.open(HOME).text
    long_ago = utc_now() - timedelta(minutes=5)
    event = outbox.build_event(
        admin.tenant_id, "coupon.redeemed", subject="x", data={}, now=long_ago
    )
    with database.transaction():
        outbox.add([replace(event, event_id=_build_id(long_ago))])
    database.release_connection()
    assert "waiting for 5 minutes" in browser.open(HOME).text
    OutboxTable.delete().execute()
    database.release_connection()


def _build_id(moment: object) -> str:
    milliseconds = int(moment.timestamp() * 1_000)  # type: ignore[attr-defined]
    digits = f"{milliseconds:012x}"
    return f"{digits[:8]}-{digits[8:]}-7000-8000-000000000000"


def test_system_shows_the_installation_without_secrets(
    admin: AdminClient, workers: Path
) -> None:
    (workers / "relay-1").touch()
    browser = sign_in_as(admin, Role.OWNER)
    page = browser.open(SYSTEM).text
    assert "not reachable" in page  # the bus of these tests
    assert "Worker relay 1" in page
    response = browser.open(f"{SYSTEM}?format=csv")
    rows = {row[0]: row for row in csv.reader(response.text.splitlines())}
    assert rows["Database"][1] == "up to date"
    assert "0029_operators" in browser.open(f"{SYSTEM}/migrations").text
    settings = browser.open(f"{SYSTEM}/settings").text
    settings += browser.open(f"{SYSTEM}/settings?after=50").text
    assert "COUPON_MASTER_KEYS" in settings
    assert MASTER_KEY not in settings
