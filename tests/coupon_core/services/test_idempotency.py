"""Taking a request up, answering it once, forgetting it: the core of idempotency."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from coupon_core.domain.models.idempotency import (
    IdempotentRequest,
    RequestAttempt,
    StoredResponse,
)
from coupon_core.persistence.database import execute, transaction
from coupon_core.services import idempotency
from coupon_core.services.idempotency import (
    LEASE,
    AlreadyCompleted,
    KeyReused,
    RequestInProgress,
    compute_digest,
)
from tests.factories.tenant import NOW, TenantFactory
from tests.support.concurrency import run_concurrently

ANSWER = StoredResponse(
    201, (("Content-Type", "application/json"),), '{"é":1}'.encode()
)
LATER = NOW + LEASE + timedelta(seconds=1)


def asked(
    tenant: TenantFactory, key: str = "k", fingerprint: str = "f"
) -> IdempotentRequest:
    return IdempotentRequest(
        tenant.tenant_id, key, fingerprint, NOW + timedelta(days=1)
    )


def begin(one: IdempotentRequest, now: datetime = NOW) -> str:
    """Take it up, which must succeed."""
    token = idempotency.acquire(one, now)
    assert isinstance(token, str)
    return token


def finish(work: RequestAttempt, answer: StoredResponse = ANSWER) -> None:
    with transaction():
        idempotency.complete(work, answer)


def test_an_answer_comes_back_as_it_was(tenant: TenantFactory) -> None:
    one = asked(tenant)
    finish(RequestAttempt(one, begin(one), None))
    assert idempotency.acquire(one, NOW) == ANSWER


def test_while_one_is_at_it_the_others_are_told(tenant: TenantFactory) -> None:
    begin(asked(tenant))
    with pytest.raises(RequestInProgress):
        idempotency.acquire(asked(tenant), NOW + LEASE - timedelta(seconds=1))


def test_what_a_killed_process_left_can_be_taken_up_after_its_lease(
    tenant: TenantFactory,
) -> None:
    one = asked(tenant)
    lost = begin(one)
    assert begin(one, LATER) != lost


def test_who_was_too_slow_must_roll_back(tenant: TenantFactory) -> None:
    one = asked(tenant)
    slow, quick = begin(one), begin(one, LATER)
    with pytest.raises(AlreadyCompleted):
        finish(RequestAttempt(one, slow, None))
    finish(RequestAttempt(one, quick, None))
    with pytest.raises(AlreadyCompleted):
        finish(RequestAttempt(one, slow, None))
    assert idempotency.find_stored_response(one) == ANSWER


def test_of_many_one_takes_it_up(tenant: TenantFactory) -> None:
    one = asked(tenant)

    def task() -> str:
        try:
            return "mine" if idempotency.acquire(one, NOW) else ""
        except RequestInProgress:
            return "another's"

    assert sorted(run_concurrently([task] * 8)) == ["another's"] * 7 + ["mine"]


@pytest.mark.parametrize("moment", [NOW, LATER], ids=["at once", "after the lease"])
def test_a_key_of_another_request_is_not_taken_up(
    tenant: TenantFactory, moment: datetime
) -> None:
    begin(asked(tenant))
    with pytest.raises(KeyReused):
        idempotency.acquire(asked(tenant, fingerprint="other"), moment)


def test_what_was_given_up_can_be_taken_up_at_once(tenant: TenantFactory) -> None:
    one = asked(tenant)
    idempotency.release(RequestAttempt(one, begin(one), None))
    begin(one)


def test_an_answer_is_not_given_up(tenant: TenantFactory) -> None:
    one = asked(tenant)
    work = RequestAttempt(one, begin(one), None)
    finish(work)
    idempotency.release(work)
    assert idempotency.find_stored_response(one) == ANSWER


def test_a_signature_is_answered_once(tenant: TenantFactory) -> None:
    work = RequestAttempt(None, "", asked(tenant))
    finish(work)
    with pytest.raises(AlreadyCompleted):
        finish(work, replace(ANSWER, status=404))
    assert idempotency.find_stored_response(asked(tenant)) == ANSWER


def test_an_effect_that_is_rolled_back_leaves_no_answer(tenant: TenantFactory) -> None:
    one = asked(tenant)
    work = RequestAttempt(one, begin(one), asked(tenant, "signature"))

    def fail() -> None:
        with transaction():
            idempotency.complete(work, ANSWER)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert idempotency.find_stored_response(one) is None
    assert idempotency.find_stored_response(asked(tenant, "signature")) is None


def test_what_was_kept_long_enough_is_forgotten_in_batches(
    tenant: TenantFactory,
) -> None:
    execute("DELETE FROM idempotency", {})
    for key in "abc":
        finish(RequestAttempt(None, "", asked(tenant, key)))
    end = asked(tenant).kept_until
    finish(
        RequestAttempt(None, "", replace(asked(tenant, "d"), kept_until=end + LEASE))
    )
    assert idempotency.purge(end, 2) == 0
    after = end + timedelta(seconds=1)
    assert [idempotency.purge(after, 2) for _ in range(3)] == [2, 1, 0]
    left = execute("SELECT request_key FROM idempotency", {}).fetchall()
    assert [key for (key,) in left] == ["d"]


def test_keys_of_different_parts_differ() -> None:
    parts = [(b"ab", b"c"), (b"a", b"bc"), (b"abc",), (b"abc", b""), (b"1,1\na", b"b")]
    assert len({compute_digest(*one) for one in parts}) == len(parts)


# ------------------------------------------------- a transaction within another one


def test_a_part_that_fails_is_undone_by_itself(tenant: TenantFactory) -> None:
    def fail() -> None:
        with transaction():
            tenant.define_custom("SECOND")
            raise ZeroDivisionError

    with transaction():
        tenant.define_custom("FIRST")
        with pytest.raises(ZeroDivisionError):
            fail()
    sql = "SELECT custom_code FROM definition WHERE tenant_id = :tenant_id"
    found = execute(sql, {"tenant_id": tenant.tenant_id}).fetchall()
    assert [code for (code,) in found] == ["FIRST"]


def test_a_lost_race_within_a_transaction_is_decided_again(
    tenant: TenantFactory,
) -> None:
    """PostgreSQL takes nothing more after an error, but for what is done apart."""
    code = tenant.issue_code(tenant.define(per_code_limit=0, total_limit=3))

    def task() -> int:
        with transaction():
            tenant.redeem(code)
            return len(execute("SELECT 1 AS one", {}).fetchall())

    outcomes = run_concurrently([task] * 6)
    assert sorted(map(str, outcomes)) == ["1"] * 3 + ["pool_empty"] * 3
