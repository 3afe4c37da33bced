"""Pages of definitions and campaigns: lists, forms, try, tabs, questions."""

from __future__ import annotations

import re

import pytest

from admin_gateway.console import build
from coupon_core.domain.models import utc_now
from coupon_core.domain.models.operators import Role
from coupon_core.services.catalog import definitions
from coupon_core.services.coupons import generation
from tests.support.admin_client import AdminClient, expect_created
from tests.support.console_client import Browser, sign_in_as

HOME = "/console/t/acme"
SCRIPT = "<script>alert(1)</script>"
NEW = {
    "name": "Black Friday",
    "reward.name": "100 points",
    "reward.reward_type": "points",
    "config.code_format": "random",
    "config.code_alphabet": "unambiguous",
    "config.code_prefix": "BF30-",
    "config.limits.per_code": "1",
    "config.limits.total": "50000",
    "config.starts_at": "2030-11-29",
    "config.expires_at": "2030-11-30",
    "config.time_zone": "Europe/Berlin",
}


def create_in_browser(browser: Browser, **values: str) -> str:
    """Create a definition with the form; return the path of its page."""
    browser.open(f"{HOME}/definitions/new")
    response = browser.submit("/new", **{**NEW, **values})
    assert response.status_code == 200, response.text
    return browser.path


def try_out(browser: Browser, status: int = 200, **values: str) -> str:
    """Press the button "Try" of the form for a new definition; return the page."""
    browser.open(f"{HOME}/definitions/new")
    path = f"{HOME}/definitions/new/try"
    assert f'formaction="{path}#try-out"' in browser.page
    fields = {**browser.find_form("/new")["fields"], **NEW, **values}
    response = browser.client.post(path, data=fields)
    assert response.status_code == status, response.text
    return response.text


def find_definition(admin: AdminClient) -> dict[str, object]:
    (definition,) = admin.get("coupons").json["definitions"]
    return definition


def test_a_definition_is_tried_and_created_with_its_reward(admin: AdminClient) -> None:
    browser = sign_in_as(admin, Role.MANAGER)
    assert "Create the first one" in browser.open(f"{HOME}/definitions").text
    browser.open(f"{HOME}/definitions/new")
    page = try_out(browser)
    assert page.count("<code>BF30-") == 5
    assert '<span class="badge bad">refused</span>' in page
    assert "Europe/Berlin" in page
    values = {"try_user_id": "anna", "try_at": "2030-11-29 00:00"}
    limits = {"config.limits.per_user": "3"}
    page = try_out(browser, **values, **limits)
    assert "<p>anna, who has used no code yet" in page
    assert "may use it" in page
    assert "The same code: 1 use. All codes together: 3 uses." in page
    assert "any number of uses" in try_out(
        browser, **values, **{"config.limits.total": ""}
    )
    page = try_out(browser, try_user_id="a/b", status=400)
    assert 'id="try_user_id-error"' in page
    assert 'value="a/b"' in page
    assert admin.get("coupons").json["total"] == 0
    assert admin.get("rewards").json["total"] == 0

    browser.open(f"{HOME}/definitions/new")
    create_in_browser(browser)
    assert "is created. Next, generate codes." in browser.page
    assert "</span>, 50\u202f000 uses are left" in browser.page
    assert "Each code: 1 use by a player" in browser.page
    config = find_definition(admin)["config"]
    assert config["starts_at"] == "2030-11-28T23:00:00Z"
    assert config["expires_at"] == "2030-11-30T22:59:59Z"
    assert config["limits"]["total"] == 50_000
    assert admin.get("rewards").json["total"] == 1


def test_errors_stay_beside_their_fields_and_nothing_is_stored(
    admin: AdminClient,
) -> None:
    browser = sign_in_as(admin, Role.MANAGER)
    browser.open(f"{HOME}/definitions/new")
    wrong = {"name": SCRIPT, "reward.name": "", "reward.reward_type": ""}
    assert browser.submit("/new", **{**NEW, **wrong}).status_code == 400
    assert 'id="config.reward_item_id-error"' in browser.page
    assert SCRIPT not in browser.page
    wrong = {"config.limits.total": "many", "config.starts_at": "29/11/2030"}
    assert browser.submit("/new", **{**NEW, **wrong}).status_code == 400
    for name, text in wrong.items():
        assert f'id="{name}-error"' in browser.page
        assert f'value="{text}"' in browser.page
    assert admin.get("rewards").json["total"] == 0


