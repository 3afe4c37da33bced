"""Tests that names are any Unicode text, and are compared trimmed and composed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from werkzeug.test import TestResponse

from coupon_core.domain.models import utc_now
from coupon_core.persistence.database import release_connection
from coupon_core.persistence.tables import DefinitionTable
from coupon_core.services.catalog import definition_checks, definitions
from tests.admin_gateway.routes.test_campaigns import PACKAGE
from tests.support.admin_client import AdminClient, expect_created, expect_refusal

NAMES = [
    "दिवाली",
    "Valentine's Day",
    "50% off",
    "Summer (EU)",
    "👨\u200d👩\u200d👧 a😀",
]
FORBIDDEN = ["a\nb", "a\u202eb", "a\u2066b", "a\ue000", "a\u0378", "a\x85b", " \n", ""]

Create = Callable[[AdminClient, str], TestResponse]


def create_definition(admin: AdminClient, name: str) -> TestResponse:
    config = {"reward_item_id": admin.create_reward_item()["item_id"]}
    return admin.post("coupons", {"name": name, "config": config})


def create_reward(admin: AdminClient, name: str) -> TestResponse:
    return admin.post("rewards", {"name": name, "reward_type": "points"})


def create_creator(admin: AdminClient, name: str) -> TestResponse:
    return admin.post("creators", {"creator_key": "ABC12", "name": name})


def create_api_key(admin: AdminClient, name: str) -> TestResponse:
    return admin.post("api-keys", {"name": name})


def create_client_key(admin: AdminClient, name: str) -> TestResponse:
    return admin.post("client-keys", {"kind": "mambo", "name": name})


def create_campaign(admin: AdminClient, name: str) -> TestResponse:
    return admin.post("campaigns", {"campaign_id": "c1", "names": {"en": name}})


def create_package(admin: AdminClient, name: str) -> TestResponse:
    admin.post("campaigns", {"campaign_id": "p1", "names": {"en": "P"}})
    return admin.post("campaigns/p1/packages", {**PACKAGE, "item_name": {"en": name}})


CREATE: list[Create] = [
    create_definition,
    create_reward,
    create_creator,
    create_api_key,
    create_client_key,
    create_campaign,
    create_package,
]


def find_name(body: dict[str, Any]) -> str:
    if "item_name" in body:
        return str(body["item_name"]["en"])
    return str(body["names"]["en"] if "names" in body else body["name"])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("create", CREATE)
def test_any_text_is_a_name(admin: AdminClient, create: Create, name: str) -> None:
    body = expect_created(create(admin, f"\u00a0{name} \n"))
    assert find_name(body) == name


@pytest.mark.parametrize("name", FORBIDDEN)
@pytest.mark.parametrize("create", CREATE)
def test_what_is_no_name_is_refused(
    sqlite_admin: AdminClient, create: Create, name: str
) -> None:
    expect_refusal(create(sqlite_admin, name), 400, "VALIDATION_ERROR")


def test_the_forbidden_character_is_named(sqlite_admin: AdminClient) -> None:
    message = expect_refusal(
        create_definition(sqlite_admin, "safe\u202etxt"), 400, "VALIDATION_ERROR"
    )
    assert "name: contains the character U+202E" in message


def test_a_name_has_at_most_255_characters_after_composition(
    sqlite_admin: AdminClient,
) -> None:
    expect_created(create_definition(sqlite_admin, " " + "e\u0301" * 255 + " "))
    answer = create_definition(sqlite_admin, "\u00e9" * 256)
    assert "255" in expect_refusal(answer, 400, "VALIDATION_ERROR")


@pytest.mark.parametrize("same", ["trail ", "\u00a0trail", "trail\u3000"])
def test_names_that_differ_by_blanks_are_one_name(
    admin: AdminClient, same: str
) -> None:
    expect_created(create_definition(admin, "trail"))
    expect_refusal(create_definition(admin, same), 409, "NAME_TAKEN")


def test_names_that_differ_by_composition_are_one_name(admin: AdminClient) -> None:
    expect_created(create_definition(admin, "Cafe\u0301"))
    expect_refusal(create_definition(admin, "Caf\u00e9"), 409, "NAME_TAKEN")
    other = expect_created(create_definition(admin, "Tea"))
    answer = admin.patch(f"coupons/{other['id']}", {"name": "Cafe\u0301 "})
    expect_refusal(answer, 409, "NAME_TAKEN")


@pytest.mark.parametrize("part", ["50%", "दिवा", "(EU)", "Cafe\u0301", "_"])
def test_definitions_are_found_by_a_part_of_the_name(
    admin: AdminClient, part: str
) -> None:
    for name in (*NAMES, "Caf\u00e9", "a_b"):
        expect_created(create_definition(admin, name))
    found = admin.get(f"coupons?name={quote(part)}").json["definitions"]
    assert len(found) == 1


def store_older_duplicate(admin: AdminClient, name: str) -> str:
    """Store a definition as an earlier release did: untrimmed and without a key."""
    definition_id = str(admin.create_definition("Duplicate")["id"])
    DefinitionTable.update(name=name, name_key=None).where(
        DefinitionTable.definition_id == definition_id
    ).execute()
    release_connection()
    return definition_id


def test_older_duplicates_stay_and_can_be_changed_and_renamed(
    admin: AdminClient,
) -> None:
    admin.create_definition("trail")
    older_id = store_older_duplicate(admin, "trail ")
    path = f"coupons/{older_id}"
    assert definition_checks.find_duplicate_names(9) == [
        (admin.tenant_id, older_id, "trail ")
    ]
    definitions.update(
        admin.tenant_id, older_id, changes={"description": "x"}, now=utc_now()
    )
    assert admin.patch(path, {"description": "changed"}).status_code == 200
    expect_refusal(admin.patch(path, {"name": "trail"}), 409, "NAME_TAKEN")
    assert admin.patch(path, {"name": "track"}).json["name"] == "track"
    assert definition_checks.find_duplicate_names(9) == []
