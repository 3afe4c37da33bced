"""Tests of restoring, of expiry in both directions, and of re-issuing over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from coupon_core.domain.models import Reason, Refused, utc_now
from coupon_core.persistence.tables import CodeJobTable, CouponTable
from coupon_core.services import audit
from coupon_core.services.codes import jobs
from coupon_core.services.coupons import redemption
from coupon_core.services.coupons.redemption import RedeemRequest
from tests.support.admin_client import AdminClient, expect_created, expect_refusal
from tests.support.invariants import assert_invariants, list_events

SOON, LATER = "2098-01-01T00:00:00Z", "2099-01-01T00:00:00Z"


def redeem(code: str, user_id: str = "ann") -> None:
    redemption.redeem(RedeemRequest("acme", code, user_id), utc_now())


def expect_reason(code: str, reason: Reason) -> None:
    with pytest.raises(Refused) as refused:
        redeem(code)
    assert refused.value.reason == reason


def list_timeline(admin: AdminClient, coupon_id: str) -> list[dict[str, Any]]:
    return admin.get(f"codes/{coupon_id}").json["timeline"]


def import_batch(admin: AdminClient, definition_id: str, *lines: str) -> str:
    file = "\n".join(["code,user_id", *lines])
    answer = admin.upload_csv(f"coupons/{definition_id}/import", file)
    return expect_created(answer)["batch_id"]


def read_rows() -> dict[str, tuple[Any, ...]]:
    """Return what a dry run must not change, by code."""
    rows = CouponTable.select(
        CouponTable.code, CouponTable.expires_at, CouponTable.revoked_at
    ).tuples()
    return {code: rest for code, *rest in rows}


def test_a_restored_coupon_is_as_valid_as_before(admin: AdminClient) -> None:
    definition_id = admin.create_definition()["id"]
    (coupon,) = admin.generate_coupons(definition_id, "ann")
    path = f"coupons/{definition_id}/coupons/{coupon['id']}"
    for _ in range(2):
        admin.post(f"{path}/revoke")
        expect_reason(coupon["code"], Reason.REVOKED)
        for _ in range(2):
            assert admin.post(f"{path}/restore").json == coupon
    by = admin.key.key_id
    assert [
        (entry["event"], entry["by"]) for entry in list_timeline(admin, coupon["id"])
    ] == [("generated", None), *[("revoked", by), ("restored", by)] * 2]
    assert len(list(list_events("coupon.restored"))) == 2
    redeem(coupon["code"])
    assert_invariants()


def test_a_batch_is_revoked_and_restored_by_chunks(
    admin: AdminClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    definition_id = admin.create_definition()["id"]
    lines = "USED,ann", "MOVED,ann", "A,ann", "B,bob", "C,"
    batch_id = import_batch(admin, definition_id, *lines)
    monkeypatch.setattr(jobs, "CHUNK_SIZE", 2)
    redeem("USED")
    moved = admin.get("codes?code=MOVED").json["coupons"][0]
    expect_created(admin.post(f"coupons/{definition_id}/coupons/{moved['id']}/reissue"))
    for path, body in (("codes/revoke", {"batch_id": batch_id}), ("restore", None)):
        started = admin.post(path if body else f"batches/{batch_id}/{path}", body)
        assert started.status_code == 202
        job = jobs.run_to_completion(
            jobs.get("acme", started.json["job_id"]), lambda _: None
        )
        done = admin.get(f"codes/jobs/{job.job_id}").json
        assert [done[name] for name in ("state", "done", "skipped")] == [
            "completed",
            3,
            2,
        ]
    assert done["kind"] == "restore"
    assert done["skipped_reasons"] == {"not_revoked": 1, "reissued": 1}
    restored = [data["coupon"] for _, data in list_events("coupon.restored")]
    assert sorted(coupon["code"] for coupon in restored) == ["A", "B"]
    (event,) = list_events("codes.restored")
    assert event[1] == {"job": done}
    coupon_id = admin.get("codes?code=C").json["coupons"][0]["id"]
    entries = list_timeline(admin, coupon_id)
    assert [entry["event"] for entry in entries] == ["imported", "revoked", "restored"]
    assert {entry["by"] for entry in entries} == {admin.key.key_id}
    redeem("A")
    assert_invariants()


def test_what_is_revoked_after_a_restoration_began_stays_revoked(
    admin: AdminClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    definition_id = admin.create_definition()["id"]
    batch_id = import_batch(admin, definition_id, "A,ann", "B,ann")
    monkeypatch.setattr(jobs, "CHUNK_SIZE", 1)
    job = jobs.get("acme", admin.post(f"batches/{batch_id}/restore").json["job_id"])
    admin.post(f"coupons/{definition_id}/coupons/revoke", {"code": "B"})
    done = jobs.run_to_completion(job, lambda _: None)
    assert (done.done_count, done.skipped_reasons) == (0, {"not_revoked": 2})
    expect_reason("B", Reason.REVOKED)


def test_all_codes_of_a_user_are_restored(admin: AdminClient) -> None:
    definition_id = admin.create_definition()["id"]
    (coupon,) = admin.generate_coupons(definition_id, "ann")
    admin.generate_coupons(definition_id, "bob")
    admin.post("codes/revoke", {"user_id": "ann"})
    done = admin.post("codes/restore", {"user_id": "ann"})
    assert (done.status_code, done.json["done"], done.json["skipped"]) == (200, 1, 0)
    entries = list_timeline(admin, coupon["id"])
    assert [entry["event"] for entry in entries] == ["generated", "revoked", "restored"]
    assert_invariants()


def test_the_previous_release_leaves_jobs_alone_that_it_does_not_know(
    admin: AdminClient,
) -> None:
    admin.post("codes/restore", {"user_id": "ann"})
    columns = CodeJobTable.kind, CodeJobTable.state, CodeJobTable.action
    assert list(CodeJobTable.select(*columns).tuples()) == [
        ("extend", "completed", "restore")
    ]


def test_an_interrupted_restoration_is_started_again(
    admin: AdminClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch_id = import_batch(admin, admin.create_definition()["id"], "A,", "B,")
    monkeypatch.setattr(jobs, "CHUNK_SIZE", 1)
    admin.post(f"batches/{batch_id}/restore")
    assert jobs.requeue_stalled_jobs(utc_now()) == 0
    assert jobs.requeue_stalled_jobs(utc_now() + 2 * jobs.STALLED_AFTER) == 1


def test_the_expiry_of_a_coupon_moves_both_ways(admin: AdminClient) -> None:
    definition_id = admin.create_definition(expires_at="2097-01-01T00:00:00Z")["id"]
    (coupon,) = admin.generate_coupons(definition_id, "ann")
    path = f"coupons/{definition_id}/coupons/{coupon['id']}"
    stored = {**coupon, "batch_id": None, "metadata": {}}
    for expires_at in (LATER, SOON, SOON):
        answer = admin.patch(path, {"expires_at": expires_at})
        assert answer.json == {**stored, "expires_at": expires_at}
    assert admin.patch(path, {"expires_at": None}).json == stored
    entries = list_timeline(admin, coupon["id"])[1:]
    assert [(entry["event"], entry["expires_at"]) for entry in entries] == [
        ("expiry_changed", value) for value in (LATER, SOON, None)
    ]
    expect_refusal(
        admin.patch(path, {"expires_at": "2020-01-01T00:00:00Z"}),
        400,
        "EXPIRY_IS_PAST",
    )


@pytest.mark.parametrize("target", ["batch_id", "definition_id", "user_id"])
def test_a_dry_run_of_a_new_expiry_says_what_the_job_then_does(
    admin: AdminClient, target: str
) -> None:
    definition_id = admin.create_definition()["id"]
    lines = "USED,ann", "GONE,ann", "SAME,ann", "A,ann", "B,ann"
    targets = {
        "batch_id": import_batch(admin, definition_id, *lines),
        "definition_id": definition_id,
        "user_id": "ann",
    }
    redeem("USED")
    admin.post(f"coupons/{definition_id}/coupons/revoke", {"code": "GONE"})
    same = admin.get("codes?code=SAME").json["coupons"][0]["id"]
    admin.patch(f"coupons/{definition_id}/coupons/{same}", {"expires_at": SOON})
    for expires_at, skipped_reasons in (
        (SOON, {"used_up": 1, "revoked": 1, "same_expiry": 1}),
        (LATER, {"used_up": 1, "revoked": 1}),
        (None, {"used_up": 1, "revoked": 1}),
        (None, {"used_up": 1, "revoked": 1, "same_expiry": 3}),
    ):
        body = {target: targets[target], "expires_at": expires_at}
        before = read_rows(), admin.get("codes/jobs").json
        planned = admin.post("codes/expiry", {**body, "dry_run": True}).json
        assert (read_rows(), admin.get("codes/jobs").json) == before
        done = admin.post("codes/expiry", body).json
        assert planned["skipped_reasons"] == skipped_reasons
        shared = "state", "kind", "done", "skipped", "skipped_reasons", "expires_at"
        assert [planned[name] for name in shared] == [done[name] for name in shared]
        assert (planned["job_id"], planned["dry_run"], done["dry_run"]) == (
            None,
            True,
            False,
        )
    assert_invariants()


@pytest.mark.parametrize("target", ["batch_id", "user_id"])
def test_a_dry_run_of_a_revocation_and_its_end_changes_nothing(
    admin: AdminClient, target: str
) -> None:
    definition_id = admin.create_definition()["id"]
    batch_id = import_batch(admin, definition_id, "USED,ann", "A,ann", "B,ann")
    body = {target: batch_id if target == "batch_id" else "ann"}
    redeem("USED")
    skipped = {"revoke": {"used_up": 1}, "restore": {"not_revoked": 1}}
    for action, skipped_reasons in skipped.items():
        before = read_rows(), admin.get("codes/jobs").json
        planned = admin.post(f"codes/{action}", {**body, "dry_run": True}).json
        assert (read_rows(), admin.get("codes/jobs").json) == before
        assert (planned["job_id"], planned["dry_run"]) == (None, True)
        done = admin.post(f"codes/{action}", {**body, "dry_run": False}).json
        assert (planned["done"], planned["skipped_reasons"]) == (2, skipped_reasons)
        assert (done["done"], done["skipped_reasons"]) == (2, skipped_reasons)
        assert done["dry_run"] is False


@pytest.mark.parametrize(
    "body",
    [
        {"expires_at": LATER},
        {"user_id": "ann"},
        {"user_id": "ann", "batch_id": None, "expires_at": LATER},
        {"user_id": "ann", "expires_at": LATER, "dry_run": "true"},
        {"user_id": "ann", "expires_at": "2020-01-01T00:00:00Z"},
        {"user_id": "ann", "expires_at": "2020-01-01T00:00:00Z", "dry_run": True},
    ],
    ids=["no target", "no expiry", "null", "text", "past", "past dry run"],
)
def test_a_new_expiry_is_strict(
    sqlite_admin: AdminClient, body: dict[str, Any]
) -> None:
    assert sqlite_admin.post("codes/expiry", body).status_code == 400


def test_a_reissued_coupon_is_replaced_once(admin: AdminClient) -> None:
    definition_id = admin.create_definition()["id"]
    (old,) = admin.generate_coupons(definition_id, "ann")
    path = f"coupons/{definition_id}/coupons/{old['id']}"
    admin.patch(path, {"expires_at": LATER, "metadata": {"wave": 2}})
    new = expect_created(admin.post(f"{path}/reissue"))
    assert admin.get(f"codes/{new['id']}").json["metadata"] == {"wave": 2}
    assert expect_created(admin.post(f"{path}/reissue")) == new
    assert new["code"] != old["code"]
    assert [new[name] for name in ("user_id", "status", "expires_at")] == [
        "ann",
        "active",
        LATER,
    ]
    expect_reason(old["code"], Reason.REVOKED)
    redeem(new["code"])
    expect_refusal(admin.post(f"{path}/restore"), 409, "COUPON_REISSUED")
    old_links = [
        entry.get("new_coupon_id") for entry in list_timeline(admin, old["id"])
    ]
    new_links = [
        entry.get("old_coupon_id") for entry in list_timeline(admin, new["id"])
    ]
    assert (old_links[-1], new_links[:2]) == (new["id"], [None, old["id"]])
    assert len(list(list_events("coupon.generated"))) == 2
    entries, _ = audit.list_entries("acme", audit.AuditFilter(), audit.Page())
    assert [entry.action for entry in entries].count("coupon.reissued") == 1
    assert_invariants()


def test_a_used_coupon_is_reissued_but_not_revoked(admin: AdminClient) -> None:
    definition_id = admin.create_definition()["id"]
    (old,) = admin.generate_coupons(definition_id, "ann")
    redeem(old["code"])
    path = f"coupons/{definition_id}/coupons/{old['id']}"
    redeem(expect_created(admin.post(f"{path}/reissue"))["code"])
    assert admin.get(path).json["status"] == "redeemed"
    assert_invariants()


def test_what_cannot_be_reissued_says_why(admin: AdminClient) -> None:
    shared = {"code_format": "custom", "custom_code": "SAVE10"}
    definition_id = admin.create_definition(**shared)["id"]
    (coupon,) = admin.generate_coupons(definition_id, "ann")
    path = f"coupons/{definition_id}/coupons/{coupon['id']}/reissue"
    message = expect_refusal(admin.post(path), 409, "NOT_REISSUABLE")
    assert message.endswith("other coupons have the same code")
    admin.post(f"coupons/{definition_id}/pause")
    expect_refusal(admin.post(path), 409, "DEFINITION_NOT_ACTIVE")
