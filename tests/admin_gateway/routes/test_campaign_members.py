"""Tests of definitions in a campaign: they end and reopen with it, and are counted."""

from __future__ import annotations

from typing import Any

import pytest

from coupon_core.domain.models import Dialect, Reason, Refused, utc_now
from coupon_core.services.coupons import redemption, validation
from coupon_core.services.coupons.redemption import RedeemRequest
from tests.support.admin_client import AdminClient, expect_created, expect_refusal

DATES = {"starts_at": "2020-01-01T00:00:00Z", "ends_at": "2040-01-01T00:00:00Z"}


@pytest.fixture
def campaign(admin: AdminClient) -> str:
    """Create a campaign from a name, and return its ID."""
    made = expect_created(admin.post("campaigns", {"name": "Black Friday"}))
    assert made["names"] == {"en": "Black Friday"}
    campaign_id: str = made["campaign_id"]
    return campaign_id


def create_definition(admin: AdminClient, name: str, **members: Any) -> dict[str, Any]:
    reward = {"reward_item_id": admin.create_reward_item()["item_id"]}
    config = {**reward, **members.pop("config", {})}
    return expect_created(
        admin.post("coupons", {"name": name, **members, "config": config})
    )


def redeem(admin: AdminClient, code: str, user_id: str) -> Reason | None:
    """Redeem a code, and return why it was refused; validate agrees."""
    arguments = admin.tenant_id, code, user_id
    checked = validation.validate(*arguments, now=utc_now()).decision.reason
    request = RedeemRequest(*arguments, Dialect.PHOENIX)
    if checked:
        with pytest.raises(Refused) as refused:
            redemption.redeem(request, utc_now())
        assert refused.value.reason == checked
    else:
        redemption.redeem(request, utc_now())
    return checked


def test_an_id_is_made_from_the_name_and_is_never_taken(
    admin: AdminClient, campaign: str
) -> None:
    assert campaign == "black-friday"
    second = expect_created(admin.post("campaigns", {"name": "Black  Friday!"}))
    assert second["campaign_id"].startswith("black-friday-")
    korean = expect_created(admin.post("campaigns", {"name": "런칭"}))
    assert (korean["campaign_id"], korean["name"]) == ("campaign", "런칭")
    for body in ({}, {"name": "A", "names": {"en": "A"}}, {"name": None}):
        answer = admin.post("campaigns", body)
        assert "name" in expect_refusal(answer, 400, "VALIDATION_ERROR")


def test_a_campaign_ends_and_reopens_all_its_codes_by_one_row(
    admin: AdminClient, campaign: str
) -> None:
    member = {"campaign_id": campaign}
    shared = {"code_format": "custom", "custom_code": "FRIDAY", "claimable": True}
    random = create_definition(admin, "Random", **member)
    custom = create_definition(admin, "Custom", **member, config=shared)
    paused = create_definition(admin, "Paused", **member)
    admin.post(f"coupons/{paused['id']}/pause")
    generate_path = f"coupons/{random['id']}/generate"
    coupons = expect_created(admin.post(generate_path, {"count": 2}))["coupons"]
    before = {row["id"]: row for row in admin.get("coupons").json["definitions"]}
    for status in ("COMPLETED", "CANCELLED"):
        admin.patch(f"campaigns/{campaign}", {"status": status})
        assert redeem(admin, coupons[0]["code"], "ann") == Reason.ARCHIVED
        assert redeem(admin, "FRIDAY", "ann") == Reason.ARCHIVED
        answer = admin.post(generate_path, {"count": 1})
        expect_refusal(answer, 409, "DEFINITION_NOT_ACTIVE")
        answer = admin.post(f"coupons/{custom['id']}/activate")
        expect_refusal(answer, 409, "PACKAGE_OUT_OF_USE")
        assert admin.get("coupons?status=archived").json["total"] == len(before)
        assert admin.get("coupons?status=active").json["total"] == 0
    admin.patch(f"campaigns/{campaign}", {"status": "IN_PROGRESS"})
    after = {row["id"]: row for row in admin.get("coupons").json["definitions"]}
    assert after == before  # also when they were changed last
    assert redeem(admin, coupons[0]["code"], "ann") is None
    assert redeem(admin, "FRIDAY", "ann") is None
    assert admin.post(generate_path, {"count": 1}).status_code == 201


