"""Tests of idempotency: acquire, complete, release and purge requests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from coupon_core.domain.models import utc_now
from coupon_core.domain.models.idempotency import (
    IdempotentRequest,
    RequestAttempt,
    Result,
    StoredResponse,
)
from coupon_core.persistence.database import execute, transaction
from coupon_core.security.rate_limiting.policy import RateLimitExceeded
from coupon_core.services import idempotency
from coupon_core.services.idempotency import (
    LEASE,
    REFUSAL_RETENTION,
    AlreadyCompleted,
    KeyReused,
    RequestInProgress,
    compute_digest,
)
from tests.factories.tenant import NOW, TenantFactory
from tests.support.concurrency import run_concurrently

RESPONSE = StoredResponse(
    201, (("Content-Type", "application/json"),), '{"é":1}'.encode()
)
LATER = NOW + LEASE + timedelta(seconds=1)


def build_request(
    tenant: TenantFactory, key: str = "k", fingerprint: str = "f"
) -> IdempotentRequest:
    return IdempotentRequest(
        tenant.tenant_id, key, fingerprint, NOW + timedelta(days=1)
    )


def acquire(request: IdempotentRequest, now: datetime = NOW) -> str:
    """Acquire a request, which must succeed, and return the token."""
    token = idempotency.acquire(request, now)
    assert isinstance(token, str)
    return token


def complete(attempt: RequestAttempt, response: StoredResponse = RESPONSE) -> None:
    with transaction():
        idempotency.complete(attempt, response)


def test_an_answer_comes_back_as_it_was(tenant: TenantFactory) -> None:
    request = build_request(tenant)
    complete(RequestAttempt(request, acquire(request), None))
    assert idempotency.acquire(request, NOW) == RESPONSE


def test_while_one_is_at_it_the_others_are_told(tenant: TenantFactory) -> None:
    acquire(build_request(tenant))
    with pytest.raises(RequestInProgress):
        idempotency.acquire(build_request(tenant), NOW + LEASE - timedelta(seconds=1))


def test_what_a_killed_process_left_can_be_taken_up_after_its_lease(
    tenant: TenantFactory,
) -> None:
    request = build_request(tenant)
    lost_token = acquire(request)
    assert acquire(request, LATER) != lost_token


def test_who_was_too_slow_must_roll_back(tenant: TenantFactory) -> None:
    request = build_request(tenant)
    slow_token, quick_token = acquire(request), acquire(request, LATER)
    with pytest.raises(AlreadyCompleted):
        complete(RequestAttempt(request, slow_token, None))
    complete(RequestAttempt(request, quick_token, None))
    with pytest.raises(AlreadyCompleted):
        complete(RequestAttempt(request, slow_token, None))
    assert idempotency.find_stored_response(request) == RESPONSE


def test_of_many_one_takes_it_up(tenant: TenantFactory) -> None:
    request = build_request(tenant)

    def try_acquire() -> str:
        try:
            return "mine" if idempotency.acquire(request, NOW) else ""
        except RequestInProgress:
            return "another's"

    assert sorted(run_concurrently([try_acquire] * 8)) == ["another's"] * 7 + ["mine"]


@pytest.mark.parametrize("moment", [NOW, LATER], ids=["at once", "after the lease"])
def test_a_key_of_another_request_is_not_taken_up(
    tenant: TenantFactory, moment: datetime
) -> None:
    acquire(build_request(tenant))
    with pytest.raises(KeyReused):
        idempotency.acquire(build_request(tenant, fingerprint="other"), moment)


def test_what_was_given_up_can_be_taken_up_at_once(tenant: TenantFactory) -> None:
    request = build_request(tenant)
    idempotency.release(RequestAttempt(request, acquire(request), None))
    acquire(request)


def test_an_answer_is_not_given_up(tenant: TenantFactory) -> None:
    request = build_request(tenant)
    attempt = RequestAttempt(request, acquire(request), None)
    complete(attempt)
    idempotency.release(attempt)
    assert idempotency.find_stored_response(request) == RESPONSE


def test_a_signature_is_answered_once(tenant: TenantFactory) -> None:
    attempt = RequestAttempt(None, "", build_request(tenant))
    complete(attempt)
    with pytest.raises(AlreadyCompleted):
        complete(attempt, replace(RESPONSE, status=404))
    assert idempotency.find_stored_response(build_request(tenant)) == RESPONSE


def test_an_effect_that_is_rolled_back_leaves_no_answer(tenant: TenantFactory) -> None:
    request = build_request(tenant)
    attempt = RequestAttempt(
        request, acquire(request), build_request(tenant, "signature")
    )

    def fail() -> None:
        with transaction():
            idempotency.complete(attempt, RESPONSE)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert idempotency.find_stored_response(request) is None
    assert idempotency.find_stored_response(build_request(tenant, "signature")) is None


def test_what_was_kept_long_enough_is_forgotten_in_batches(
    tenant: TenantFactory,
) -> None:
    execute("DELETE FROM idempotency", {})
    for key in "abc":
        complete(RequestAttempt(None, "", build_request(tenant, key)))
    end = build_request(tenant).kept_until
    complete(
        RequestAttempt(
            None, "", replace(build_request(tenant, "d"), kept_until=end + LEASE)
        )
    )
    assert idempotency.purge(end, 2) == 0
    after = end + timedelta(seconds=1)
    assert [idempotency.purge(after, 2) for _ in range(3)] == [2, 1, 0]
    left = execute("SELECT request_key FROM idempotency", {}).fetchall()
    assert [key for (key,) in left] == ["d"]


def test_keys_of_different_parts_differ() -> None:
    parts = [(b"ab", b"c"), (b"a", b"bc"), (b"abc",), (b"abc", b""), (b"1,1\na", b"b")]
    assert len({compute_digest(*part_tuple) for part_tuple in parts}) == len(parts)


# ----------------------------------------------------------- nested transactions


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
    """After an error PostgreSQL accepts only a rollback, here to a savepoint."""
    code = tenant.issue_code(tenant.define(per_code_limit=0, total_limit=3))

    def task() -> int:
        with transaction():
            tenant.redeem(code)
            return len(execute("SELECT 1 AS one", {}).fetchall())

    outcomes = run_concurrently([task] * 6)
    assert sorted(map(str, outcomes)) == ["1"] * 3 + ["pool_empty"] * 3


# ------------------------------------------------- retention, and keys of a caller

MAX_KEYS = 3


@pytest.fixture
def limited_keys() -> Iterator[None]:
    """Let each caller have few live keys."""
    idempotency.configure(MAX_KEYS)
    yield
    idempotency.configure(0)


def build_callers_request(
    tenant: TenantFactory, key: str, caller: str = "ann"
) -> IdempotentRequest:
    return replace(
        build_request(tenant, key),
        caller=caller,
        refusal_kept_until=NOW + REFUSAL_RETENTION,
    )


@pytest.mark.parametrize(
    ("status", "is_kept"), [(200, True), (201, True), (400, False), (404, False)]
)
def test_refusal_is_forgotten_after_minutes_and_success_is_not(
    tenant: TenantFactory, status: int, is_kept: bool
) -> None:
    request = build_callers_request(tenant, "k")
    response = replace(RESPONSE, status=status)
    complete(RequestAttempt(request, acquire(request), None), response)
    early = NOW + REFUSAL_RETENTION - timedelta(seconds=1)
    assert idempotency.acquire(request, early) == response
    late = NOW + REFUSAL_RETENTION + timedelta(seconds=1)
    again = replace(request, fingerprint="f" if is_kept else "other")
    assert isinstance(idempotency.acquire(again, late), StoredResponse) == is_kept
    assert idempotency.purge(late, 10) >= 0


@pytest.mark.usefixtures("limited_keys")
@pytest.mark.parametrize("is_answered", [True, False])
def test_caller_with_too_many_keys_gets_no_new_one(
    tenant: TenantFactory, is_answered: bool
) -> None:
    requests = [build_callers_request(tenant, key) for key in "abc"]
    for request in requests:
        attempt = RequestAttempt(request, acquire(request), None)
        if is_answered:
            complete(attempt)
    with pytest.raises(RateLimitExceeded) as caught:
        idempotency.acquire(build_callers_request(tenant, "d"), NOW)
    assert caught.value.retry_after == timedelta(days=1).total_seconds()
    assert "3 of this caller" in caught.value.text
    if is_answered:
        assert idempotency.acquire(requests[0], NOW) == RESPONSE
    else:
        acquire(requests[0], LATER)
    acquire(build_callers_request(tenant, "d", caller="bob"))
    acquire(build_callers_request(tenant, "e", caller=""))


@pytest.mark.usefixtures("limited_keys")
def test_caller_may_use_new_keys_once_old_ones_are_past_their_retention(
    tenant: TenantFactory,
) -> None:
    for key in "abc":
        request = build_callers_request(tenant, key)
        refusal = replace(RESPONSE, status=404)
        complete(RequestAttempt(request, acquire(request), None), refusal)
    with pytest.raises(RateLimitExceeded) as caught:
        idempotency.acquire(build_callers_request(tenant, "d"), NOW)
    assert caught.value.retry_after == REFUSAL_RETENTION.total_seconds()
    acquire(
        build_callers_request(tenant, "d"),
        NOW + REFUSAL_RETENTION + timedelta(seconds=1),
    )


@pytest.mark.usefixtures("limited_keys")
def test_released_keys_do_not_count(tenant: TenantFactory) -> None:
    for number in range(MAX_KEYS + 1):
        request = build_callers_request(tenant, f"k{number}")
        idempotency.release(RequestAttempt(request, acquire(request), None))


def run_once(
    request: IdempotentRequest, run: Callable[[], Result], final: bool, several: bool
) -> Result | StoredResponse:
    """Run a request that answers its failure with a final response, or with none."""
    return idempotency.execute_once(
        request,
        None,
        run=run,
        handle_failure=lambda _: Result("failed", RESPONSE if final else None),
        has_several_transactions=several,
    )


@pytest.mark.parametrize("several", [False, True])
@pytest.mark.parametrize("final", [False, True])
def test_a_request_runs_again_only_if_its_response_was_not_final(
    tenant: TenantFactory, final: bool, several: bool
) -> None:
    first, second = (
        Result(name, RESPONSE if final else None) for name in ("first", "second")
    )
    kept_until = utc_now() + timedelta(days=1)
    request = replace(build_request(tenant), kept_until=kept_until)
    assert run_once(request, lambda: first, final, several) == first
    repeated = run_once(request, lambda: second, final, several)
    assert repeated == (RESPONSE if final else second)


@pytest.mark.parametrize("final", [False, True])
def test_a_failed_request_keeps_its_final_response_and_nothing_else(
    tenant: TenantFactory, final: bool
) -> None:
    request = build_request(tenant)

    def store_and_fail() -> Result:
        complete(RequestAttempt(None, "", build_request(tenant, "effect")))
        raise ValueError

    result = run_once(request, store_and_fail, final, several=False)
    assert result == Result("failed", RESPONSE if final else None)
    assert idempotency.find_stored_response(build_request(tenant, "effect")) is None
    assert isinstance(idempotency.acquire(request, NOW), StoredResponse) == final
