"""Repeated redeems: one effect, one response (docs/api-contracts.md 0.12, 0.13)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.test import TestResponse

from coupon_core.persistence.database import execute
from coupon_core.persistence.repositories import tenants
from tests.factories.tenant import TenantFactory
from tests.query_gateway.caller import Caller, CallStyle
from tests.support.database_rows import read_all_rows
from tests.support.databases import on_sqlite

HMAC = CallStyle("A", "hmac")
MALFORMED = ["", " ", "a b", "a,b", "a.b", '"a', 'a"', '""', "'a'", "é", "a" * 256]
REPLAYED = "Idempotent-Replayed"


def redeem(
    caller: Caller,
    code: str,
    key: str,
    body: dict[str, Any] | None = None,
    rest: str = "",
) -> TestResponse:
    """Redeem with an idempotency key, by default for the caller's own user."""
    data = json.dumps(body or {"user_id": caller.user_id}).encode()
    headers = {"Idempotency-Key": key}
    return caller.call("POST", f"/redeem/{code}{rest}", data, headers)


def count_uses(tenant: TenantFactory) -> int:
    sql = "SELECT count(*) FROM redemption WHERE tenant_id = :tenant_id"
    return execute(sql, {"tenant_id": tenant.tenant_id}).fetchone()[0]


def create_unlimited_code(tenant: TenantFactory) -> str:
    """Create a code without a usage limit, so that a second effect would be visible."""
    return tenant.create_code(per_code_limit=0)


def assert_replayed(answer: TestResponse, original: TestResponse) -> None:
    """Assert that the response repeats the original and is marked as replayed."""
    assert (answer.status_code, answer.data) == (original.status_code, original.data)
    assert answer.headers["Content-Type"] == original.headers["Content-Type"]
    assert (original.headers.get(REPLAYED), answer.headers.get(REPLAYED)) == (
        None,
        "true",
    )


def test_the_same_key_gets_the_same_answer_and_one_use(any_caller: Caller) -> None:
    code = create_unlimited_code(any_caller.tenant)
    first = redeem(any_caller, code, "once")
    assert first.status_code == 200, first.text
    assert_replayed(redeem(any_caller, code, "once"), first)
    assert count_uses(any_caller.tenant) == 1


def test_without_a_key_each_is_a_use(caller: Caller) -> None:
    code = create_unlimited_code(caller.tenant)
    assert [caller.redeem(code).status_code for _ in range(2)] == [200, 200]
    assert count_uses(caller.tenant) == 2


def test_another_key_is_another_use(caller: Caller) -> None:
    code = create_unlimited_code(caller.tenant)
    assert redeem(caller, code, "one").status_code == 200
    assert redeem(caller, code, "two").headers.get(REPLAYED) is None
    assert count_uses(caller.tenant) == 2


def test_a_key_may_be_quoted(caller: Caller) -> None:
    code = create_unlimited_code(caller.tenant)
    first = redeem(caller, code, '"a_key-1"')
    assert_replayed(redeem(caller, code, "a_key-1"), first)


def test_a_refusal_is_repeated_also_when_it_would_no_longer_be_made(
    caller: Caller,
) -> None:
    first = redeem(caller, "LATER", "early")
    assert first.status_code == 404
    caller.tenant.define_custom("LATER", claimable=True)
    assert_replayed(redeem(caller, "LATER", "early"), first)
    assert redeem(caller, "LATER", "late").status_code == 200


