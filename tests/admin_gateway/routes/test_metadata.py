"""Tests of metadata on every kind of object, and of the filters by it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.admin_client import AdminClient, expect_created, expect_refusal

METADATA = {"season": "winter", "wave": 2, "share": 0.5, "vip": True}
OBJECT_BODIES: dict[str, dict[str, Any]] = {
    "rewards": {"name": "Badge", "reward_type": "badge"},
    "campaigns": {"campaign_id": "launch", "names": {"en": "Launch"}},
    "coupons": {"name": "Welcome", "config": {}},
}
ID_MEMBERS = {"rewards": "item_id", "campaigns": "campaign_id", "coupons": "id"}
INVALID = [{"a b": 1}, {"a": None}, {"a": "v" * 501}, [], "text", None]


def create_object(admin: AdminClient, path: str, **members: Any) -> dict[str, Any]:
    body = {**OBJECT_BODIES[path], **members}
    if path == "coupons":
        reward_id = admin.create_reward_item()["item_id"]
        body["config"] = {"reward_item_id": reward_id}
    return expect_created(admin.post(path, body))


@pytest.mark.parametrize("path", OBJECT_BODIES)
def test_an_object_keeps_its_metadata_until_it_is_replaced(
    admin: AdminClient, path: str
) -> None:
    created = create_object(admin, path, metadata=METADATA)
    own_path = f"{path}/{created[ID_MEMBERS[path]]}"
    assert admin.get(own_path).json["metadata"] == created["metadata"] == METADATA
    changed = admin.patch(own_path, {"metadata": {"wave": 3}}).json
    assert changed["metadata"] == {"wave": 3}
    (listed,) = next(
        rows for rows in admin.get(path).json.values() if isinstance(rows, list)
    )[:1]
    assert listed["metadata"] == {"wave": 3}


@pytest.mark.parametrize("path", OBJECT_BODIES)
def test_an_object_without_metadata_shows_an_empty_object(
    admin: AdminClient, path: str
) -> None:
    assert create_object(admin, path)["metadata"] == {}


@pytest.mark.parametrize("metadata", INVALID, ids=range(len(INVALID)))
@pytest.mark.parametrize("path", OBJECT_BODIES)
def test_invalid_metadata_is_refused(
    sqlite_admin: AdminClient, path: str, metadata: Any
) -> None:
    answer = sqlite_admin.post(path, {**OBJECT_BODIES[path], "metadata": metadata})
    expect_refusal(answer, 400, "VALIDATION_ERROR")
    assert "metadata" in {detail["path"] for detail in answer.json["details"]}


@pytest.mark.parametrize("path", ["campaigns", "coupons"])
@pytest.mark.parametrize(
    ("query", "is_found"),
    [
        ("metadata.season=winter", True),
        ("metadata.wave=2", True),
        ("metadata.wave=2.0", True),
        ("metadata.share=0.5", True),
        ("metadata.vip=true", True),
        ("metadata.season=winter&metadata.wave=2", True),
        ("metadata.season=winter&metadata.wave=3", False),
        ("metadata.season=Winter", False),
        ("metadata.vip=1", False),
        ("metadata.unknown=winter", False),
    ],
)
def test_lists_are_filtered_by_metadata(
    metadata_admin: AdminClient, path: str, query: str, is_found: bool
) -> None:
    assert metadata_admin.get(f"{path}?{query}").json["total"] == is_found


@pytest.fixture(scope="module")
def metadata_admin(sqlite_admin: AdminClient) -> AdminClient:
    """Return a client of a tenant with one object with metadata and one without."""
    for path in ("campaigns", "coupons"):
        create_object(sqlite_admin, path, metadata=METADATA)
    create_object(sqlite_admin, "coupons", name="Other")
    create_object(sqlite_admin, "campaigns", campaign_id="other")
    return sqlite_admin


def test_both_databases_filter_alike(admin: AdminClient) -> None:
    create_object(admin, "coupons", metadata={**METADATA, "text": 'a "b" \\ ü'})
    for query in (
        *("metadata.season=winter", "metadata.wave=2", "metadata.share=0.5"),
        *("metadata.vip=true", "metadata.text=a+%22b%22+%5C+%C3%BC"),
    ):
        assert admin.get(f"coupons?{query}").json["total"] == 1, query
    assert admin.get("coupons?metadata.wave=3").json["total"] == 0


@pytest.mark.parametrize(
    "query",
    [
        "metadata.a b=1",
        "metadata.=1",
        "metadata.%C3%A4=1",
        f"metadata.{'k' * 41}=1",
        f"metadata.a={'v' * 501}",
        "metadata.a=1&metadata.a=2",
        "&".join(f"metadata.k{number}=1" for number in range(11)),
        "metadata=1",
        "metadata",
    ],
    ids=range(9),
)
def test_an_invalid_filter_is_refused(sqlite_admin: AdminClient, query: str) -> None:
    answer = sqlite_admin.get(f"coupons?{query.replace(' ', '+')}")
    expect_refusal(answer, 400, "VALIDATION_ERROR")


def test_lists_without_the_filter_refuse_it(sqlite_admin: AdminClient) -> None:
    answer = sqlite_admin.get("rewards?metadata.season=winter")
    expect_refusal(answer, 400, "VALIDATION_ERROR")


def test_generated_coupons_carry_the_metadata_of_their_request(
    admin: AdminClient,
) -> None:
    definition_id = admin.create_definition()["id"]
    path = f"coupons/{definition_id}/generate"
    expect_created(admin.post(path, {"count": 2, "metadata": METADATA}))
    expect_created(admin.post(path, {"count": 1}))
    coupons = admin.get("codes").json["coupons"]
    assert [coupon["metadata"] for coupon in coupons] == [{}, METADATA, METADATA]


def test_a_batch_carries_the_metadata_of_its_request(admin: AdminClient) -> None:
    definition_id = admin.create_definition()["id"]
    body = {"count": 1_001, "metadata": METADATA}
    batch = admin.post(f"coupons/{definition_id}/generate", body).json
    assert batch["metadata"] == METADATA
    assert admin.get(f"batches/{batch['batch_id']}").json["metadata"] == METADATA


def test_the_metadata_of_a_coupon_is_replaced(admin: AdminClient) -> None:
    definition_id = admin.create_definition()["id"]
    (coupon,) = admin.generate_coupons(definition_id, "ann")
    path = f"coupons/{definition_id}/coupons/{coupon['id']}"
    assert admin.patch(path, {"metadata": METADATA}).json["metadata"] == METADATA
    assert admin.get(f"codes/{coupon['id']}").json["metadata"] == METADATA
    assert admin.patch(path, {"metadata": {}}).json["metadata"] == {}
    expect_refusal(admin.patch(path, {}), 400, "VALIDATION_ERROR")
