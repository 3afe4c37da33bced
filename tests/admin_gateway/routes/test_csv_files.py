"""Tests of CSV files over HTTP: our own exports, and files of spreadsheets."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from coupon_core.persistence import database
from tests.support.admin_client import AdminClient, expect_created, expect_refusal
from tests.support.databases import on_sqlite
from tests.support.invariants import assert_invariants, fetch_rows

REVOKED_STATUSES = ("revoked", "redeemed", "expired")


def import_file(
    admin: AdminClient, definition_id: str, data: str | bytes, query: str = ""
) -> Any:
    return admin.upload_csv(f"coupons/{definition_id}/import{query}", data)


def upload_users(admin: AdminClient, data: bytes, parameters: str = "") -> Any:
    path = f"coupons/{admin.create_definition()['id']}/generate"
    kind = f"text/csv{parameters}"
    headers = {"X-API-Key": admin.plain_key, "Content-Type": kind}
    return admin.post(path, data=data, headers=headers)


def list_users(answer: Any) -> list[str]:
    return [coupon["user_id"] for coupon in expect_created(answer)["coupons"]]


def export_rows(admin: AdminClient) -> dict[str, dict[str, str]]:
    """Return the rows of an export by code."""
    reader = csv.DictReader(io.StringIO(admin.get("codes/export").text))
    return {row["code"]: row for row in reader}


def record_uses(code: str, count: int) -> None:
    """Store uses of a code, as redeeming does."""
    sql = """UPDATE coupon SET redemption_count = :count, redeemed_at = generated_at
        WHERE tenant_id = 'acme' AND code = :code"""
    with database.transaction():
        database.execute(sql, {"count": count, "code": code})


@pytest.fixture
def used_export(admin: AdminClient) -> bytes:
    """Return an export with a new, a redeemed, a revoked and an expired code."""
    definition = admin.create_definition(
        "Source", usage_limit={"limit_type": "per_user", "max_uses": 2}
    )["id"]
    rows = "FRESH,\nUSEDUP,\nGONE,\nPARTLY,\nLATE,2099-01-01T00:00:00Z\n"
    answer = import_file(admin, definition, f"code,expires_at\n{rows}")
    assert answer.status_code == 201, answer.json
    admin.post(f"coupons/{definition}/coupons/revoke", {"code": "GONE"})
    record_uses("USEDUP", 2)
    record_uses("PARTLY", 1)
    with database.transaction():
        database.execute(
            "UPDATE coupon SET expires_at = :past WHERE tenant_id = 'acme' "
            "AND code = 'LATE'",
            {"past": "2001-01-01T00:00:00.000Z"},
        )
    return admin.get("codes/export").data


# ------------------------------------------------------------ our own export comes back


def test_an_import_of_an_export_revives_no_code(
    other_admin: AdminClient, used_export: bytes
) -> None:
    target = other_admin.create_definition()["id"]
    answer = import_file(other_admin, target, used_export)
    message = expect_refusal(answer, 400, "BAD_LINES")
    reasons = {detail["message"] for detail in answer.json["details"]}
    assert reasons == {
        *(f"status: expected active, found {status}" for status in REVOKED_STATUSES),
        "redemption_count: expected 0, found 1, and the definition limits the uses "
        "of a code",
    }
    assert "4 codes are redeemed, revoked or expired: send skip_used=true" in message
    assert fetch_rows("SELECT code FROM coupon WHERE tenant_id = 'globex'") == []


def test_used_codes_are_skipped_and_counted(
    other_admin: AdminClient, used_export: bytes
) -> None:
    target = other_admin.create_definition()["id"]
    answer = import_file(other_admin, target, used_export, "?skip_used=true")
    body = expect_created(answer)
    assert (body["done"], body["skipped"], body["rejected"]) == (1, 4, 0)
    assert (body["total"], body["bad_rows"]) == (1, [])
    job = other_admin.get(f"codes/jobs/{body['job_id']}").json
    assert (job["done"], job["skipped"]) == (1, 4)
    assert set(export_rows(other_admin)) == {"FRESH"}
    again = import_file(
        other_admin, target, "code,status\nX1,REVOKED\n", "?skip_used=true"
    )
    assert "1 are used" in expect_refusal(again, 400, "NO_CODES")


def test_uses_do_not_matter_where_they_are_not_limited(
    other_admin: AdminClient, used_export: bytes
) -> None:
    unlimited = {"limit_type": "unlimited"}
    target = other_admin.create_definition(usage_limit=unlimited)["id"]
    answer = import_file(other_admin, target, used_export, "?skip_used=true")
    assert expect_created(answer)["skipped"] == 3
    assert set(export_rows(other_admin)) == {"FRESH", "PARTLY"}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("Redeemed,,,", "status: expected active, found redeemed"),
        ("used,,,", "status: expected one of active, redeemed, expired, revoked"),
        (",1,,", "redemption_count: expected 0, found 1"),
        (",-1,,", "redemption_count: expected a whole number, found '-1'"),
        (",,2025-01-01T00:00:00Z,", "redemption_count: expected 0, found 1"),
        (",,,nobody", "expires_from: expected definition or coupon, found 'nobody'"),
        (",,,coupon", "expires_at: expected a time"),
    ],
)
def test_what_an_export_says_about_a_code_is_checked(
    sqlite_admin: AdminClient, row: str, reason: str
) -> None:
    target = sqlite_admin.create_definition(f"Target {row}".translate(NO_SIGNS))["id"]
    head = "code,status,redemption_count,redeemed_at,expires_from\n"
    answer = import_file(sqlite_admin, target, f"{head}A1,{row}\n")
    expect_refusal(answer, 400, "BAD_LINES")
    assert reason in answer.json["details"][0]["message"]


NO_SIGNS = str.maketrans(",:", "  ")


def test_an_export_says_whose_expiry_it_shows(admin: AdminClient) -> None:
    definition = admin.create_definition(expires_at="2098-01-01T00:00:00Z")["id"]
    text = "code,expires_at\nTHEIRS,\nOWN,2097-01-01T00:00:00Z\n"
    import_file(admin, definition, text)
    rows = export_rows(admin)
    assert list(rows["OWN"])[-1] == "expires_from"
    shown = {
        code: (row["expires_at"], row["expires_from"]) for code, row in rows.items()
    }
    assert shown == {
        "THEIRS": ("2098-01-01T00:00:00Z", "definition"),
        "OWN": ("2097-01-01T00:00:00Z", "coupon"),
    }


@pytest.mark.parametrize("is_older_export", [False, True])
def test_an_effective_expiry_does_not_become_a_codes_own(
    admin: AdminClient, other_admin: AdminClient, is_older_export: bool
) -> None:
    end = "2098-01-01T00:00:00.999Z"
    source = admin.create_definition(expires_at=end)["id"]
    text = "code,expires_at\nTHEIRS,\nOWN,2097-01-01T00:00:00Z\n"
    import_file(admin, source, text)
    exported = admin.get("codes/export").text
    if is_older_export:
        lines = exported.splitlines()
        exported = "\n".join(line.rpartition(",")[0] for line in lines)
    target = other_admin.create_definition(expires_at=end)["id"]
    assert import_file(other_admin, target, exported).status_code == 201
    sql = """SELECT code FROM coupon WHERE tenant_id = 'globex'
        AND expires_at IS NOT NULL"""
    assert fetch_rows(sql) == [("OWN",)]
    other_admin.patch(f"coupons/{target}", {"config": {"expires_at": None}})
    listed = other_admin.get("codes").json["coupons"]
    assert {coupon["code"]: coupon["expires_at"] for coupon in listed} == {
        "OWN": "2097-01-01T00:00:00Z",
        "THEIRS": None,
    }
    assert_invariants()


def test_full_width_formulas_leave_and_come_back(admin: AdminClient) -> None:
    users = ["＝1", "＋1", "－1", "＠a", "−1"]
    admin.generate_coupons(admin.create_definition()["id"], *users)
    exported = admin.get("codes/export").text
    cells = [row["user_id"] for row in csv.DictReader(io.StringIO(exported))]
    assert sorted(cells) == sorted(f"'{user}" for user in users)
    query = "?ignore_columns=" + ",".join(exported.splitlines()[0].split(",")).replace(
        ",user_id", ""
    )
    path = f"coupons/{admin.create_definition('Other')['id']}/generate{query}"
    assert sorted(list_users(admin.upload_csv(path, exported))) == sorted(users)


# ----------------------------------------------------------------------- lists of users


@pytest.mark.parametrize(
    ("data", "parameters"),
    [
        ("user_id\nzoé\n+49170\n".encode(), ""),
        ("\ufeffUser_ID ;\r\n zoé ;\r\n;\r\n'+49170;\r\n".encode(), ""),
        ("user_id\r\nzoé\r\n+49170\r\n".encode("utf-16"), ""),
        ("user_id\r\nzoé\r\n+49170\r\n".encode("utf-16"), "; charset=UTF-16"),
        ("user_id\rzoé\r+49170".encode("cp1252"), "; charset=windows-1252"),
        ("zoé\n\n'+49170\n".encode(), "; header=absent"),
        ("sep=;\nuser_id\nzoé\n+49170".encode(), "; header=present"),
    ],
)
def test_users_are_read_from_files_that_people_have(
    admin: AdminClient, data: bytes, parameters: str
) -> None:
    assert list_users(upload_users(admin, data, parameters)) == ["zoé", "+49170"]


@on_sqlite
@pytest.mark.parametrize(
    ("data", "parameters", "expected"),
    [
        (b"Kunde;Name\r\nk1;Eva\r\n", "", "heading line 'Kunde;Name'"),
        (b"ann\nbob\n", "", "unknown column 'ann' in the heading line 'ann'"),
        (b"ann\nbob\n", "", "text/csv; header=absent"),
        (b"user_id;Name\nk1;Eva\n", "", "unknown column 'Name'"),
        (b"user_id;Name\nk1;Eva\n", "", "query parameter ignore_columns"),
        (b"user_id\nk1;Eva\n", "", "found 2: 'k1;Eva'"),
        (b"k1;Eva\n", "; header=absent", "found 2: 'k1;Eva'"),
        (b"user_id\nann\n", "; header=absent", "found the heading user_id"),
        (b'\xef\xbb\xbf"User_ID";\r\nann;\r\n', "; header=absent", "to have none"),
        (b"user_id\nann\nuser_id\nbob\n", "", "line 3: found the heading line again"),
        (b"user_id\nJ\xfcrg\n", "", "line 2: expected UTF-8, found the byte 0xFC"),
    ],
)
def test_what_is_no_list_of_users_is_refused_with_help(
    admin: AdminClient, data: bytes, parameters: str, expected: str
) -> None:
    answer = upload_users(admin, data, parameters)
    assert expected in expect_refusal(answer, 400, "VALIDATION_ERROR")
    assert fetch_rows("SELECT count(*) FROM coupon") == [(0,)]


@pytest.mark.parametrize(
    "parameters", ["; charset=koi8-r", "; header=maybe", "; charset=latin-1"]
)
def test_what_the_content_type_says_is_known(
    admin: AdminClient, parameters: str
) -> None:
    answer = upload_users(admin, b"user_id\nann\n", parameters)
    expect_refusal(answer, 415, "UNSUPPORTED_MEDIA_TYPE")


def test_a_file_of_another_type_is_refused_with_both_types(admin: AdminClient) -> None:
    path = f"coupons/{admin.create_definition()['id']}/generate"
    kind = "application/vnd.ms-excel"  # what browsers send for CSV where Excel is
    headers = {"X-API-Key": admin.plain_key, "Content-Type": kind}
    answer = admin.post(path, data=b"user_id\nann\n", headers=headers)
    message = expect_refusal(answer, 415, "UNSUPPORTED_MEDIA_TYPE")
    expected = "application/json in UTF-8 or text/csv was expected"
    assert message == f"Content-Type: {expected}"


def test_a_json_body_has_no_columns_to_leave_out(admin: AdminClient) -> None:
    path = f"coupons/{admin.create_definition()['id']}/generate?ignore_columns=name"
    answer = admin.post(path, {"user_ids": ["ann"]})
    message = expect_refusal(answer, 400, "VALIDATION_ERROR")
    assert "ignore_columns: expected only with a CSV body" in message


# ---------------------------------------------------------------------- files of codes

CODE_FILES: dict[str, tuple[bytes, str]] = {
    "German Excel": (b"code;user_id;expires_at\r\nA1; zoe ;\r\n;;\r\nB2;;\r\n", ""),
    "tabs": (b"Code\tUser_ID\nA1\tzoe\nB2\t\n", ""),
    "UTF-16": ("code,user_id\r\nA1,zoe\r\nB2,\r\n".encode("utf-16"), ""),
    "old Mac": (b"code,user_id\rA1,zoe\rB2,\r", ""),
    "empty columns": (b"code,user_id,,\nA1,zoe,,\n,,,\nB2,,,,,\n", ""),
    "other columns": (
        b"Code,Times Used,User_id\nA1,3,zoe\nB2,0,\n",
        "?ignore_columns=times%20used",
    ),
    "sep line below an empty one": (b"\r\nsep=;\r\nCODE;USER_ID\nA1;zoe\nB2;\n", ""),
    "sep line": (b"sep=;\r\nCODE;USER_ID\r\nA1;zoe\r\nB2;\r\n", ""),
}


@pytest.mark.parametrize("name", CODE_FILES)
def test_codes_are_read_from_files_that_people_have(
    admin: AdminClient, name: str
) -> None:
    data, query = CODE_FILES[name]
    body = expect_created(
        import_file(admin, admin.create_definition()["id"], data, query)
    )
    assert (body["done"], body["rejected"]) == (2, 0)
    users = {code: row["user_id"] for code, row in export_rows(admin).items()}
    assert users == {"A1": "zoe", "B2": ""}


def test_codes_alone_need_no_heading(admin: AdminClient) -> None:
    path = f"coupons/{admin.create_definition()['id']}/import"
    kind = "text/csv; header=absent"
    headers = {"X-API-Key": admin.plain_key, "Content-Type": kind}
    expect_created(admin.post(path, data=b"A1\nB2\n", headers=headers))
    assert set(export_rows(admin)) == {"A1", "B2"}


def test_a_refused_heading_line_is_shown_with_what_was_expected(
    admin: AdminClient,
) -> None:
    definition = admin.create_definition()["id"]
    answer = import_file(admin, definition, b"Code,Times Used\nA1,0\n")
    message = expect_refusal(answer, 400, "VALIDATION_ERROR")
    assert (
        "unknown column 'Times Used' in the heading line 'Code,Times Used'" in message
    )
    assert "code, optionally user_id and expires_at" in message
    assert "comma, semicolon or tab" in message
    assert "ignore_columns" in message
