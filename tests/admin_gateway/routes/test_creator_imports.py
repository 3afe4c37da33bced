"""Tests that creators are created with their codes in bulk: all of them, or none."""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.support.admin_client import AdminClient, expect_created, expect_refusal

PACKAGE = {
    "item_name": {"en": "Gems"},
    "rewards": [{"itemId": "gem", "itemQuantity": 1}],
}
GOOD = """\
Creator_Key;Name;Genre;Codes;Count;Pattern
ABC12;Jun;rpg;;2;
ABC13;Mina;;GO-1 go-2;;
ABC14;Ahn;;;3;SALE-{number}
ABC15;Bora;;;3;SALE-{number}
ABC16;Choi;;;;
"""
# Line of the file, and what is wrong there.
BAD = """\
creator_key,name,status,package_id,codes,count,pattern
ABC12,Jun,,,,1,
abc13,Mina,,,,,
TAKEN,Ahn,,,,,
ABC12,Twice,,,,,
ABC14,,,,,,
ABC15,Bora,INACTIVE,,,1,
ABC16,Choi,,77,,1,
ABC17,Dal,,,USED-1 NEW-1,,
ABC18,Eun,,,NEW-1,,
ABC19,Gim,,,NEW-2,1,
ABC20,Han,,,,x,
ABC21,Im,,,,1,PLAIN
ABC22,Jo,,,,,GO-{number}
"""


@pytest.fixture
def campaign(admin: AdminClient) -> str:
    """Create a campaign with a package and a creator, and return its ID."""
    campaign_id: str = expect_created(admin.post("campaigns", {"name": "Sale"}))[
        "campaign_id"
    ]
    package = expect_created(admin.post(f"campaigns/{campaign_id}/packages", PACKAGE))
    expect_created(admin.post("creators", {"creator_key": "TAKEN", "name": "T"}))
    body = {"package_id": package["package_id"], "codes": ["USED-1"]}
    expect_created(admin.post("creators/TAKEN/codes", body))
    return campaign_id


def upload(admin: AdminClient, campaign_id: str, text: str) -> TestResponse:
    return admin.upload_csv(f"creators/bulk?campaign_id={campaign_id}", text)


def test_a_file_creates_creators_with_their_codes(
    admin: AdminClient, campaign: str
) -> None:
    created = expect_created(upload(admin, campaign, GOOD))
    assert created["total"] == 5
    codes = {row["creator_key"]: row["codes"] for row in created["creators"]}
    assert codes == {
        "ABC12": ["CREATOR-ABC12-001", "CREATOR-ABC12-002"],
        "ABC13": ["GO-1", "GO-2"],
        "ABC14": ["SALE-001", "SALE-002", "SALE-003"],
        "ABC15": ["SALE-004", "SALE-005", "SALE-006"],
        "ABC16": [],
    }
    for key, given in codes.items():
        listed = admin.get(f"creators/{key}/codes").json["codes"]
        assert [row["code"] for row in listed] == given
    assert admin.get(f"campaigns/{campaign}/creators").json["total"] == 6
    assert admin.get(f"campaigns/{campaign}/stats").json["codes"] == 11


def test_generated_codes_pass_over_codes_in_use(
    admin: AdminClient, campaign: str
) -> None:
    expect_created(
        upload(admin, campaign, "creator_key,name,codes\nABC13,M,SALE-002\n")
    )
    new = {"creator_key": "ABC14", "name": "A", "count": 2, "pattern": "SALE-{number}"}
    body = {"campaign_id": campaign, "creators": [new]}
    (created,) = expect_created(admin.post("creators/bulk", body))["creators"]
    assert created["codes"] == ["SALE-001", "SALE-003"]


def test_every_bad_line_of_a_file_is_named(admin: AdminClient, campaign: str) -> None:
    answer = upload(admin, campaign, BAD)
    expect_refusal(answer, 400, "VALIDATION_ERROR")
    assert {row["path"] for row in answer.json["details"]} == {
        f"line {number}" for number in (3, 6, 11, 12, 13, 14)
    }
    lines = BAD.splitlines(keepends=True)
    well_formed = "".join(
        line
        for number, line in enumerate(lines, 1)
        if number not in (3, 6, 11, 12, 13, 14)
    )
    answer = upload(admin, campaign, well_formed)
    message = expect_refusal(answer, 400, "BAD_LINES")
    assert message.startswith("Nothing created, because of 8 problems: line 2: ")
    found = [
        (row["path"], row["message"].split(":")[0]) for row in answer.json["details"]
    ]
    assert found == [
        ("line 2", "creator_key"),
        ("line 3", "creator_key"),
        ("line 4", "creator_key"),
        ("line 5", "status"),
        ("line 6", "package_id"),
        *[("line 7", "codes")] * 2,
        ("line 8", "codes"),
    ]
    assert admin.get("creators").json["total"] == 1
    assert admin.get(f"campaigns/{campaign}/creators").json["total"] == 1


def test_json_is_refused_by_position(admin: AdminClient, campaign: str) -> None:
    good = {"creator_key": "ABC12", "name": "Jun"}
    body = {"campaign_id": campaign, "creators": [good, {**good, "count": 0}]}
    answer = admin.post("creators/bulk", body)
    assert "creators.1.count" in expect_refusal(answer, 400, "VALIDATION_ERROR")
    answer = admin.post("creators/bulk", {**body, "creators": [good, good]})
    assert "creators.0: creator_key" in expect_refusal(answer, 400, "BAD_LINES")
    many = [{**good, "count": 1_000}] * 11
    answer = admin.post("creators/bulk", {**body, "creators": many})
    assert "10,000 codes" in expect_refusal(answer, 400, "VALIDATION_ERROR")


@pytest.mark.parametrize("text", ["creator_key,name\n", "name\nJun\n", ""])
def test_a_file_without_creators_is_refused(
    sqlite_admin: AdminClient, text: str
) -> None:
    answer = upload(sqlite_admin, "any", text)
    expect_refusal(answer, 400, "VALIDATION_ERROR")


def test_the_campaign_is_named_and_exists(sqlite_admin: AdminClient) -> None:
    answer = sqlite_admin.upload_csv("creators/bulk", GOOD)
    assert "campaign_id" in expect_refusal(answer, 400, "VALIDATION_ERROR")
    expect_refusal(upload(sqlite_admin, "none", GOOD), 404, "CAMPAIGN_NOT_FOUND")
    body: dict[str, Any] = {"campaign_id": "none", "creators": []}
    answer = sqlite_admin.post("creators/bulk?campaign_id=none", body)
    assert "CSV body" in expect_refusal(answer, 400, "VALIDATION_ERROR")


def test_a_dry_run_checks_the_creators_and_creates_none(
    admin: AdminClient, campaign: str
) -> None:
    path = f"creators/bulk?campaign_id={campaign}&dry_run=true"
    planned = admin.upload_csv(path, GOOD)
    body = {
        "campaign_id": campaign,
        "creators": [{"creator_key": "ABC12", "name": "Jun"}],
        "dry_run": True,
    }
    assert (planned.status_code, planned.json) == (201, {"creators": [], "total": 5})
    assert admin.post("creators/bulk", body).json == {"creators": [], "total": 1}
    assert admin.get("creators").json["total"] == 1
    expect_refusal(admin.upload_csv(path, BAD), 400, "VALIDATION_ERROR")
