"""Tests of the file formats that an import accepts, and of invalid headers."""

from __future__ import annotations

import pytest

from tests.support.admin_client import AdminClient, expect_refusal

GOOD_FILES = {
    "plain": "code\nA1\nB2\n",
    "no last line end": "code\nA1\nB2",
    "carriage returns": "code\r\nA1\r\nB2\r\n",
    "byte order mark": "\ufeffcode\nA1\nB2\n",
    "quotes": '"code"\n"A1"\n"B2"\n',
    "blank lines": "\n\ncode\n\nA1\n \nB2\n\n",
    "blanks around codes": "code\n A1 \nB2\t\n",
    "other columns of an export": "status,code,redeemed_at\nactive,A1,\n,B2,\n",
}


@pytest.mark.parametrize("name", GOOD_FILES)
def test_each_way_of_writing_a_file_is_read(
    sqlite_admin: AdminClient, name: str
) -> None:
    definition_id = sqlite_admin.create_definition(name)["id"]
    digit = str(list(GOOD_FILES).index(name))
    text = GOOD_FILES[name].replace("A1", f"A{digit}").replace("B2", f"B{digit}")
    answer = sqlite_admin.upload_csv(f"coupons/{definition_id}/import", text)
    assert answer.status_code == 201, answer.json
    assert (answer.json["done"], answer.json["rejected"]) == (2, 0)
    listed = sqlite_admin.get(f"codes?definition_id={definition_id}").json["coupons"]
    assert {coupon["code"][0] for coupon in listed} == {"A", "B"}


BAD_FILES: list[tuple[str, str]] = [
    ("", "empty"),
    ("\n\n", "empty"),
    ("A1\nB2\n", "unknown column 'A1'"),
    ("user_id\nann\n", "must name the columns"),
    ("code,code\nA1,A1\n", "must name the columns"),
    ("code,tenant_id\nA1,x\n", "unknown column 'tenant_id'"),
    ('"code\nA1\n', "quote"),
    ("co\x00de\nA1\n", "control"),
    ("c" * 5_000, "bytes"),
]


@pytest.mark.parametrize(("text", "message"), BAD_FILES)
def test_a_bad_first_line_is_refused(
    sqlite_admin: AdminClient, import_path: str, text: str, message: str
) -> None:
    answer = sqlite_admin.upload_csv(import_path, text)
    assert message in expect_refusal(answer, 400, "VALIDATION_ERROR")
    definition_id = import_path.split("/")[1]
    page = sqlite_admin.get(f"codes?definition_id={definition_id}").json
    assert page["coupons"] == []


@pytest.fixture(scope="module")
def import_path(sqlite_admin: AdminClient) -> str:
    """Return the import path of a definition that stays empty."""
    return f"coupons/{sqlite_admin.create_definition('Empty')['id']}/import"
