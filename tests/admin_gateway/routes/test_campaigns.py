"""Tests of campaigns, creators and packages over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from coupon_core.domain.models import Dialect, utc_now
from coupon_core.services.coupons import redemption
from coupon_core.services.coupons.redemption import RedeemRequest
from tests.support.admin_client import AdminClient, expect_created, expect_refusal
from tests.support.databases import on_sqlite
from tests.support.invariants import assert_invariants

CAMPAIGN = {"campaign_id": "campaign_001", "names": {"en": "Launch", "ko": "런칭"}}
CREATOR = {"creator_key": "ABC12", "name": "Jun"}
GEMS = {"itemId": "gem", "itemQuantity": 100}
PACKAGE = {"item_name": {"en": "Welcome Package"}, "rewards": [GEMS]}


@pytest.fixture
def campaign_factory(admin: AdminClient) -> AdminClient:
    """Return an admin client with a campaign and a creator."""
    expect_created(admin.post("campaigns", CAMPAIGN))
    expect_created(admin.post("creators", CREATOR))
    return admin


def create_package(admin: AdminClient, **members: Any) -> dict[str, Any]:
    return expect_created(
        admin.post("campaigns/campaign_001/packages", {**PACKAGE, **members})
    )


def assign_codes(
    admin: AdminClient, package: dict[str, Any], **members: Any
) -> list[str]:
    body = {"package_id": package["package_id"], **members}
    return expect_created(admin.post("creators/ABC12/codes", body))["codes"]


def redeem(admin: AdminClient, code: str, user_id: str = "ann") -> None:
    redeem_request = RedeemRequest(
        admin.tenant_id, code, user_id=user_id, dialect=Dialect.PLAYCAMP
    )
    redemption.redeem(redeem_request, utc_now())


# ------------------------------------------------------------------------- campaigns


def test_a_campaign_is_made_shown_and_listed(admin: AdminClient) -> None:
    answer = admin.post("campaigns", CAMPAIGN)
    campaign = expect_created(answer)
    assert campaign | CAMPAIGN == campaign
    assert campaign["status"] == "PENDING_EXPOSURE"
    assert admin.get(answer.headers["Location"]).json == campaign
    assert admin.get("campaigns").json == {"campaigns": [campaign], "total": 1}
    assert admin.get("campaigns?status=CANCELLED").json["total"] == 0


def test_packages_follow_their_campaign_in_dates_and_status(
    campaign_factory: AdminClient,
) -> None:
    package = create_package(campaign_factory)
    own = create_package(campaign_factory, ends_at="2030-01-01T00:00:00Z")
    dates = {"starts_at": "2025-01-01T00:00:00Z", "ends_at": "2029-01-01T00:00:00Z"}
    changed = campaign_factory.patch(
        "campaigns/campaign_001", dates | {"status": "CANCELLED"}
    )
    assert changed.json | dates == changed.json
    shown = campaign_factory.get(f"coupons/{package['definition_id']}").json
    assert shown["status"] == "archived"
    assert shown["config"] | {**dates, "expires_at": dates["ends_at"]}
    assert shown["config"]["expires_at"] == dates["ends_at"]
    shown = campaign_factory.get(f"coupons/{own['definition_id']}").json
    assert shown["config"]["expires_at"] == "2030-01-01T00:00:00Z"
    campaign_factory.patch("campaigns/campaign_001", {"status": "EXPOSED"})
    assert (
        campaign_factory.get(f"packages/{package['package_id']}").json["status"]
        == "active"
    )


def test_a_campaigns_dates_must_fit_its_packages(campaign_factory: AdminClient) -> None:
    create_package(campaign_factory, starts_at="2028-01-01T00:00:00Z")
    before = campaign_factory.get("campaigns/campaign_001").json
    body = {"names": {"en": "Other"}, "ends_at": "2027-01-01T00:00:00Z"}
    answer = campaign_factory.patch("campaigns/campaign_001", body)
    assert "ends_at" in expect_refusal(answer, 400, "DATES_REVERSED")
    assert campaign_factory.get("campaigns/campaign_001").json == before


def test_creators_take_part_and_leave(campaign_factory: AdminClient) -> None:
    path = "campaigns/campaign_001/creators"
    for _ in range(2):
        assert (
            campaign_factory.call("PUT", f"{path}/abc12").json["creator_key"] == "ABC12"
        )
    assert campaign_factory.get(path).json["total"] == 1
    assert campaign_factory.delete(f"{path}/ABC12").status_code == 204
    expect_refusal(campaign_factory.delete(f"{path}/ABC12"), 404, "CREATOR_NOT_FOUND")
    assert campaign_factory.get(path).json["total"] == 0


# -------------------------------------------------------------------------- creators


def test_a_creator_is_made_changed_and_found(campaign_factory: AdminClient) -> None:
    shown = campaign_factory.get("creators/abc12").json
    assert shown | CREATOR == shown
    assert (shown["genre"], shown["status"]) == (None, "ACTIVE")
    changed = campaign_factory.patch(
        "creators/ABC12", {"genre": "rpg", "name": "Jun Park"}
    ).json
    assert (changed["genre"], changed["name"]) == ("rpg", "Jun Park")
    assert campaign_factory.get("creators?keyword=PARK").json["creators"] == [changed]
    assert campaign_factory.get("creators?keyword=mia").json["total"] == 0


def test_codes_are_given_by_name_and_by_pattern(campaign_factory: AdminClient) -> None:
    package = create_package(campaign_factory)
    assert assign_codes(campaign_factory, package, codes=["go-1", "GO-1", "go-2"]) == [
        "GO-1",
        "GO-2",
    ]
    assert assign_codes(campaign_factory, package, count=2) == [
        "CREATOR-ABC12-003",
        "CREATOR-ABC12-004",
    ]
    random = assign_codes(
        campaign_factory, package, count=50, pattern="X-{creator}-{random}"
    )
    assert len(set(random)) == 50
    assert all(code.startswith("X-ABC12-") for code in random)
    listed = campaign_factory.get("creators/ABC12/codes?limit=3&offset=1").json
    assert listed["total"] == 54
    assert [code["code"] for code in listed["codes"]] == [
        "CREATOR-ABC12-004",
        "GO-1",
        "GO-2",
    ]
    assert campaign_factory.get("campaigns/campaign_001/creators").json["total"] == 1
    assert_invariants()


def test_a_pattern_goes_around_codes_that_are_taken(
    campaign_factory: AdminClient,
) -> None:
    package = create_package(campaign_factory)
    assign_codes(
        campaign_factory, package, codes=["CREATOR-ABC12-002", "CREATOR-ABC12-003"]
    )
    made_codes = assign_codes(campaign_factory, package, count=3)
    assert made_codes == [f"CREATOR-ABC12-00{n}" for n in (4, 5, 6)]


def test_of_codes_all_or_none_are_given(campaign_factory: AdminClient) -> None:
    package = create_package(campaign_factory)
    assign_codes(campaign_factory, package, codes=["GO-1"])
    body = {"package_id": package["package_id"], "codes": ["GO-2", "go-1"]}
    text = expect_refusal(
        campaign_factory.post("creators/ABC12/codes", body), 409, "CODE_TAKEN"
    )
    assert "GO-1" in text
    assert campaign_factory.get("creators/ABC12/codes").json["total"] == 1


def test_codes_are_revoked_by_name_or_all_of_them(
    campaign_factory: AdminClient,
) -> None:
    assign_codes(
        campaign_factory,
        create_package(campaign_factory),
        codes=["GO-1", "GO-2", "GO-3"],
    )
    path = "creators/ABC12/codes/revoke"
    for _ in range(2):  # The second call changes nothing.
        assert campaign_factory.post(path, {"codes": ["go-1"]}).json == {"revoked": 1}
    expect_refusal(
        campaign_factory.post(path, {"codes": ["GO-2", "X"]}),
        404,
        "CREATOR_CODE_NOT_FOUND",
    )
    statuses = [code["status"] for code in list_codes(campaign_factory)]
    assert statuses == ["INACTIVE", "ACTIVE", "ACTIVE"]
    assert campaign_factory.post(path, {}).json == {"revoked": 3}
    assert {code["status"] for code in list_codes(campaign_factory)} == {"INACTIVE"}


def list_codes(admin: AdminClient) -> list[dict[str, Any]]:
    return admin.get("creators/ABC12/codes").json["codes"]


def test_uses_are_counted_by_creator_and_campaign(
    campaign_factory: AdminClient,
) -> None:
    limited = create_package(campaign_factory)
    unlimited = create_package(campaign_factory, per_code_usage_limit=0)
    assign_codes(campaign_factory, limited, codes=["GO-1", "GO-2"])
    assign_codes(campaign_factory, unlimited, codes=["GO-3"])
    for code, user in (("GO-1", "ann"), ("GO-1", "bob"), ("GO-2", "ann")):
        redeem(campaign_factory, code, user)
    for _ in range(2):
        redeem(campaign_factory, "GO-3", "ann")
    stats = campaign_factory.get("creators/ABC12/stats").json
    assert (stats["codes"], stats["redemptions"], stats["users"]) == (3, 5, 2)
    counted = [
        (row["package_no"], row["codes"], row["redemptions"], row["users"])
        for row in stats["rows"]
    ]
    assert counted == [(1, 2, 3, 2), (2, 1, 2, 1)]
    assert campaign_factory.get("campaigns/campaign_001/stats").json == stats


# -------------------------------------------------------------------------- packages


def test_a_package_is_a_definition_with_a_reward(campaign_factory: AdminClient) -> None:
    limits = {"per_code_usage_limit": 3, "cross_creator_limit": 2, "max_total_usage": 9}
    package = create_package(
        campaign_factory, **limits, item_description={"en": "Gems"}
    )
    assert package | PACKAGE | limits == package
    assert (package["package_no"], package["status"]) == (1, "active")
    assert campaign_factory.get(f"packages/{package['package_id']}").json == package
    assert campaign_factory.get("packages?campaign_id=campaign_001").json[
        "packages"
    ] == [package]
    item = campaign_factory.get(f"rewards/{package['reward_item_id']}").json
    assert item["payload"] == {"item_id": "gem", "quantity": 100}
    shown = campaign_factory.get(f"coupons/{package['definition_id']}").json
    assert shown["config"]["code_format"] == "shared"
    assert shown["name"] == "campaign_001 1 Welcome Package"


def test_a_name_that_a_definition_has_is_refused(campaign_factory: AdminClient) -> None:
    campaign_factory.create_definition("campaign_001 1 Welcome Package")
    answer = campaign_factory.post("campaigns/campaign_001/packages", PACKAGE)
    assert "item_name" in expect_refusal(answer, 409, "NAME_TAKEN")
    assert campaign_factory.get("packages").json["total"] == 0


def test_a_package_is_changed(campaign_factory: AdminClient) -> None:
    package = create_package(campaign_factory)
    sword = {"itemId": "sword", "itemQuantity": 1, "itemName": {"en": "Sword"}}
    changes = {
        "item_name": {"en": "Bigger"},
        "rewards": [GEMS, sword],
        "max_total_usage": 7,
        "per_code_usage_limit": None,
    }
    changed = campaign_factory.patch(f"packages/{package['package_id']}", changes).json
    assert changed["rewards"] == [GEMS, sword]
    assert (changed["max_total_usage"], changed["per_code_usage_limit"]) == (7, 0)
    assert campaign_factory.get(f"packages/{package['package_id']}").json == changed
    item = campaign_factory.get(f"rewards/{package['reward_item_id']}").json
    assert item["name"] == "Bigger"
    assert len(item["payload"]["items"]) == 2


def test_a_limit_below_its_uses_changes_nothing(campaign_factory: AdminClient) -> None:
    package = create_package(campaign_factory)
    assign_codes(campaign_factory, package, codes=["GO-1"])
    redeem(campaign_factory, "GO-1", "ann")
    redeem(campaign_factory, "GO-1", "bob")
    path = f"packages/{package['package_id']}"
    body = {"max_total_usage": 1, "item_name": {"en": "Other"}}
    before = campaign_factory.get(path).json
    expect_refusal(campaign_factory.patch(path, body), 409, "LIMIT_BELOW_USES")
    assert campaign_factory.get(path).json == before


def test_a_package_is_changed_as_a_whole_or_not_at_all(
    campaign_factory: AdminClient,
) -> None:
    package = create_package(campaign_factory)
    campaign_factory.create_definition("campaign_001 1 Other")
    path = f"packages/{package['package_id']}"
    body = {"max_total_usage": 7, "item_name": {"en": "Other"}}
    expect_refusal(campaign_factory.patch(path, body), 409, "NAME_TAKEN")
    assert campaign_factory.get(path).json == package


OUT_OF_USE: list[dict[str, Any]] = [
    {"campaigns/campaign_001": {"status": "COMPLETED"}},
    {"campaigns/campaign_001": {"status": "CANCELLED"}},
    {"packages/{package_id}": {"is_active": False}},
]


@pytest.mark.parametrize("over", OUT_OF_USE)
def test_a_definition_comes_back_only_with_its_package(
    campaign_factory: AdminClient, over: dict[str, Any]
) -> None:
    package = create_package(campaign_factory)
    ((path, change),) = over.items()
    path = path.format(**package)
    campaign_factory.patch(path, change)
    definition = f"coupons/{package['definition_id']}"
    archived = campaign_factory.get(definition).json
    for ask in (
        campaign_factory.patch(definition, {"status": "active"}),
        campaign_factory.patch(
            definition, {"status": "paused", "config": {"claimable": True}}
        ),
        campaign_factory.post(f"{definition}/activate"),
        campaign_factory.post(f"{definition}/pause"),
    ):
        assert "campaign" in expect_refusal(ask, 409, "PACKAGE_OUT_OF_USE")
    assert campaign_factory.get(definition).json == archived
    campaign_factory.patch(path, {"is_active": True} if "packages" in path else BACK)
    assert campaign_factory.get(definition).json["status"] == "active"
    for status in ("archived", "active"):  # Allowed while the package is in use.
        changed = campaign_factory.patch(definition, {"status": status}).json
        assert changed["status"] == status


BACK = {"status": "IN_PROGRESS"}
BAD: dict[str, tuple[str, dict[str, Any]]] = {
    "campaign_id": ("campaigns", {**CAMPAIGN, "campaign_id": "a b"}),
    "names": ("campaigns", {"campaign_id": "x", "names": {}}),
    "names.e!": ("campaigns", {"campaign_id": "x", "names": {"e!": "Launch"}}),
    "status": ("campaigns", {**CAMPAIGN, "status": "OVER"}),
    "creator_key": ("creators", {**CREATOR, "creator_key": "abc12"}),
    "genre": ("creators", {**CREATOR, "genre": 7}),
    "rewards": ("campaigns/campaign_001/packages", {**PACKAGE, "rewards": []}),
    "rewards.0.itemQuantity": (
        "campaigns/campaign_001/packages",
        {**PACKAGE, "rewards": [{"itemId": "gem", "itemQuantity": 0}]},
    ),
    "max_total_usage": (
        "campaigns/campaign_001/packages",
        {**PACKAGE, "max_total_usage": -1},
    ),
    "codes": ("creators/ABC12/codes", {"package_id": 1}),
    "pattern": (
        "creators/ABC12/codes",
        {"package_id": 1, "count": 2, "pattern": "ALWAYS-THE-SAME"},
    ),
    "count": ("creators/ABC12/codes", {"package_id": 1, "count": 1_001}),
}


@on_sqlite
@pytest.mark.parametrize("member", BAD)
def test_a_bad_member_is_named(campaign_factory: AdminClient, member: str) -> None:
    path, body = BAD[member]
    details = campaign_factory.post(path, body)
    expect_refusal(details, 400, "VALIDATION_ERROR")
    assert any(detail["path"].startswith(member) for detail in details.json["details"])
    assert campaign_factory.get("packages").json["total"] == 0


def test_another_tenants_things_are_not_found(
    campaign_factory: AdminClient, other_admin: AdminClient
) -> None:
    package = create_package(campaign_factory)
    paths = ("campaigns/campaign_001", "creators/ABC12")
    for path in (*paths, f"packages/{package['package_id']}"):
        assert other_admin.get(path).status_code == 404
    body = {"package_id": package["package_id"], "codes": ["GO-1"]}
    expect_created(other_admin.post("creators", CREATOR))
    expect_refusal(
        other_admin.post("creators/ABC12/codes", body), 404, "PACKAGE_NOT_FOUND"
    )