def test_settings_change_what_they_show_and_no_more(admin: AdminClient) -> None:
    browser = sign_in_as(admin, Role.MANAGER)
    path = create_in_browser(browser)
    before = find_definition(admin)
    browser.open(f"{path}/settings")
    assert 'value="2030-11-29 00:00:00"' in browser.page
    same = {
        name: text
        for name, text in NEW.items()
        if name.startswith("config.") or name == "name"
    }
    reward = {"config.reward_item_id": before["config"]["reward_item_id"]}
    browser.submit("/settings", **{**same, **reward})
    assert "is changed." in browser.page
    assert find_definition(admin)["config"] == before["config"]
    generation.generate(
        "acme", path.rpartition("/")[2], user_ids=["anna"], now=utc_now()
    )
    page = browser.open(f"{path}/settings").text
    assert "these can no longer change:" in page
    assert "Kind: Each code is different" in page
    assert 'name="config.code_format"' not in page
    assert 'name="config.code_prefix"' in page
    changes = {"config.expires_at": "", "config.limits.total": "0"}
    assert browser.submit("/settings", **{**same, **reward, **changes}).status_code
    assert 'id="config.limits.total-error"' in browser.page
    changes["config.limits.total"] = ""
    browser.submit("/settings", **{**same, **reward, **changes})
    config = find_definition(admin)["config"]
    assert "expires_at" not in config
    assert config["limits"].get("total") is None


def test_one_code_for_all_and_a_copy(admin: AdminClient) -> None:
    browser = sign_in_as(admin, Role.MANAGER)
    custom = {
        "config.code_format": "custom",
        "config.custom_code": "SUMMER30",
        "config.claimable": "True",
    }
    path = create_in_browser(browser, **custom)
    assert "Its code can be used from its start." in browser.page
    assert find_definition(admin)["config"]["claimable"] is True
    definition_id = path.rpartition("/")[2]
    copied = browser.open(f"{HOME}/definitions/new?copy={definition_id}")
    assert 'value="Copy of Black Friday"' in copied.text
    assert browser.open(f"{HOME}/definitions/new?copy=x").status_code == 200


def test_whether_any_player_may_use_a_code_changes_later_too(
    admin: AdminClient,
) -> None:
    browser = sign_in_as(admin, Role.MANAGER)
    custom = {"config.code_format": "custom", "config.custom_code": "SUMMER30"}
    path = create_in_browser(browser, **custom)
    assert find_definition(admin)["config"]["claimable"] is False
    generation.generate(
        "acme", path.rpartition("/")[2], user_ids=["anna"], now=utc_now()
    )
    browser.open(f"{path}/settings")
    assert 'name="config.custom_code"' not in browser.page
    reward = {
        "config.reward_item_id": find_definition(admin)["config"]["reward_item_id"]
    }
    for claimable in (True, False):
        boxes = {"config.claimable": "True"} if claimable else {}
        browser.open(f"{path}/settings")
        browser.submit("/settings", **reward, **boxes)
        config = find_definition(admin)["config"]
        assert config["claimable"] is claimable
        assert config["custom_code"] == "SUMMER30"


def test_no_button_of_a_form_has_a_name() -> None:
    """Scripts disable buttons of submitted forms, so that names would not be sent."""
    templates = sorted((build.DIRECTORY / "templates").rglob("*.html"))
    assert templates
    named = [
        path.name
        for path in templates
        if re.search(r"<button[^>]*\bname=", path.read_text())
    ]
    assert named == []


def test_a_viewer_reads_and_is_not_offered_changes(admin: AdminClient) -> None:
    path = create_in_browser(sign_in_as(admin, Role.MANAGER))
    browser = sign_in_as(admin, Role.VIEWER)
    page = browser.open(path).text
    assert "Black Friday" in page
    assert "/suspend" not in page
    assert "/settings" not in page
    assert "New definition" not in browser.open(f"{HOME}/definitions").text


@pytest.mark.parametrize(
    ("action", "state"),
    [("suspend", "suspended"), ("pause", "paused"), ("archive", "archived")],
)
def test_a_definition_is_stopped_after_a_question_and_started_again(
    admin: AdminClient, action: str, state: str
) -> None:
    browser = sign_in_as(admin, Role.MANAGER)
    path = create_in_browser(browser)
    assert "This affects 0 codes." in browser.open(f"{path}/{action}").text
    browser.submit(f"/{action}")
    assert browser.path == path
    assert f">{state}</span>" in browser.page
    undo = "resume" if action == "suspend" else "activate"
    assert 'class="danger"' not in browser.open(f"{path}/{undo}").text
    browser.submit(f"/{undo}")
    assert ">planned</span>" in browser.page


