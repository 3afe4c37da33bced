"""Find a code, see why it is refused, and correct it: by clicking only."""

from __future__ import annotations

import csv
from typing import Any

import pytest

from admin_gateway.console import code_words
from coupon_core.domain.models import utc_now
from coupon_core.domain.models.explanations import MatchKind, Rule
from coupon_core.domain.models.operators import Role
from coupon_core.domain.models.reservations import ReservationState
from coupon_core.services.coupons import redemption
from coupon_core.services.coupons.redemption import RedeemRequest
from tests.support.admin_client import AdminClient
from tests.support.console_client import Browser, sign_in_as

HOME = "/console/t/acme"
SCRIPT = "<script>alert(1)</script>"


def create_coupon(admin: AdminClient, user_id: str = "anna", **config: Any) -> Any:
    """Return the coupon of a player."""
    definition = admin.create_definition(f"Autumn {user_id}", **config)["id"]
    (coupon,) = admin.generate_coupons(definition, user_id)
    return coupon


def redeem(code: str, user_id: str) -> None:
    """Use a code."""
    redemption.redeem(RedeemRequest("acme", code, user_id), utc_now())


def get_coupon(admin: AdminClient, coupon: Any) -> Any:
    """Return a coupon as the API shows it now."""
    return admin.get(f"codes/{coupon['id']}").json


def open_action(browser: Browser, coupon: Any, action: str) -> str:
    """Open the page of a code, then the question of one of its buttons."""
    page = browser.open(f"{HOME}/codes/{coupon['id']}").text
    path = f"{HOME}/codes/{coupon['id']}/{action}"
    assert f'href="{path}"' in page
    return browser.open(path).text


def test_every_state_rule_and_match_has_a_word() -> None:
    assert code_words.RULES.keys() == set(Rule)
    assert code_words.MATCHES.keys() == set(MatchKind)
    assert code_words.RESERVATION_STATES.keys() == set(ReservationState)


def test_a_pasted_code_leads_from_the_search_box_to_its_page(
    admin: AdminClient,
) -> None:
    coupon = create_coupon(admin)
    browser = sign_in_as(admin, Role.SUPPORT)
    assert 'id="search" name="q"' in browser.open(HOME).text
    browser.open(f"{HOME}/codes", query_string={"q": f" {coupon['code'].lower()} "})
    assert browser.path == f"{HOME}/codes/{coupon['id']}"
    assert "Generated" in browser.page
    assert f'href="{HOME}/players/anna"' in browser.page


def test_a_search_forgives_and_says_how_a_code_matches(admin: AdminClient) -> None:
    coupon = create_coupon(admin)
    browser = sign_in_as(admin, Role.MANAGER)
    for entered, match in (
        (coupon["code"][:-1], "one character differs"),
        (coupon["code"][:5], "begins like this"),
    ):
        page = browser.open(f"{HOME}/codes", query_string={"q": entered}).text
        assert coupon["code"] in page
        assert match in page
    found = browser.open(f"{HOME}/codes?q=anna&format=csv").text
    rows = list(csv.DictReader(found.splitlines()))
    assert [(row["code"], row["match"]) for row in rows] == [
        (coupon["code"], "user_id")
    ]
    masked = sign_in_as(admin, Role.SUPPORT).open(f"{HOME}/codes?q=anna").text
    assert coupon["code"] not in masked


def test_what_nothing_is_like_says_what_to_try_next(sqlite_admin: AdminClient) -> None:
    browser = sign_in_as(sqlite_admin, Role.VIEWER)
    page = browser.open(f"{HOME}/codes", query_string={"q": SCRIPT}).text
    assert "Nothing is like this." in page
    assert SCRIPT not in page
    assert browser.open(f"{HOME}/codes?q=").status_code == 400
    assert browser.open(f"{HOME}/codes").status_code == 200


def test_why_not_names_the_rule_and_the_remedy(admin: AdminClient) -> None:
    coupon = create_coupon(admin, expires_at="2999-01-01")
    browser = sign_in_as(admin, Role.VIEWER)
    path = f"{HOME}/codes/{coupon['id']}"
    assert (
        f'/definitions/{coupon["definition_id"]}">Autumn anna</a>'
        in browser.open(path).text
    )
    assert "This code can be used." in browser.open(path).text
    page = browser.open(f"{path}?user_id=ben&at=").text
    assert "The code belongs to another user." in page
    assert "Check which account the user is signed in with" in page
    late = browser.open(f"{path}?at=9999-01-01").text
    assert "Change the expiry of the code, or the end of its definition." in late
    assert "expires_" not in late.partition("<main")[2]
    browser.headers = {"Accept-Language": "de"}
    german = browser.open(f"{path}?user_id=ben").text
    assert "Der Code gehört einem anderen Spieler." in german
    wrong = browser.open(f"{path}?at=tomorrow")
    assert wrong.status_code == 400
    assert 'id="at-error"' in wrong.text
    assert 'value="tomorrow"' in wrong.text


