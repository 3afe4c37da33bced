"""Tests of imports: the whole file or nothing, or only its valid lines."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from werkzeug.test import TestResponse

from admin_gateway.requests.csv_files import MAX_IMPORT_BYTES
from coupon_core.domain.models import utc_now
from coupon_core.domain.models.inventory import JobState
from coupon_core.services.codes import csv_import, jobs
from tests.support.admin_client import AdminClient, expect_refusal
from tests.support.invariants import assert_invariants, fetch_rows, list_events


@pytest.fixture
def path(admin: AdminClient) -> str:
    """Return the import path of a new definition."""
    return f"coupons/{admin.create_definition()['id']}/import"


def list_holders_by_code(admin: AdminClient) -> dict[str, str | None]:
    """Return the user of each code, None if unassigned."""
    listed = admin.get("codes?limit=500").json["coupons"]
    return {coupon["code"]: coupon["user_id"] for coupon in listed}


def expect_bad_lines(answer: TestResponse) -> dict[str, str]:
    """Return the invalid lines that a refusal names, with their reasons."""
    expect_refusal(answer, 400, "BAD_LINES")
    return {detail["path"]: detail["message"] for detail in answer.json["details"]}


def assert_nothing_left(admin: AdminClient) -> None:
    assert list_holders_by_code(admin) == {}
    assert fetch_rows("SELECT code FROM import_row") == []
    assert admin.get("codes/jobs").json["total"] == 0


def test_users_and_expiries_come_along(admin: AdminClient, path: str) -> None:
    text = "expires_at,user_id,code\n2099-01-01T00:00:00Z,'=ann,A1\n,,B2\n"
    answer = admin.upload_csv(path, text)
    assert answer.json["state"] == "completed"
    a, b = (admin.get(f"codes?code={code}").json["coupons"][0] for code in ("A1", "B2"))
    assert (a["user_id"], a["expires_at"]) == ("=ann", "2099-01-01T00:00:00Z")
    assert (b["user_id"], b["expires_at"]) == (None, None)
    assert {a["batch_id"], b["batch_id"]} == {answer.json["job_id"]}
    assert (
        list(list_events("coupon.generated")) == []
    )  # No batch publishes one event per coupon.
    ((_, data),) = list_events("codes.imported")
    assert (data["job"]["job_id"], data["job"]["done"]) == (a["batch_id"], 2)
    assert admin.get(f"codes/{b['id']}").json["timeline"] == [
        {
            "at": b["generated_at"],
            "event": "imported",
            "by": admin.key.key_id,
            "batch_id": answer.json["job_id"],
        }
    ]
    assert_invariants()


BAD_LINES = {
    "A1,ann,\nno code,,": "code",
    "A1,,\nſ1,,": "code",
    "A1,,\n,ann,": "code",
    "A1,,\nB2,a/b,": "user_id",
    "A1,,\nB2,,tomorrow": "expires_at",
    "A1,,\nB2": "expected 3 columns, found 1",
    "A1,,\nB2,,,x": "expected 3 columns, found 4",
    'A1,,\n"B2,,': "quote",
    'A1,,\n"B2"x,,': "quote",
    "A1,,\nB\x002,,": "control characters",
    "A1,,\nB2,a\x07b,": "user_id",
    "A1,,\na1,ann,": "line 2 already",
    f"A1,,\n{'B' * 5_000},,": "at most 4096 bytes",
    "A1,,\nTAKEN,,": "exists already",
    "A1,,\nsave10,,": "exists already",
}


def test_a_bad_line_is_told_and_nothing_is_imported(admin: AdminClient) -> None:
    target_id, other_id = (
        admin.create_definition(name)["id"] for name in ("One", "Two")
    )
    admin.create_definition("Three", code_format="custom", custom_code="SAVE10")
    admin.upload_csv(f"coupons/{other_id}/import", "code\nTAKEN\n")
    for lines, expected in BAD_LINES.items():
        text = f"code,user_id,expires_at\n{lines}"
        errors = expect_bad_lines(admin.upload_csv(f"coupons/{target_id}/import", text))
        assert list(errors) == ["line 3"], lines
        assert expected in errors["line 3"], lines
        assert fetch_rows("SELECT code FROM import_row") == [], lines
    assert list_holders_by_code(admin) == {"TAKEN": None}


def test_what_is_no_utf_8_is_a_bad_line(admin: AdminClient, path: str) -> None:
    errors = expect_bad_lines(admin.upload_csv(path, b"code\nA1\n\xfcx\n"))
    assert list(errors) == ["line 3"]
    assert "expected UTF-8, found the byte 0xFC" in errors["line 3"]
    assert "charset=windows-1252" in errors["line 3"]
    assert_nothing_left(admin)


def test_partial_leaves_bad_lines_out(admin: AdminClient, path: str) -> None:
    answer = admin.upload_csv(f"{path}?partial=true", "code\nA1\n-\nB2\nB2\n")
    assert answer.status_code == 201
    assert answer.json["rejected"] == 2
    assert [row["line"] for row in answer.json["bad_rows"]] == [3, 5]
    assert set(list_holders_by_code(admin)) == {"A1", "B2"}


def test_of_many_bad_lines_all_are_counted_and_the_first_told(
    admin: AdminClient, path: str
) -> None:
    answer = admin.upload_csv(path, "code\nA1\n" + "!\n" * 250)
    assert len(expect_bad_lines(answer)) == 100
    assert "250 of 251 lines" in answer.json["message"]
    assert_nothing_left(admin)


def test_a_file_without_codes_is_refused(admin: AdminClient, path: str) -> None:
    expect_refusal(admin.upload_csv(path, "code\n\n"), 400, "NO_CODES")
    expect_refusal(
        admin.upload_csv(f"{path}?partial=true", "code\n!\n"), 400, "BAD_LINES"
    )
    assert_nothing_left(admin)


def test_what_is_no_csv_is_refused(admin: AdminClient, path: str) -> None:
    expect_refusal(admin.post(path, {"code": "A1"}), 415, "UNSUPPORTED_MEDIA_TYPE")
    answer = admin.upload_csv(f"{path}?partial=yes", "code\nA1\n")
    assert "partial" in expect_refusal(answer, 400, "VALIDATION_ERROR")
    assert_nothing_left(admin)


def test_a_file_that_is_too_big_is_refused_unread(
    admin: AdminClient, path: str
) -> None:
    key = {"X-API-Key": admin.plain_key, "Content-Type": "text/csv"}
    environment = {"CONTENT_LENGTH": str(MAX_IMPORT_BYTES + 1)}
    answer = admin.call("POST", path, headers=key, environ_overrides=environment)
    expect_refusal(answer, 413, "PAYLOAD_TOO_LARGE")
    assert_nothing_left(admin)


def test_a_file_that_ends_early_leaves_nothing(admin: AdminClient, path: str) -> None:
    key = {"X-API-Key": admin.plain_key, "Content-Type": "text/csv"}
    environment = {"CONTENT_LENGTH": "1000"}
    answer = admin.call(
        "POST", path, data="code\nA1\nB2\n", headers=key, environ_overrides=environment
    )
    assert "Content-Length" in expect_refusal(answer, 400, "BAD_REQUEST")
    assert_nothing_left(admin)


@pytest.mark.parametrize(
    ("config", "status", "code"),
    [
        ({"code_format": "custom", "custom_code": "X1"}, "active", "IMPORT_NEEDS"),
        ({}, "pause", "DEFINITION_NOT_ACTIVE"),
        ({}, "archive", "DEFINITION_NOT_ACTIVE"),
    ],
)
def test_definitions_that_take_no_codes_refuse_them(
    admin: AdminClient, config: dict[str, Any], status: str, code: str
) -> None:
    definition_id = admin.create_definition(**config)["id"]
    if status != "active":
        admin.post(f"coupons/{definition_id}/{status}")
    answer = admin.upload_csv(f"coupons/{definition_id}/import", "code\nA1\n")
    assert answer.json["code"].startswith(code)
    unknown = f"coupons/{admin.key.key_id}/import"
    expect_refusal(admin.upload_csv(unknown, "code\nA1\n"), 404, "DEFINITION_NOT_FOUND")
    assert_nothing_left(admin)


def test_a_large_file_goes_on_chunk_by_chunk_and_once(
    admin: AdminClient, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "CHUNK_SIZE", 10)
    text = "code\n" + "".join(f"C{number:04}\n" for number in range(35))
    answer = admin.upload_csv(path, text)
    assert (answer.status_code, answer.json["done"]) == (202, 10)
    job_id = answer.json["job_id"]
    expect_refusal(
        admin.post("codes/revoke", {"batch_id": job_id}), 404, "BATCH_NOT_FOUND"
    )
    again = [jobs.run_chunk("acme", job_id, 1, utc_now()) for _ in range(2)]
    assert {job.done_count for job in again} == {10}
    job = jobs.run_to_completion(jobs.get("acme", job_id), lambda job: None)
    assert (job.state, job.done_count, job.skipped_count) == ("completed", 35, 0)
    assert len(list_holders_by_code(admin)) == 35
    assert fetch_rows("SELECT code FROM import_row") == []
    assert len(list(list_events("codes.imported"))) == 1


def test_an_abandoned_upload_is_cleared_away_and_a_running_one_is_not(
    admin: AdminClient, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "CHUNK_SIZE", 1)
    admin.upload_csv(path, "code\nA1\nB2\n")
    monkeypatch.setattr(
        csv_import, "discard_import", lambda job: None
    )  # As if the process had been killed here.
    expect_refusal(admin.upload_csv(path, "code\nC3\n!\n"), 400, "BAD_LINES")
    monkeypatch.undo()
    later = utc_now() + csv_import.ABANDONED_AFTER * 2
    assert csv_import.discard_abandoned_imports(later) == 1
    assert [state for (state,) in fetch_rows("SELECT state FROM code_job")] == [
        "running"
    ]
    assert fetch_rows("SELECT code FROM import_row") == [("B2",)]


def test_a_held_code_is_nobody_elses(
    admin: AdminClient, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "CHUNK_SIZE", 1)
    admin.upload_csv(path, "code\nA1\nHELD\n")
    assert (
        "another request"
        in expect_bad_lines(admin.upload_csv(path, "code\nheld\n"))["line 2"]
    )
    body = {
        "name": "Custom",
        "config": {
            "reward_item_id": admin.create_reward_item()["item_id"],
            "code_format": "custom",
            "custom_code": "held",
        },
    }
    expect_refusal(admin.post("coupons", body), 409, "CODE_TAKEN")


def test_an_imported_batch_is_extended_and_revoked(
    admin: AdminClient, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "CHUNK_SIZE", 2)
    text = "code,user_id,expires_at\nA1,ann,2098-01-01T00:00:00Z\n" + "".join(
        f"B{number},,2097-01-01T00:00:00Z\n" for number in range(4)
    )
    job_id = admin.upload_csv(path, text + "C1,,\n").json["job_id"]
    jobs.run_to_completion(jobs.get("acme", job_id), lambda job: None)
    batch = admin.get(f"batches/{job_id}").json
    assert (batch["kind"], batch["generated"]) == ("import", 6)
    later = {"batch_id": job_id, "expires_at": "2097-06-01T00:00:00Z"}
    answer = admin.post("codes/extend", later)
    assert answer.status_code == 202
    done = jobs.run_to_completion(
        jobs.get("acme", answer.json["job_id"]), lambda job: None
    )
    assert (done.state, done.done_count, done.skipped_count) == ("completed", 4, 2)
    assert answer.headers["Location"].endswith(answer.json["job_id"])
    answer = admin.post("codes/revoke", {"batch_id": job_id})
    done = jobs.run_to_completion(
        jobs.get("acme", answer.json["job_id"]), lambda job: None
    )
    assert (done.state, done.done_count) == (JobState.COMPLETED, 6)
    codes = [data["coupon"]["code"] for _, data in list_events("coupon.revoked")]
    assert codes == ["A1"]
    (b1,) = admin.get("codes?code=B1").json["coupons"]
    timeline = admin.get(f"codes/{b1['id']}").json["timeline"]
    by = admin.key.key_id
    assert [(entry["event"], entry["by"]) for entry in timeline] == [
        ("imported", by),
        ("extended", by),
        ("revoked", by),
    ]
    assert timeline[1]["expires_at"] == "2097-06-01T00:00:00Z"
    assert_invariants()


def test_only_codes_that_were_extended_say_so(admin: AdminClient, path: str) -> None:
    text = "code,user_id,expires_at\nLATER,,2099-01-01T00:00:00Z\nNEVER,,\n"
    job_id = admin.upload_csv(path, text + "SOON,,2097-01-01T00:00:00Z\n").json[
        "job_id"
    ]
    expected = {"LATER": [], "NEVER": [], "SOON": ["2098-01-01T00:00:00Z"]}
    for expiry in ("2098-01-01T00:00:00Z", "2097-06-01T00:00:00Z"):
        admin.post("codes/extend", {"batch_id": job_id, "expires_at": expiry})
        for code, extensions in expected.items():
            (coupon,) = admin.get(f"codes?code={code}").json["coupons"]
            timeline = admin.get(f"codes/{coupon['id']}").json["timeline"]
            found = [
                row["expires_at"] for row in timeline if row["event"] == "extended"
            ]
            assert (code, found) == (code, extensions)


def test_an_export_imported_by_another_tenant_is_the_same_set(
    admin: AdminClient, other_admin: AdminClient, path: str
) -> None:
    users = ["", "=ann", "'=bob", "@c", 'a "q", d', "-e", "plain"]
    csv_file = io.StringIO()
    writer = csv.writer(csv_file)
    writer.writerow(["code", "user_id"])
    for number in range(10_500):
        user = users[number % len(users)]
        is_formula = user.startswith(("=", "@", "-", "'="))
        writer.writerow([f"C{number:06}", f"'{user}" if is_formula else user])
    admin.upload_csv(path, csv_file.getvalue())
    complete_all_jobs(admin)
    exported = admin.get("codes/export").data
    target = f"coupons/{other_admin.create_definition()['id']}/import"
    assert other_admin.upload_csv(target, exported).status_code == 202
    complete_all_jobs(other_admin)
    sql = "SELECT code, user_id FROM coupon WHERE tenant_id = '{}' ORDER BY code"
    assert fetch_rows(sql.format("globex")) == fetch_rows(sql.format("acme"))
    assert {user for _, user in fetch_rows(sql.format("globex"))} == set(users)


def complete_all_jobs(admin: AdminClient) -> None:
    for job in admin.get("codes/jobs").json["jobs"]:
        jobs.run_to_completion(
            jobs.get(admin.tenant_id, job["job_id"]), lambda job: None
        )