def test_the_tabs_show_what_belongs_to_the_definition(admin: AdminClient) -> None:
    browser = sign_in_as(admin, Role.MANAGER)
    path = create_in_browser(browser)
    definition_id = path.rpartition("/")[2]
    generation.generate("acme", definition_id, user_ids=["anna"], now=utc_now())
    codes = browser.open(f"{path}/codes").text
    assert "anna" in codes
    assert '<span class="badge good">active</span>' in codes
    history = browser.open(f"{path}/history").text
    assert "manager@acme.example</span>" in history
    assert "<td>created\n" in history
    assert "<div>uses in all: 50000</div>" in history
    definitions.update(
        "acme", definition_id, {"total_limit": 60_000, "starts_at": None}, utc_now()
    )
    history = browser.open(f"{path}/history").text
    assert "<div>uses in all: 50000 → 60000</div>" in history
    assert re.search(r"<div>start: 2030-11-28T23:00:00Z? → –</div>", history)
    for tab in ("redemptions", "attempts", "jobs"):
        assert 'class="empty"' in browser.open(f"{path}/{tab}").text
        header = browser.open(f"{path}/{tab}?format=csv").text.splitlines()
        assert len(header) == 1
    assert browser.open(f"{path}/codes?format=csv").text.count("BF30-") == 1
    assert "Black Friday" in browser.open(f"{HOME}/definitions?name=black").text
    assert "No definition matches" in browser.open(f"{HOME}/definitions?name=x").text


def test_a_campaign_is_created_changed_cancelled_and_reopened(
    admin: AdminClient,
) -> None:
    browser = sign_in_as(admin, Role.MANAGER)
    assert "There are no campaigns yet" in browser.open(f"{HOME}/campaigns").text
    browser.open(f"{HOME}/campaigns/new")
    values = {"name": SCRIPT, "starts_at": "2030-01-01", "time_zone": "Asia/Seoul"}
    browser.submit("/new", **values, campaign_id="winter")
    assert browser.path == f"{HOME}/campaigns/c/winter"
    assert SCRIPT not in browser.page
    assert "2030-01-01 00:00 Asia/Seoul" in browser.page
    assert ">planned</span>" in browser.page
    assert re.search(r"[0-9]{2}:[0-9]{2} UTC<", browser.open(f"{HOME}/audit").text)
    browser.open(f"{HOME}/campaigns/c/winter")
    browser.open(f"{browser.path}/settings")
    browser.submit("/settings", name="Winter", starts_at="")
    assert admin.get("campaigns/winter").json["starts_at"] is None
    assert admin.get("campaigns/winter").json["time_zone"] == "Asia/Seoul"
    body = {"reward_item_id": admin.create_reward_item()["item_id"]}
    expect_created(
        admin.post("coupons", {"name": "Sale", "campaign_id": "winter", "config": body})
    )
    page = f"{HOME}/campaigns/c/winter"
    assert "Sale" in browser.open(page).text
    for action, state in (
        ("suspend", "suspended"),
        ("resume", "not announced"),
        ("cancel", "cancelled"),
        ("reopen", "in progress"),
        ("complete", "completed"),
    ):
        browser.open(f"{page}/{action}")
        browser.submit(f"/{action}")
        assert f">{state}</span>" in browser.page, action
    assert ">completed</span>" in browser.open(f"{HOME}/campaigns").text


def test_one_form_creates_a_campaign_a_definition_and_its_first_codes(
    admin: AdminClient,
) -> None:
    browser = sign_in_as(admin, Role.MANAGER)
    wanted = {"campaign.name": "Black Week", "codes.count": "30"}
    for wrong, field in (
        ({"codes.count": "0"}, "codes.count"),
        ({"config.expires_at": "2030-11-01"}, "config.expires_at"),
        ({"campaign.name": "x" * 256}, "campaign.name"),
    ):
        browser.open(f"{HOME}/definitions/new")
        response = browser.submit("/new", **{**NEW, **wanted, **wrong})
        assert response.status_code == 400
        assert f'id="{field}-error"' in browser.page
    for kind in ("campaigns", "coupons", "rewards"):
        assert admin.get(kind).json["total"] == 0
    path = create_in_browser(browser, **wanted)
    assert "/batches/" in path
    assert "completed" in browser.page
    assert "Download the codes" in browser.page
    (campaign,) = admin.get("campaigns").json["campaigns"]
    assert campaign["time_zone"] == "Europe/Berlin"
    assert campaign["starts_at"] == find_definition(admin)["config"]["starts_at"]
    assert find_definition(admin)["campaign_id"] == campaign["campaign_id"]
    assert admin.get("codes?limit=500").json["coupons"][29]
    browser.open(f"{HOME}/campaigns/c/{campaign['campaign_id']}")
    assert f"/definitions/new?campaign_id={campaign['campaign_id']}" in browser.page


def test_a_definition_cannot_be_in_two_campaigns(admin: AdminClient) -> None:
    admin.post("campaigns", {"name": "Launch", "campaign_id": "launch"})
    browser = sign_in_as(admin, Role.MANAGER)
    page = browser.open(f"{HOME}/definitions/new?campaign_id=launch").text
    assert '<option value="launch" selected>' in page
    both = {"campaign_id": "launch", "campaign.name": "Another"}
    assert browser.submit("/new", **{**NEW, **both}).status_code == 400
    assert 'id="campaign.name-error"' in browser.page
