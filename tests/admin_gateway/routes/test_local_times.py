"""Tests that local times and dates are accepted wherever a time is entered."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.admin_client import AdminClient, expect_created, expect_refusal

BERLIN = {"time_zone": "Europe/Berlin"}
LAST_SECOND = "2030-11-30T22:59:59Z"  # of 30 November in Berlin


def create_definition(admin: AdminClient, name: str, **config: Any) -> dict[str, Any]:
    reward = {"reward_item_id": admin.create_reward_item()["item_id"]}
    body: dict[str, Any] = {"name": name, "config": {**reward, **config}}
    return expect_created(admin.post("coupons", body))


def test_dates_of_a_definition_are_days_of_its_time_zone(admin: AdminClient) -> None:
    dates = {"starts_at": "2030-11-27", "expires_at": "2030-11-30"}
    made = create_definition(admin, "Days", **dates, **BERLIN)
    path, instants = (
        f"coupons/{made['id']}",
        {
            "starts_at": "2030-11-26T23:00:00Z",
            "expires_at": LAST_SECOND,
        },
    )
    assert made["config"] | instants | BERLIN == made["config"]
    changed = admin.patch(path, {"config": {"time_zone": "Asia/Tokyo"}}).json
    assert changed["config"] | instants == changed["config"]  # moves no instant
    changed = admin.patch(path, {"config": {"expires_at": "2030-12-01T10:00"}}).json
    assert changed["config"]["expires_at"] == "2030-12-01T01:00:00Z"
    written_back = admin.call("PUT", path, {**PUT, "config": changed["config"]}).json
    assert written_back["config"] == changed["config"]
    cleared = admin.patch(path, {"config": {"time_zone": None}}).json
    assert "time_zone" not in cleared["config"]


PUT = {"name": "Days"}


def test_a_definition_has_the_time_zone_of_its_campaign(admin: AdminClient) -> None:
    campaign = expect_created(admin.post("campaigns", {"name": "Sale", **BERLIN}))
    member = {"campaign_id": campaign["campaign_id"]}
    reward = {"reward_item_id": admin.create_reward_item()["item_id"]}
    body = {"name": "In", **member, "config": {**reward, "expires_at": "2030-11-30"}}
    made = expect_created(admin.post("coupons", body))
    assert made["config"]["expires_at"] == LAST_SECOND
    path = f"coupons/{create_definition(admin, 'Joins')['id']}"
    joined = admin.patch(path, {**member, "config": {"expires_at": "2030-11-30"}}).json
    assert joined["config"]["expires_at"] == LAST_SECOND


def test_coupons_and_codes_expire_by_the_clock_of_the_definition(
    admin: AdminClient,
) -> None:
    path = f"coupons/{create_definition(admin, 'Coupons', **BERLIN)['id']}"
    body = {"count": 1, "expires_at": "2030-11-30"}
    (coupon,) = expect_created(admin.post(f"{path}/generate", body))["coupons"]
    assert coupon["expires_at"] == LAST_SECOND
    by_file = admin.upload_csv(
        f"{path}/generate?expires_at=2030-11-30T23:59:59", "user_id\nann\n"
    )
    assert by_file.json["coupons"][0]["expires_at"] == LAST_SECOND
    batch = admin.post(f"{path}/generate", {**body, "count": 2_000}).json
    assert batch["expires_at"] == LAST_SECOND
    imported = admin.upload_csv(
        f"{path}/import", "code;expires_at\nIMPORTED;2030-11-30\n"
    ).json
    (found,) = admin.get("codes?code=IMPORTED").json["coupons"]
    assert found["expires_at"] == LAST_SECOND
    extension = {"batch_id": imported["job_id"], "expires_at": "2030-12-24"}
    extended = admin.post("codes/extend", extension)
    assert extended.json["expires_at"] == "2030-12-24T22:59:59Z"


def test_local_times_in_the_past_are_refused(admin: AdminClient) -> None:
    path = f"coupons/{create_definition(admin, 'Past', **BERLIN)['id']}"
    body = {"count": 1, "expires_at": "2001-02-03"}
    message = expect_refusal(
        admin.post(f"{path}/generate", body), 400, "EXPIRY_IS_PAST"
    )
    assert "2001-02-03T22:59:59Z is in the past" in message
    answer = admin.upload_csv(f"{path}/import", "code,expires_at\nA,2001-02-03\n")
    expect_refusal(answer, 400, "BAD_LINES")
    assert "in the past" in answer.json["details"][0]["message"]


def test_campaigns_and_packages_have_dates_of_the_campaigns_time_zone(
    admin: AdminClient,
) -> None:
    body = {
        "name": "Sale",
        **BERLIN,
        "starts_at": "2030-11-27",
        "ends_at": "2030-11-30",
    }
    made = expect_created(admin.post("campaigns", body))
    assert (made["starts_at"], made["ends_at"]) == ("2030-11-26T23:00:00Z", LAST_SECOND)
    path = f"campaigns/{made['campaign_id']}"
    package = {
        "item_name": {"en": "Gems"},
        "rewards": [{"itemId": "gem", "itemQuantity": 1}],
        "ends_at": "2030-11-29",
    }
    created = expect_created(admin.post(f"{path}/packages", package))
    assert created["ends_at"] == "2030-11-29T22:59:59Z"
    changed = admin.patch(
        f"packages/{created['package_id']}", {"ends_at": "2030-11-28"}
    ).json
    assert changed["ends_at"] == "2030-11-28T22:59:59Z"
    changed = admin.patch(path, {"time_zone": None, "ends_at": "2030-12-01"}).json
    assert changed["time_zone"] == "UTC"
    assert changed["ends_at"] == "2030-12-01T23:59:59Z"


def test_keys_and_filters_have_dates_in_utc(sqlite_admin: AdminClient) -> None:
    body = {"name": "CI", "scopes": ["read"], "expires_at": "2030-11-30"}
    made = expect_created(sqlite_admin.post("api-keys", body))
    assert made["expires_at"] == "2030-11-30T23:59:59Z"
    for query in (
        "audit?from=2020-01-01&to=2040-01-01T10:00",
        "codes?generated_from=2020-01-01&generated_before=2040-01-01",
    ):
        assert sqlite_admin.get(query).status_code == 200


def test_an_unknown_time_zone_is_refused_by_name(sqlite_admin: AdminClient) -> None:
    reward = {"reward_item_id": sqlite_admin.create_reward_item()["item_id"]}
    zone = {"time_zone": "Europe/Berln"}
    for answer, path in (
        (sqlite_admin.post("campaigns", {"name": "Sale", **zone}), "time_zone"),
        (
            sqlite_admin.post("coupons", {"name": "A", "config": {**reward, **zone}}),
            "config.time_zone",
        ),
    ):
        message = expect_refusal(answer, 400, "VALIDATION_ERROR")
        assert f'{path}: "Europe/Berln" is not' in message
        assert "Europe/Berlin" in message


@pytest.mark.parametrize(
    ("config", "path"),
    [
        ({"starts_at": "1970-01-01"}, "config.starts_at"),
        (
            {"expires_at": "9999-12-31", "time_zone": "Pacific/Honolulu"},
            "config.expires_at",
        ),
    ],
)
def test_years_hold_after_conversion(
    sqlite_admin: AdminClient, config: dict[str, Any], path: str
) -> None:
    reward = {"reward_item_id": sqlite_admin.create_reward_item()["item_id"]}
    body = {"name": "Years", "config": {**reward, **BERLIN, **config}}
    answer = sqlite_admin.post("coupons", body)
    assert f"{path}: " in expect_refusal(answer, 400, "TIME_OUT_OF_RANGE")
