"""Pages of rewards and points: lists, forms, questions."""

from __future__ import annotations

from coupon_core.domain.models.operators import Role
from tests.support.admin_client import AdminClient, expect_created
from tests.support.console_client import sign_in_as

HOME = "/console/t/acme"
SCRIPT = "<script>alert(1)</script>"


def test_a_reward_is_created_changed_and_deleted(admin: AdminClient) -> None:
    browser = sign_in_as(admin, Role.MANAGER)
    assert "Create the first one" in browser.open(f"{HOME}/rewards").text
    browser.open(f"{HOME}/rewards/new")
    refused = browser.submit(
        "/new", name="Gold", reward_type="points", payload='{"points": 1'
    )
    assert refused.status_code == 400
    assert 'id="payload-error"' in browser.page
    assert "line 1, column" in browser.page.partition('id="payload-error"')[2]
    assert "{&#34;points&#34;: 1</textarea>" in browser.page
    browser.submit(
        "/new",
        name=SCRIPT,
        reward_type="points",
        description="for\r\nall",  # as browsers send it
        payload='{"points": 100}',
    )
    assert browser.path == f"{HOME}/rewards"
    assert "is created." in browser.page
    assert SCRIPT not in browser.page
    (item,) = admin.get("reward-items").json["reward_items"]
    assert item["payload"] == {"points": 100}
    assert item["description"] == "for\nall"

    browser.open(f"{HOME}/rewards/{item['item_id']}")
    assert "&#34;points&#34;: 100" in browser.page
    browser.submit(
        item["item_id"], name="Gold", description="", payload="", metadata=""
    )
    (changed,) = admin.get("reward-items").json["reward_items"]
    assert (changed["name"], changed["payload"]) == ("Gold", {})

    assert (
        "cannot be undone"
        in browser.open(f"{browser.path}/{item['item_id']}/delete").text
    )
    browser.submit("/delete")
    assert admin.get("reward-items").json["total"] == 0


def test_a_reward_in_use_is_not_deleted_and_the_question_says_why(
    admin: AdminClient,
) -> None:
    item = admin.post("reward-items", {"name": "Gold", "reward_type": "points"}).json
    body = {"name": "Sale", "config": {"reward_item_id": item["item_id"]}}
    expect_created(admin.post("coupons", body))
    browser = sign_in_as(admin, Role.MANAGER)
    browser.open(f"{HOME}/rewards/{item['item_id']}/delete")
    assert browser.submit("/delete").status_code == 409
    assert 'role="alert"' in browser.page
    assert admin.get("reward-items").json["total"] == 1


def test_points_are_credited_and_debited(admin: AdminClient) -> None:
    admin.post("users", {"user_id": "anna"})
    browser = sign_in_as(admin, Role.MANAGER)
    browser.open(f"{HOME}/points/change")
    missing = browser.submit("/credit", user_id="nobody", point_id="gold", amount="1")
    assert missing.status_code == 400
    assert 'value="nobody"' in browser.page
    browser.submit("/credit", user_id="anna", point_id="gold", amount="100")
    assert browser.path == f"{HOME}/points/changes?user_id=anna"
    assert "+100 gold: anna now has 100." in browser.page

    browser.open(f"{HOME}/points/change?user_id=anna&point_id=gold")
    form = browser.find_form("/credit")
    fields = {**form["fields"], "amount": "130"}
    refused = browser.client.post(f"{HOME}/points/debit", data=fields)
    assert refused.status_code == 400
    assert 'value="130"' in refused.text
    csv = browser.open(f"{HOME}/points?user_id=anna&format=csv").text
    assert csv.splitlines()[1].startswith("anna,gold,100,")