def test_a_definition_joins_and_leaves_a_campaign(
    admin: AdminClient, campaign: str
) -> None:
    path = f"coupons/{create_definition(admin, 'Joins')['id']}"
    assert admin.get(path).json["campaign_id"] is None
    admin.patch(f"campaigns/{campaign}", {"status": "COMPLETED"})
    joined = admin.patch(path, {"campaign_id": campaign}).json
    assert (joined["campaign_id"], joined["status"]) == (campaign, "archived")
    assert admin.get(f"coupons?campaign_id={campaign}").json["total"] == 1
    left = admin.patch(path, {"campaign_id": None}).json
    assert (left["campaign_id"], left["status"]) == (None, "active")
    assert admin.get(f"coupons?campaign_id={campaign}").json["total"] == 0
    answer = admin.patch(path, {"campaign_id": "elsewhere"})
    assert "campaign_id" in expect_refusal(answer, 400, "UNKNOWN_CAMPAIGN")


def test_a_new_definition_takes_over_the_campaigns_dates(
    admin: AdminClient, campaign: str
) -> None:
    admin.patch(f"campaigns/{campaign}", DATES)
    made = create_definition(admin, "Dated", campaign_id=campaign)
    config = made["config"]
    assert (config["starts_at"], config["expires_at"]) == tuple(DATES.values())
    none = {"expires_at": None, "starts_at": "2021-01-01"}
    made = create_definition(admin, "Own", campaign_id=campaign, config=none)
    assert made["config"]["starts_at"] == "2021-01-01T00:00:00Z"
    assert "expires_at" not in made["config"]


def test_the_definition_of_a_package_stays_in_its_campaign(
    admin: AdminClient, campaign: str
) -> None:
    package = create_package(admin, campaign)
    path = f"coupons/{package['definition_id']}"
    assert admin.get(path).json["campaign_id"] == campaign
    answer = admin.patch(path, {"campaign_id": None})
    expect_refusal(answer, 409, "CAMPAIGN_OF_PACKAGE")
    admin.post(f"{path}/pause")
    for status in ("CANCELLED", "EXPOSED"):
        admin.patch(f"campaigns/{campaign}", {"status": status})
    assert admin.get(path).json["status"] == "paused"


def create_package(admin: AdminClient, campaign_id: str) -> dict[str, Any]:
    body = {
        "item_name": {"en": "Gems"},
        "rewards": [{"itemId": "gem", "itemQuantity": 1}],
    }
    return expect_created(admin.post(f"campaigns/{campaign_id}/packages", body))


def test_stats_count_packages_and_definitions(
    admin: AdminClient, campaign: str
) -> None:
    package = create_package(admin, campaign)
    expect_created(admin.post("creators", {"creator_key": "ABC12", "name": "Jun"}))
    body = {"package_id": package["package_id"], "codes": ["GO-1", "GO-2"]}
    expect_created(admin.post("creators/ABC12/codes", body))
    definition = create_definition(admin, "Random", campaign_id=campaign)
    path = f"coupons/{definition['id']}/generate"
    coupons = expect_created(admin.post(path, {"count": 3}))["coupons"]
    for code, user_id in (("GO-1", "ann"), ("GO-1", "bob")):
        assert redeem(admin, code, user_id) is None
    assert redeem(admin, coupons[0]["code"], "ann") is None
    stats = admin.get(f"campaigns/{campaign}/stats").json
    totals = {"codes": 5, "redemptions": 3, "users": 2}
    assert stats | totals == stats
    of_package, of_definition = stats["rows"]
    assert of_package["creator_key"] == "ABC12"
    assert of_definition == {
        "definition_id": definition["id"],
        "campaign_id": campaign,
        "package_id": None,
        "package_no": None,
        "creator_key": None,
        "codes": 3,
        "redemptions": 1,
        "users": 1,
    }
