"""Tests of the lists of failed attempts and of signals: filters and pages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest

from coupon_core.domain.models.attempts import SignalThresholds
from coupon_core.observability import attempt_buffer
from coupon_core.persistence import database
from coupon_core.services.insight import attempt_flush, signals
from tests.support.admin_client import AdminClient, expect_refusal
from tests.support.attempts import collect_failure
from tests.support.databases import on_sqlite

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
UNKNOWN_ID = "01936f2e-6d3e-7e50-9c77-4a7c8c3fbd32"
FILTERS = (
    {"code": " welcome-2026 "},
    {"user_id": "bob"},
    {"reason": "COUPON_EXPIRED"},
    {"action": "validate"},
    {"from": "2026-05-05"},
    {"from": "2026-05-04T12:00:01Z", "to": "2026-05-06"},
)


@pytest.fixture
def failures(admin: AdminClient) -> AdminClient:
    """Return a client of a tenant with a failure of each of two days."""
    attempt_buffer.take()
    collect_failure(admin.tenant_id, NOON)
    collect_failure(
        admin.tenant_id,
        NOON + timedelta(days=1),
        code="WELCOME-2026",
        user_id="bob",
        definition_id=admin.create_definition()["id"],
        reason="COUPON_EXPIRED",
        action="validate",
    )
    attempt_flush.flush()
    database.release_connection()
    return admin


def test_attempts_are_listed_newest_first_with_masked_codes(
    failures: AdminClient,
) -> None:
    document = failures.get("attempts").json
    assert (document["next"], document["has_more"]) == (None, False)
    newest, oldest = document["attempts"]
    del newest["attempt_id"]
    definition_id = newest.pop("definition_id")
    found = failures.get(f"attempts?definition_id={definition_id}").json["attempts"]
    assert [attempt["user_id"] for attempt in found] == ["bob"]
    assert newest == {
        "attempted_at": "2026-05-05T12:00:00Z",
        "user_id": "bob",
        "masked_code": "WEL********6",
        "action": "validate",
        "reason": "COUPON_EXPIRED",
        "dialect": "phoenix",
    }
    assert (oldest["user_id"], oldest["definition_id"]) == ("ann", None)


@pytest.mark.parametrize("filters", FILTERS, ids="-".join)
def test_attempts_are_filtered(failures: AdminClient, filters: dict[str, str]) -> None:
    (found,) = failures.get(f"attempts?{urlencode(filters)}").json["attempts"]
    assert found["user_id"] == "bob"


def test_attempts_of_an_unknown_definition_are_not_found(
    failures: AdminClient, other_admin: AdminClient
) -> None:
    foreign_id = other_admin.create_definition()["id"]
    for definition_id in UNKNOWN_ID, foreign_id:
        answer = failures.get(f"attempts?definition_id={definition_id}")
        expect_refusal(answer, 404, "DEFINITION_NOT_FOUND")


def test_pages_of_attempts_follow_each_other(failures: AdminClient) -> None:
    first = failures.get("attempts?limit=1").json
    assert first["has_more"]
    second = failures.get(f"attempts?limit=1&cursor={first['next']}").json
    assert (second["next"], second["has_more"]) == (None, False)
    users = [page["attempts"][0]["user_id"] for page in (first, second)]
    assert users == ["bob", "ann"]


def test_another_tenants_attempts_are_not_listed(
    failures: AdminClient, other_admin: AdminClient
) -> None:
    assert other_admin.get("attempts").json["attempts"] == []
    assert other_admin.get("attempts?code=NOSUCHCODE").json["attempts"] == []


def test_signals_are_listed_by_kind_and_hour_in_pages(admin: AdminClient) -> None:
    attempt_buffer.take()
    signals.configure(SignalThresholds(user_failures=1))
    for hour in range(3):
        collect_failure(admin.tenant_id, NOON + timedelta(hours=hour))
    attempt_flush.flush()
    signals.configure(SignalThresholds())
    database.release_connection()
    page = admin.get("reports/signals?limit=2&kind=user_failures").json
    assert [one["hour"] for one in page["signals"]] == [
        "2026-05-04T14:00:00Z",
        "2026-05-04T13:00:00Z",
    ]
    rest = admin.get(f"reports/signals?limit=2&cursor={page['next']}").json
    assert (rest["next"], rest["has_more"]) == (None, False)
    assert rest["signals"] == [
        {
            "hour": "2026-05-04T12:00:00Z",
            "kind": "user_failures",
            "subject": "ann",
            "count": 1,
            "first": "2026-05-04T12:00:00Z",
            "last": "2026-05-04T12:00:00Z",
        }
    ]
    until_one = admin.get("reports/signals?to=2026-05-04T13:00:00Z").json
    assert until_one["signals"] == rest["signals"]
    assert admin.get("reports/signals?kind=code_shared").json["signals"] == []


@on_sqlite
@pytest.mark.parametrize(
    "path",
    [
        "attempts?cursor=1",
        "attempts?action=steal",
        "attempts?reason=%20",
        "attempts?reason=coupon_expired",
        "attempts?reason=RATE_LIMITED_BY_NOBODY",
        "attempts?limit=501",
        "attempts?offset=1",
        "reports/signals?kind=other",
        "reports/signals?cursor=%00",
        "reports/signals?cursor=bm9uZQ",
        "reports/signals?cursor=WyIyMDI2LTA1LTA0IiwgImEiLCAiYiJd",
        pytest.param(f"reports/signals?cursor={'W1tb' * 450}", id="deep cursor"),
    ],
)
def test_other_parameters_are_refused(admin: AdminClient, path: str) -> None:
    expect_refusal(admin.get(path), 400, "VALIDATION_ERROR")
