"""Budgets of failed guesses: counted alone or together, and what Redis may do to it."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest
from redis import Redis

from coupon_core.domain.models import Reason, Refused
from coupon_core.security.rate_limiting import code_guessing
from coupon_core.security.rate_limiting.blocklist import STREAM
from coupon_core.security.rate_limiting.code_guessing import Guess, count_failure
from coupon_core.security.rate_limiting.failure_limiter import Spending
from coupon_core.security.rate_limiting.policy import (
    ALONE,
    Allowed,
    BadBudget,
    Budget,
    OverBudget,
    budget_of,
    fields_of,
)
from tests.runs import SECONDS
from tests.servers import RedisServer
from tests.servers.process import wait_until

USER, TENANT = Budget("user", 3, 600), Budget("tenant", 5, 600)
NOWHERE = "redis://127.0.0.1:1/0"


@pytest.fixture
def url(redis: RedisServer) -> str:
    """A Redis in which nothing has been counted."""
    redis.flush()
    return redis.url


def spendings(url: str, count: int = 1, **budgets: Budget) -> list[Spending]:
    """As many processes as wanted would have them."""
    both = {"per_user": USER, "per_tenant": TENANT} | budgets
    return [Spending(Allowed(url, **both)) for _ in range(count)]


def spend(one: Spending, user_id: str | None = "ann", times: int = 1) -> None:
    for _ in range(times):
        one.count("acme", user_id)


def is_over(one: Spending, user_id: str | None = "ann") -> str:
    """The name of the budget that a guess would be refused by, if any."""
    try:
        one.check("acme", user_id)
    except OverBudget as over:
        return over.budget.name
    return ""


# ---------------------------------------------------------------------- pure policy


@pytest.mark.parametrize(
    ("text", "amount", "seconds"),
    [
        ("100 per 10 minutes", 100, 600),
        ("5/second", 5, 1),
        ("1 per day", 1, 86_400),
        (" 20 PER 2 hours ", 20, 7_200),
    ],
)
def test_a_budget_is_an_amount_and_a_time(text: str, amount: int, seconds: int) -> None:
    assert budget_of("b", text) == Budget("b", amount, seconds)


def test_nothing_is_no_limit() -> None:
    assert budget_of("b", " ") is None


@pytest.mark.parametrize("text", ["many", "0 per minute", "-1/second", "5", "5/0 days"])
def test_what_is_no_budget_is_told(text: str) -> None:
    with pytest.raises(BadBudget):
        budget_of("b", text)


def test_a_refusal_says_how_much_is_allowed_and_when_there_is_more() -> None:
    assert fields_of(OverBudget(USER, 12.3)) == {
        "Retry-After": "13",
        "RateLimit-Policy": '"user";q=3;w=600',
        "RateLimit": '"user";r=0;t=13',
    }


# ------------------------------------------------------------------------- counting


@pytest.mark.parametrize("kind", ["alone", "together"])
def test_after_the_budget_the_user_is_refused_and_nobody_else(
    kind: str, url: str
) -> None:
    [one] = spendings(ALONE if kind == "alone" else url)
    spend(one, times=USER.amount - 1)
    assert is_over(one) == ""
    spend(one)
    assert is_over(one) == "user"
    assert is_over(one, "bob") == ""
    with pytest.raises(OverBudget):
        spend(one)


def test_all_users_of_a_tenant_together_have_a_budget_too(url: str) -> None:
    [one] = spendings(url)
    for number in range(TENANT.amount):
        spend(one, f"user-{number}")
    assert is_over(one, "a new one") == "tenant"
    one.check("globex", "ann")


def test_a_guess_for_nobody_is_the_tenants(url: str) -> None:
    [one] = spendings(url)
    spend(one, None, TENANT.amount)
    assert is_over(one, None) == "tenant"


def test_one_process_hears_of_what_was_spent_in_others(url: str) -> None:
    first, second = spendings(url, 2)
    spend(first, times=2)
    spend(second)
    assert is_over(second) == "user"
    wait_until(lambda: is_over(first) == "user", SECONDS, "the other process")


def test_a_process_that_starts_hears_of_what_was_before(url: str) -> None:
    spend(spendings(url)[0], times=USER.amount)
    [late] = spendings(url)
    wait_until(lambda: is_over(late) == "user", SECONDS, "the new process")


def test_the_time_over_all_is_as_before(url: str) -> None:
    [one] = spendings(url, per_user=Budget("user", 1, 1))
    spend(one)
    assert is_over(one) == "user"
    wait_until(lambda: is_over(one) == "", SECONDS, "the end of the window")
    spend(one)


# -------------------------------------------------------------- while Redis is away


def test_without_redis_each_process_counts_by_itself() -> None:
    first, second = spendings(NOWHERE, 2)
    spend(first, times=USER.amount)
    assert (is_over(first), is_over(second)) == ("user", "")


def test_a_redis_that_does_not_answer_is_waited_for_once(url: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        [one] = spendings(f"redis://127.0.0.1:{port}/0")
        began = time.monotonic()
        spend(one, times=USER.amount)
        assert is_over(one) == "user"
        assert time.monotonic() - began < 5


def test_when_redis_is_back_it_is_counted_together_again(url: str) -> None:
    first, second = spendings(url, 2)
    for one in (first, second):
        one.counters.count_alone()
        wait_until(lambda one=one: one.counters.is_shared, SECONDS, "to share again")
    spend(first, times=2)
    spend(second)
    assert is_over(second) == "user"


def test_a_flushed_redis_does_not_let_the_blocked_go_on(
    redis: RedisServer, url: str
) -> None:
    [one] = spendings(url)
    spend(one, times=USER.amount)
    redis.flush()
    assert is_over(one) == "user"


def test_what_is_no_block_in_the_stream_is_passed_over(
    redis: RedisServer, url: str
) -> None:
    [one] = spendings(url)
    with Redis(port=redis.port) as client:
        client.xadd(STREAM, {"budget": "unheard of", "key": "acme/ann"})
    spend(spendings(url)[0], times=USER.amount)
    wait_until(lambda: is_over(one) == "user", SECONDS, "the other process")


# ---------------------------------------------------------------------- what counts


@pytest.fixture
def allowed() -> Iterator[None]:
    code_guessing.allow(Allowed(ALONE, USER, None))
    yield
    code_guessing.allow(Allowed())


def fail_with(reason: Reason) -> None:
    with pytest.raises(Refused), Guess("acme", "ann"):
        raise Refused(reason)
    count_failure()


@pytest.mark.usefixtures("allowed")
def test_only_unknown_codes_count() -> None:
    for reason in set(Reason) - code_guessing.FAILURES:
        for _ in range(USER.amount + 1):
            fail_with(reason)
    for _ in range(USER.amount):
        fail_with(Reason.COUPON_NOT_FOUND)
    with pytest.raises(OverBudget), Guess("acme", "ann"):
        raise AssertionError("it must not come to this")


@pytest.mark.usefixtures("allowed")
def test_a_failure_is_counted_once() -> None:
    fail_with(Reason.COUPON_NOT_FOUND)
    for _ in range(USER.amount):
        count_failure()
    with Guess("acme", "ann"):
        pass
