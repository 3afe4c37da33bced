"""Pages of creators, their codes, packages, and the leaderboard."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest

from admin_gateway.console import actions
from admin_gateway.console.pages import creators as creators_page
from coupon_core.domain.models import utc_now
from coupon_core.domain.models.operators import Role
from coupon_core.services.coupons import redemption
from coupon_core.services.coupons.redemption import RedeemRequest
from coupon_core.services.insight import counting
from tests.support.admin_client import AdminClient
from tests.support.console_client import Browser, sign_in_as

HOME = "/console/t/acme"
CAMPAIGN = {
    "campaign_id": "spring",
    "names": {"en": "Spring"},
    "time_zone": "Europe/Berlin",
}
PACKAGE = {
    "campaign_id": "spring",
    "item_name.en": "Starter box",
    "rewards.0.itemId": "box",
    "rewards.0.itemQuantity": "2",
    "rewards.0.itemName.en": "Box",
    "max_total_usage": "500",
    "starts_at": "2026-03-29 12:00:00",
    "is_active": "True",
}


def create_package(admin: AdminClient, browser: Browser) -> dict[str, Any]:
    """Create a campaign by the API and a package of it by the form."""
    created = admin.post("campaigns", CAMPAIGN)
    assert created.status_code == 201, created.text
    browser.open(f"{HOME}/packages/new")
    browser.submit("/new", **PACKAGE)
    assert browser.path == f"{HOME}/packages", browser.page
    (package,) = admin.get("packages").json["packages"]
    return dict(package)


def test_a_package_keeps_what_its_form_does_not_change(admin: AdminClient) -> None:
    browser = sign_in_as(admin, Role.MANAGER)
    assert "none yet" in browser.open(f"{HOME}/packages/new").text
    package = create_package(admin, browser)
    assert package["starts_at"] == "2026-03-29T10:00:00Z"
    assert package["rewards"] == [
        {"itemId": "box", "itemQuantity": 2, "itemName": {"en": "Box"}}
    ]
    names = {"en": "Starter box", "ko": "상자"}
    admin.patch(f"packages/{package['package_id']}", {"item_name": names})
    before = admin.get(f"packages/{package['package_id']}").json
    browser.open(f"{HOME}/packages/{package['package_id']}")
    assert 'value="2026-03-29 12:00:00"' in browser.page
    browser.submit(str(package["package_id"]), is_active="True")
    assert "is changed." in browser.page
    after = admin.get(f"packages/{package['package_id']}").json
    assert after | {"updated_at": ""} == before | {"updated_at": ""}


def test_errors_of_nested_fields_are_beside_them(admin: AdminClient) -> None:
    browser = sign_in_as(admin, Role.MANAGER)
    package = create_package(admin, browser)
    browser.open(f"{HOME}/packages/{package['package_id']}")
    lines = {"rewards.0.itemQuantity": "many", "rewards.2.itemId": "hat"}
    response = browser.submit(str(package["package_id"]), **lines)
    assert response.status_code == 400
    for name in ("rewards.0.itemQuantity", "rewards.1.itemId"):
        assert f'id="{name}-error"' in browser.page, name
    assert 'value="many"' in browser.page


def test_a_creator_receives_codes_and_loses_them(admin: AdminClient) -> None:
    browser = sign_in_as(admin, Role.MANAGER)
    package = create_package(admin, browser)
    browser.open(f"{HOME}/creators/new")
    wrong = browser.submit("/new", creator_key="anna", name="Anna", status="ACTIVE")
    assert wrong.status_code == 400
    browser.submit("/new", creator_key="ANNA1", name="Anna", status="ACTIVE")
    assert browser.path == f"{HOME}/creators/ANNA1"

    browser.open(f"{HOME}/creators/ANNA1/codes")
    both = {
        "package_id": str(package["package_id"]),
        "count": "2",
        "codes": "ANNA-X\nANNA-Y",
    }
    assert browser.submit("/codes", **both).status_code == 400
    assert "ANNA-X\nANNA-Y</textarea>" in browser.page
    browser.submit("/codes", **{**both, "count": ""})
    assert "2 codes are added." in browser.page
    assert "ANNA-Y" in browser.open(f"{HOME}/creators/ANNA1?format=csv").text

    browser.open(f"{HOME}/creators/ANNA1/codes/revoke?code=ANNA-X")
    browser.submit("/revoke?code=ANNA-X")
    listed = admin.get("creators/ANNA1/codes").json["codes"]
    assert {one["code"]: one["status"] for one in listed} == {
        "ANNA-X": "INACTIVE",
        "ANNA-Y": "ACTIVE",
    }
    browser.open(f"{HOME}/creators/ANNA1/edit")
    browser.submit("/edit", name="Ann", genre="", status="INACTIVE")
    assert "receives no more codes" in browser.page


def test_the_key_is_typed_before_many_codes_are_revoked(
    admin: AdminClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert actions.MAX_WITHOUT_TYPING == 1_000
    monkeypatch.setattr(creators_page, "MAX_WITHOUT_TYPING", 1)
    browser = sign_in_as(admin, Role.MANAGER)
    package = create_package(admin, browser)
    admin.post("creators", {"creator_key": "ANNA1", "name": "Anna"})
    order = {"package_id": package["package_id"], "count": 2}
    admin.post("creators/ANNA1/codes", order)
    browser.open(f"{HOME}/creators/ANNA1/codes/revoke")
    assert "Revoke all 2 codes of Anna?" in browser.page
    assert browser.submit("/revoke", typed_name="anna").status_code == 400
    assert 'id="typed_name-error"' in browser.page
    browser.submit("/revoke", typed_name="ANNA1")
    assert "The codes are revoked." in browser.page
    listed = admin.get("creators/ANNA1/codes").json["codes"]
    assert {one["status"] for one in listed} == {"INACTIVE"}


def test_many_creators_are_checked_and_created_from_a_file_or_lines(
    admin: AdminClient,
) -> None:
    browser = sign_in_as(admin, Role.MANAGER)
    create_package(admin, browser)
    browser.open(f"{HOME}/creator-import")
    lines = "creator_key,name,count\nANNA1,Anna,2\nbob,Bob,\n"
    wrong = browser.submit("/creator-import", campaign_id="spring", lines=lines)
    assert wrong.status_code == 400
    assert "line 3: creator_key" in browser.page
    assert "ANNA1,Anna,2" in browser.page

    admin.post("campaigns", {"campaign_id": "empty", "name": "Empty"})
    browser.open(f"{HOME}/creator-import")
    for_codes = "creator_key,name,count\nANNA1,Anna,2\n"
    browser.submit("/creator-import", campaign_id="empty", lines=for_codes)
    assert "the campaign has no package: create one first" in browser.page

    lines = lines.replace("bob,", "BOB01,")
    fields = {**browser.find_form("/creator-import")["fields"], "lines": lines}
    fields["campaign_id"] = "spring"
    checked = browser.client.post(f"{HOME}/creator-import/check", data=fields)
    assert "2 creators can be created" in checked.text
    assert admin.get("creators").json["total"] == 0

    browser.open(f"{HOME}/creator-import")
    larger_than_other_forms = lines + "\n" * 70_000
    file = (BytesIO(larger_than_other_forms.encode()), "creators.csv")
    browser.submit("/creator-import", campaign_id="spring", lines="", file=file)
    assert "2 creators are created." in browser.page
    assert admin.get("creators/ANNA1/codes").json["total"] == 2
    assert "No code of a creator" in browser.open(f"{HOME}/leaderboard").text
    assert browser.open(f"{HOME}/leaderboard?from=x").status_code == 400


def test_redeemed_codes_rank_their_creators(admin: AdminClient) -> None:
    browser = sign_in_as(admin, Role.VIEWER)
    package = create_package(admin, sign_in_as(admin, Role.MANAGER))
    admin.patch(f"packages/{package['package_id']}", {"starts_at": None})
    for key, count in (("ANNA1", 1), ("BOB01", 2)):
        admin.post("creators", {"creator_key": key, "name": f"<i>{key}"})
        order = {"package_id": package["package_id"], "count": 1}
        codes = admin.post(f"creators/{key}/codes", order).json["codes"]
        for number in range(count):
            request = RedeemRequest("acme", codes[0], user_id=f"user-{number}")
            redemption.redeem(request, utc_now())
    counting.count_events("acme", 100)
    ranked = browser.open(f"{HOME}/leaderboard?format=csv&campaign_id=spring").text
    assert ranked.splitlines()[1:] == ["1,BOB01,<i>BOB01,2,0", "2,ANNA1,<i>ANNA1,1,0"]
    assert "<i>" not in browser.open(f"{HOME}/leaderboard").text