@pytest.mark.parametrize(
    "change",
    [
        {"body": {"user_id": "ann", "more": 1}},
        {"rest": "?more=1"},
        {"code": "ANOTHER"},
    ],
    ids=["body", "query", "path"],
)
def test_another_request_under_the_same_key_is_422_and_changes_nothing(
    caller: Caller, change: dict[str, Any]
) -> None:
    caller.tenant.define_custom("ANOTHER", claimable=True)
    first = {
        "caller": caller,
        "code": create_unlimited_code(caller.tenant),
        "key": "same",
    }
    assert redeem(**first).status_code == 200
    before = read_all_rows()
    answer = redeem(**{**first, **change})
    assert (answer.status_code, answer.json["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert answer.json["details"][0]["path"] == "Idempotency-Key"
    assert read_all_rows() == before


@on_sqlite
@pytest.mark.parametrize("key", MALFORMED)
def test_a_malformed_key_is_400_and_changes_nothing(caller: Caller, key: str) -> None:
    code = create_unlimited_code(caller.tenant)
    before = read_all_rows()
    answer = redeem(caller, code, key)
    assert answer.status_code == 400
    assert answer.json["details"][0]["path"] == "Idempotency-Key"
    assert read_all_rows() == before


def test_what_only_reads_takes_any_key(caller: Caller) -> None:
    path = caller.build_path("/definitions")
    headers = {**caller.build_headers("GET", path), "Idempotency-Key": "not one"}
    assert caller.client.get(path, headers=headers).status_code == 200


def test_a_key_is_its_users_and_its_tenants_own(
    create_caller: Callable[..., Caller], caller: Caller, other_tenant: TenantFactory
) -> None:
    callers = [
        caller,
        create_caller("bob"),
        create_caller("ann", CallStyle("A", "server-token")),
        Caller(caller.client, other_tenant),
    ]
    for sender in callers:
        code = sender.tenant.create_code(sender.user_id, per_code_limit=0)
        answer = redeem(sender, code, "shared")
        assert (answer.status_code, answer.headers.get(REPLAYED)) == (200, None)


def test_what_was_invalid_can_be_mended_under_the_same_key(caller: Caller) -> None:
    code = create_unlimited_code(caller.tenant)
    assert redeem(caller, code, "corrected", {"user": "ann"}).status_code == 400
    assert redeem(caller, code, "corrected").status_code == 200


def test_who_was_not_let_in_may_come_again_under_the_same_key(caller: Caller) -> None:
    code = create_unlimited_code(caller.tenant)
    assert redeem(caller, code, "denied", {"user_id": "bob"}).status_code == 403
    assert redeem(caller, code, "denied").status_code == 200


def test_a_kept_answer_is_not_readable_in_the_database(caller: Caller) -> None:
    code = create_unlimited_code(caller.tenant)
    redeem(caller, code, "sealed")
    kept = [
        row
        for row in read_all_rows()["idempotency"]
        if row[0] == caller.tenant.tenant_id
    ]
    assert kept
    assert code not in repr(kept)


# ------------------------------------------------------- signed requests, replayed


def sign_redeem(caller: Caller, code: str) -> Callable[..., TestResponse]:
    """Return a function that sends a signed redeem, also with changed headers."""
    path, body = caller.build_path(f"/redeem/{code}"), b'{"user_id": "ann"}'
    content_type = {"Content-Type": "application/json"}
    headers = {**caller.tenant.sign_request("POST", path, body), **content_type}

    def send(query: str = "", **changes: str) -> TestResponse:
        all_headers = {
            **headers,
            **{name.replace("_", "-"): value for name, value in changes.items()},
        }
        return caller.client.post(f"{path}{query}", data=body, headers=all_headers)

    return send


def test_a_replayed_signature_gets_the_same_answer_and_one_use(caller: Caller) -> None:
    send = sign_redeem(caller, create_unlimited_code(caller.tenant))
    first = send()
    assert first.status_code == 200, first.text
    assert_replayed(send(), first)
    assert count_uses(caller.tenant) == 1


def test_a_replayed_refusal_stays_one(caller: Caller) -> None:
    send = sign_redeem(caller, "LATER")
    first = send()
    assert first.status_code == 404
    caller.tenant.define_custom("LATER", claimable=True)
    assert_replayed(send(), first)
    assert count_uses(caller.tenant) == 0


@pytest.mark.parametrize(
    "change",
    [
        {"Idempotency_Key": "new"},
        {"query": "?a=1"},
        {"X_Request_Id": "another"},
    ],
    ids=["key", "query", "header"],
)
def test_what_is_not_signed_makes_no_new_request(
    caller: Caller, change: dict[str, Any]
) -> None:
    send = sign_redeem(caller, create_unlimited_code(caller.tenant))
    first = send()
    assert_replayed(send(**change), first)
    assert count_uses(caller.tenant) == 1


def test_a_signature_in_other_letters_is_the_same(caller: Caller) -> None:
    send = sign_redeem(caller, create_unlimited_code(caller.tenant))
    first = send()
    in_capitals = first.request.headers["X-Signature"].upper()
    assert_replayed(send(X_Signature=in_capitals), first)
    assert count_uses(caller.tenant) == 1


def test_a_new_signature_under_the_same_key_is_the_same_request(
    create_caller: Callable[..., Caller],
) -> None:
    caller = create_caller("ann", HMAC)
    code = create_unlimited_code(caller.tenant)
    first = redeem(caller, code, "renewed")
    assert_replayed(redeem(caller, code, "renewed"), first)
    assert count_uses(caller.tenant) == 1


def test_an_erased_tenant_leaves_no_kept_answers(caller: Caller) -> None:
    redeem(caller, create_unlimited_code(caller.tenant), "gone")
    tenants.erase(caller.tenant.tenant_id)
    remaining_tenant_ids = {row[0] for row in read_all_rows()["idempotency"]}
    assert caller.tenant.tenant_id not in remaining_tenant_ids