def test_why_not_includes_points_if_the_player_is_registered(
    admin: AdminClient,
) -> None:
    coupon = create_coupon(admin)
    admin.post("users", {"user_id": "anna", "is_member": False})
    browser = sign_in_as(admin, Role.VIEWER)
    page = browser.open(f"{HOME}/codes/{coupon['id']}").text
    assert "With points, the player can:" in page
    assert "buy: The user is not a member. Make the user a member." in page


def test_why_not_works_for_a_code_that_does_not_exist(admin: AdminClient) -> None:
    browser = sign_in_as(admin, Role.VIEWER)
    page = browser.open(f"{HOME}/codes/why?code=NOSUCHCODE&user_id=ben").text
    assert "No such code." in page
    assert browser.open(f"{HOME}/codes/why?code=").status_code == 400


def test_a_code_is_extended_revoked_restored_and_reissued(admin: AdminClient) -> None:
    coupon = create_coupon(admin)
    browser = sign_in_as(admin, Role.SUPPORT)
    open_action(browser, coupon, "extend")
    refused = browser.submit("/extend", expires_at="31/12/2030")
    assert refused.status_code == 400
    assert 'value="31/12/2030"' in browser.page
    assert 'id="expires_at-error"' in browser.page
    browser.submit("/extend", expires_at="31.12.2030")
    assert "The expiry is changed." in browser.page
    assert get_coupon(admin, coupon)["expires_at"] == "2030-12-31T23:59:59Z"
    assert "refused immediately" in open_action(browser, coupon, "revoke")
    browser.submit("/revoke")
    assert "The code is revoked." in browser.page
    assert get_coupon(admin, coupon)["status"] == "revoked"
    open_action(browser, coupon, "restore")
    browser.submit("/restore")
    assert get_coupon(admin, coupon)["status"] == "active"
    open_action(browser, coupon, "reissue")
    browser.submit("/reissue")
    assert "This is the new code." in browser.page
    assert coupon["id"] not in browser.path
    assert get_coupon(admin, coupon)["status"] == "revoked"
    replaced = browser.open(f"{HOME}/codes/{coupon['id']}").text
    assert "support@acme.example" in replaced
    assert "/restore" not in replaced


def test_a_free_code_is_assigned_once(admin: AdminClient) -> None:
    definition = admin.create_definition("Free")["id"]
    (coupon,) = admin.post(f"coupons/{definition}/generate", {"count": 1}).json[
        "coupons"
    ]
    browser = sign_in_as(admin, Role.SUPPORT)
    open_action(browser, coupon, "assign")
    assert browser.submit("/assign", user_id="a/b").status_code == 400
    assert 'value="a/b"' in browser.page
    browser.submit("/assign", user_id="ben")
    assert "The code is assigned." in browser.page
    assert get_coupon(admin, coupon)["user_id"] == "ben"
    assert "/assign" not in browser.page


def test_a_use_is_given_back_from_the_timeline(admin: AdminClient) -> None:
    coupon = create_coupon(admin)
    redeem(coupon["code"], "anna")
    browser = sign_in_as(admin, Role.SUPPORT)
    page = browser.open(f"{HOME}/codes/{coupon['id']}").text
    path = next(part for part in page.split('"') if part.endswith("/reverse"))
    browser.open(path)
    browser.submit("/reverse", reason="order cancelled")
    assert "The use is given back." in browser.page
    assert "order cancelled" in browser.page
    assert "/reverse" not in browser.page
    assert get_coupon(admin, coupon)["status"] == "active"


def test_a_use_of_another_code_is_not_given_back(admin: AdminClient) -> None:
    coupon, other = create_coupon(admin), create_coupon(admin, "ben")
    redeem(other["code"], "ben")
    browser = sign_in_as(admin, Role.SUPPORT)
    (use,) = admin.get("redemptions").json["redemptions"]
    browser.open(f"{HOME}/codes/{coupon['id']}/uses/{use['redemption_id']}/reverse")
    assert browser.submit("/reverse").status_code == 400
    assert "Redemption not found" in browser.page
    assert get_coupon(admin, other)["status"] == "redeemed"


