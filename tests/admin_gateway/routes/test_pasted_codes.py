"""Tests that pasted codes are stored and found as their author wrote them."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

import pytest

from tests.admin_gateway.routes.test_campaigns import CAMPAIGN, CREATOR, PACKAGE
from tests.support.admin_client import AdminClient, expect_created, expect_refusal

CODE = "ALUM-15"
PASTED = [
    "ALUM-15\n",
    "\u00a0ALUM-15\u00a0",
    "AL\u200bUM\u201315",
    "\ufeffALUM-15\u2028",
]
INVALID = ["AL UM-15", "AL\nUM", "ＡＬＵＭ", "-ALUM", " \n", "A" * 65]


def create_custom_code(admin: AdminClient, text: str) -> str:
    config = {"code_format": "custom", "custom_code": text}
    return str(admin.create_definition(**config)["config"]["custom_code"])


def import_code(admin: AdminClient, text: str) -> str:
    definition_id = admin.create_definition()["id"]
    path = f"coupons/{definition_id}/import"
    assert admin.upload_csv(path, f"code\n{text.strip()}\n").status_code == 201
    return str(admin.get("codes").json["coupons"][0]["code"])


def assign_creator_code(admin: AdminClient, text: str) -> str:
    admin.post("campaigns", CAMPAIGN)
    admin.post("creators", CREATOR)
    package = expect_created(admin.post("campaigns/campaign_001/packages", PACKAGE))
    body = {"package_id": package["package_id"], "codes": [text]}
    return str(expect_created(admin.post("creators/ABC12/codes", body))["codes"][0])


@pytest.mark.parametrize("text", PASTED)
@pytest.mark.parametrize(
    "create", [create_custom_code, import_code, assign_creator_code]
)
def test_codes_are_created_without_what_was_pasted_around_them(
    admin: AdminClient, create: Callable[[AdminClient, str], str], text: str
) -> None:
    assert create(admin, text) == CODE


@pytest.mark.parametrize("text", PASTED)
def test_codes_are_found_revoked_and_assigned_by_pasted_text(
    admin: AdminClient, text: str
) -> None:
    definition_id = admin.create_definition()["id"]
    admin.upload_csv(f"coupons/{definition_id}/import", f"code\n{CODE}\n")
    for path in ("codes", f"coupons/{definition_id}/coupons"):
        listed = admin.get(f"{path}?code={quote(text)}").json["coupons"]
        assert [coupon["code"] for coupon in listed] == [CODE]
    body = {"code": text, "user_id": "ann"}
    assert admin.post("codes/assign", body).json["user_id"] == "ann"
    path = f"coupons/{definition_id}/coupons/revoke"
    assert admin.post(path, {"code": text}).json["status"] == "revoked"


@pytest.mark.parametrize("text", INVALID)
def test_codes_that_cannot_be_stored_are_refused(
    sqlite_admin: AdminClient, text: str
) -> None:
    reward = {"reward_item_id": sqlite_admin.create_reward_item()["item_id"]}
    config = {**reward, "code_format": "custom", "custom_code": text}
    answer = sqlite_admin.post("coupons", {"name": "Alumni", "config": config})
    assert "config.custom_code" in expect_refusal(answer, 400, "VALIDATION_ERROR")


@pytest.mark.parametrize("value", ["ALUM%0A15", "ALUM-15%00", "%1BALUM-15"])
def test_control_characters_that_are_not_trimmed_are_refused_in_a_query(
    sqlite_admin: AdminClient, value: str
) -> None:
    answer = sqlite_admin.get(f"codes?code={value}")
    assert "control" in expect_refusal(answer, 400, "VALIDATION_ERROR")


def test_line_ends_are_trimmed_only_from_codes(sqlite_admin: AdminClient) -> None:
    answer = sqlite_admin.get("codes?user_id=ann%0A")
    assert "control" in expect_refusal(answer, 400, "VALIDATION_ERROR")
