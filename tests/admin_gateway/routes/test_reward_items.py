"""Tests of reward items over HTTP and of their three paths."""

from __future__ import annotations

import pytest

from tests.support.admin_client import AdminClient, expect_created, expect_refusal

POINTS = {
    "name": "100 Bonus Points",
    "description": "Grants 100 bonus points to the user",
    "reward_type": "points",
    "payload": {"amount": 100},
}
UNKNOWN_ID = "01890000-0000-7000-8000-000000000000"
SPELLINGS = [
    "/v1/tenants/acme/rewards",
    "/v1/tenants/acme/reward-items",
    "/v1/reward-items",
]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_every_spelling_reaches_the_same_items(
    admin: AdminClient, spelling: str
) -> None:
    answer = admin.post(spelling, POINTS)
    item = expect_created(answer)
    assert {name: item[name] for name in POINTS} == POINTS
    assert item["tenant_id"] == "acme"
    assert item["created_at"] == item["updated_at"]
    assert admin.get(answer.headers["Location"]).json == item
    for other in SPELLINGS:
        assert admin.get(f"{other}/{item['item_id']}").json == item
        assert admin.get(other).json == {"reward_items": [item], "total": 1}


def test_the_newest_spelling_names_the_tenant_in_the_query(admin: AdminClient) -> None:
    item = expect_created(admin.post("/v1/reward-items?tenant_id=acme", POINTS))
    assert admin.get("/v1/reward-items?tenant_id=acme").json["reward_items"] == [item]
    answer = admin.get("/v1/reward-items?tenant_id=globex")
    expect_refusal(answer, 403, "ACCESS_DENIED")


def test_description_and_payload_have_defaults(admin: AdminClient) -> None:
    item = expect_created(
        admin.post("rewards", {"name": "Badge", "reward_type": "badge"})
    )
    assert (item["description"], item["payload"]) == ("", {})


def test_list_is_filtered_and_cut(admin: AdminClient) -> None:
    kinds = ["points", "badge", "points"]
    ids = [admin.create_reward_item(reward_type=kind)["item_id"] for kind in kinds]
    page = admin.get("rewards?reward_type=points&limit=1&offset=1").json
    assert [item["item_id"] for item in page["reward_items"]] == [ids[0]]
    assert page["total"] == 2


def test_put_replaces_all_and_patch_only_what_is_given(admin: AdminClient) -> None:
    path = f"rewards/{expect_created(admin.post('rewards', POINTS))['item_id']}"
    changed = admin.patch(path, {"payload": {"amount": 5}}).json
    assert (changed["name"], changed["payload"]) == (POINTS["name"], {"amount": 5})
    replaced = admin.put(path, {"name": "Badge", "reward_type": "badge"}).json
    assert (replaced["description"], replaced["payload"]) == ("", {})
    assert admin.get(path).json == replaced


def test_deleted_item_is_gone(admin: AdminClient) -> None:
    path = f"rewards/{admin.create_reward_item()['item_id']}"
    assert admin.delete(path).status_code == 204
    expect_refusal(admin.delete(path), 404, "REWARD_ITEM_NOT_FOUND")
    expect_refusal(admin.get(path), 404, "REWARD_ITEM_NOT_FOUND")


def test_item_is_kept_while_a_definition_names_it(admin: AdminClient) -> None:
    item_id = admin.create_definition()["config"]["reward_item_id"]
    expect_refusal(admin.delete(f"rewards/{item_id}"), 409, "REWARD_ITEM_IN_USE")
    assert admin.get(f"rewards/{item_id}").status_code == 200


@pytest.mark.parametrize("item_id", [UNKNOWN_ID, UNKNOWN_ID.upper(), "nonsense", "1"])
def test_missing_item_is_not_found(admin: AdminClient, item_id: str) -> None:
    path = f"rewards/{item_id}"
    expect_refusal(admin.get(path), 404, "REWARD_ITEM_NOT_FOUND")
    expect_refusal(admin.patch(path, {"name": "x"}), 404, "REWARD_ITEM_NOT_FOUND")


def test_ids_may_be_written_in_upper_case(admin: AdminClient) -> None:
    item = admin.create_reward_item()
    assert admin.get(f"rewards/{item['item_id'].upper()}").json == item


def test_items_of_another_tenant_answer_like_missing_ones(
    admin: AdminClient, other_admin: AdminClient
) -> None:
    foreign = other_admin.create_reward_item()["item_id"]
    expect_refusal(admin.get(f"rewards/{foreign}"), 404, "REWARD_ITEM_NOT_FOUND")
    expect_refusal(admin.delete(f"rewards/{foreign}"), 404, "REWARD_ITEM_NOT_FOUND")
    assert other_admin.get(f"rewards/{foreign}").status_code == 200