def test_a_form_that_is_submitted_twice_reissues_once(admin: AdminClient) -> None:
    coupon = create_coupon(admin)
    browser = sign_in_as(admin, Role.SUPPORT)
    open_action(browser, coupon, "reissue")
    form = browser.find_form("/reissue")
    first, second = (
        browser.client.post(form["action"], data=form["fields"]) for _ in range(2)
    )
    assert first.headers["Location"] == second.headers["Location"]
    assert len(admin.get("codes").json["coupons"]) == 2


def test_a_definition_is_suspended_only_after_its_name_is_typed(
    admin: AdminClient,
) -> None:
    coupon = create_coupon(admin)
    browser = sign_in_as(admin, Role.MANAGER)
    open_action(browser, coupon, "suspend-definition")
    assert browser.submit("/suspend-definition").status_code == 400
    assert "typed_name-error" in browser.page
    browser.submit("/suspend-definition", typed_name="Autumn anna")
    assert "The definition is suspended." in browser.page
    assert "suspended</span>" in browser.page
    open_action(browser, coupon, "resume-definition")
    browser.submit("/resume-definition")
    assert "The definition is resumed." in browser.page


def test_a_large_batch_is_suspended_only_after_a_name_is_typed(
    admin: AdminClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("admin_gateway.console.pages.code.MAX_WITHOUT_TYPING", 1)
    definition = admin.create_definition("Autumn")["id"]
    admin.upload_csv(f"coupons/{definition}/import", "code\nAUTUMN001\nAUTUMN002\n")
    coupon = admin.get("codes?code=AUTUMN001").json["coupons"][0]
    browser = sign_in_as(admin, Role.MANAGER)
    page = open_action(browser, coupon, "suspend-batch")
    assert "The batch has 2 codes." in page
    assert browser.submit("/suspend-batch", typed_name="autumn").status_code == 400
    browser.submit("/suspend-batch", typed_name="Autumn")
    assert "The batch is suspended." in browser.page
    assert "Resume what is suspended." in browser.page
    open_action(browser, coupon, "resume-batch")
    browser.submit("/resume-batch")
    assert "This code can be used." in browser.page


def test_a_shared_code_leads_to_its_coupons(admin: AdminClient) -> None:
    definition = admin.create_definition(
        "Shared", code_format="custom", custom_code="WELCOME", claimable=True
    )["id"]
    admin.generate_coupons(definition, "anna", "ben")
    browser = sign_in_as(admin, Role.SUPPORT)
    page = browser.open(f"{HOME}/codes?q=welcome").text
    assert "shared by many players" in page
    listed = browser.open(f"{HOME}/codes/list?code=WELCOME").text
    assert f'href="{HOME}/players/anna"' in listed
    assert f'href="{HOME}/players/ben"' in listed
    assert (
        "This code can be used." in browser.open(f"{HOME}/codes/why?code=WELCOME").text
    )


@pytest.mark.parametrize("role", [Role.VIEWER, Role.SUPPORT])
def test_buttons_that_a_role_may_not_use_are_hidden(
    admin: AdminClient, role: Role
) -> None:
    coupon = create_coupon(admin)
    page = sign_in_as(admin, role).open(f"{HOME}/codes/{coupon['id']}").text
    assert ("/revoke" in page) == (role == Role.SUPPORT)
    assert "/suspend-definition" not in page


def test_lists_and_timelines_have_pages_and_csv(admin: AdminClient) -> None:
    definition = admin.create_definition("Many")["id"]
    admin.post(f"coupons/{definition}/generate", {"count": 60})
    browser = sign_in_as(admin, Role.MANAGER)
    first = browser.open(f"{HOME}/codes/list?definition_id={definition}").text
    (path,) = [part for part in first.split('"') if "after=" in part]
    second = browser.open(path.replace("&amp;", "&")).text
    assert first.count("<code>") == 50
    assert second.count("<code>") == 10
    table = f"{HOME}/codes/list?definition_id={definition}&format=csv"
    assert len(browser.open(table).text.splitlines()) == 61
    coupon_id = admin.get("codes").json["coupons"][0]["id"]
    timeline = browser.open(f"{HOME}/codes/{coupon_id}?format=csv").text
    assert timeline.splitlines()[0] == "at,event,by,details"
    assert ",generated," in timeline


def test_stored_scripts_are_shown_as_text(admin: AdminClient) -> None:
    coupon = create_coupon(admin, user_id="<script>alert(1)<script>")
    admin.patch(
        f"coupons/{coupon['definition_id']}/coupons/{coupon['id']}",
        {"metadata": {"note": SCRIPT}},
    )
    page = sign_in_as(admin, Role.OWNER).open(f"{HOME}/codes/{coupon['id']}").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page
