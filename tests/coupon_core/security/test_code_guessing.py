"""Test the limits of failed guesses, with and without Redis."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest
from redis import Redis

from coupon_core.domain.models import Reason, Refused
from coupon_core.security.rate_limiting import blocklist, code_guessing, counters
from coupon_core.security.rate_limiting.blocklist import BLOCKLIST_STREAM
from coupon_core.security.rate_limiting.code_guessing import (
    CodeLookupGuard,
    FailedLookup,
)
from coupon_core.security.rate_limiting.failure_limiter import FailureLimiter
from coupon_core.security.rate_limiting.policy import (
    IN_MEMORY_URL,
    GuessLimits,
    InvalidRateLimit,
    RateLimit,
    RateLimitExceeded,
    parse_rate_limit,
    rate_limit_headers,
)
from tests.support.make_run import TIMEOUT_SECONDS
from tests.support.servers import RedisServer
from tests.support.servers.process import SOON_SECONDS, wait_until

USER, TENANT = RateLimit("user", 3, 600), RateLimit("tenant", 5, 600)
UNREACHABLE_URL = "redis://127.0.0.1:1/0"


@pytest.fixture
def url(redis: RedisServer, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the URL of a Redis without counters, which is waited for."""
    for module in (counters, blocklist):
        monkeypatch.setattr(module, "REDIS_TIMEOUT_SECONDS", SOON_SECONDS)
    redis.flush()
    return redis.url


def create_limiters(
    url: str, count: int = 1, **overrides: RateLimit
) -> list[FailureLimiter]:
    """Return limiters as `count` separate processes would have them."""
    rate_limits = {"per_user": USER, "per_tenant": TENANT} | overrides
    return [FailureLimiter(GuessLimits(url, **rate_limits)) for _ in range(count)]


def spend(
    limiter: FailureLimiter,
    user_id: str | None = "ann",
    times: int = 1,
    key_id: str | None = None,
) -> None:
    for _ in range(times):
        limiter.count("acme", user_id, key_id)


def is_over(
    limiter: FailureLimiter, user_id: str | None = "ann", key_id: str | None = None
) -> str:
    """Return the name of the exceeded limit, or "" if there is none."""
    try:
        limiter.check("acme", user_id, key_id)
    except RateLimitExceeded as error:
        return error.rate_limit.name
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
    assert parse_rate_limit("b", text) == RateLimit("b", amount, seconds)


def test_nothing_is_no_limit() -> None:
    assert parse_rate_limit("b", " ") is None


@pytest.mark.parametrize("text", ["many", "0 per minute", "-1/second", "5", "5/0 days"])
def test_what_is_no_budget_is_told(text: str) -> None:
    with pytest.raises(InvalidRateLimit):
        parse_rate_limit("b", text)


def test_a_refusal_says_how_much_is_allowed_and_when_there_is_more() -> None:
    assert rate_limit_headers(RateLimitExceeded(USER, 12.3)) == {
        "Retry-After": "13",
        "RateLimit-Policy": '"user";q=3;w=600',
        "RateLimit": '"user";r=0;t=13',
    }


# ------------------------------------------------------------------------- counting


@pytest.mark.parametrize("kind", ["alone", "together"])
def test_after_the_budget_the_user_is_refused_and_nobody_else(
    kind: str, url: str
) -> None:
    [limiter] = create_limiters(IN_MEMORY_URL if kind == "alone" else url)
    spend(limiter, times=USER.amount - 1)
    assert is_over(limiter) == ""
    spend(limiter)
    assert is_over(limiter) == "user"
    assert is_over(limiter, "bob") == ""
    with pytest.raises(RateLimitExceeded):
        spend(limiter)


def test_all_users_of_a_tenant_together_have_a_budget_too(url: str) -> None:
    [limiter] = create_limiters(url)
    for number in range(TENANT.amount):
        spend(limiter, f"user-{number}")
    assert is_over(limiter, "a new one") == "tenant"
    limiter.check("globex", "ann")


def test_credential_without_user_has_a_limit_of_its_own(url: str) -> None:
    [limiter] = create_limiters(url)
    spend(limiter, None, TENANT.amount, key_id="leaked")
    assert is_over(limiter, None, "leaked") == "guesses-per-key"
    assert is_over(limiter, "ann", "leaked") == ""
    assert is_over(limiter, "ann") == ""
    assert is_over(limiter, None, "other key") == ""
    assert is_over(limiter, None) == ""


ODD_NAMES = ["None", "null", "acme", "tenant", "key", "a/b", '"', '["user", "acme"]']


@pytest.mark.parametrize("name", ODD_NAMES)
def test_callers_with_similar_names_do_not_share_a_limit(name: str) -> None:
    callers = {(name, None), (None, name), (None, None), (f"{name}/{name}", None)}
    for user_id, key_id in callers:
        [limiter] = create_limiters(
            IN_MEMORY_URL, per_tenant=RateLimit("tenant", 9, 600)
        )
        spend(limiter, user_id, USER.amount if user_id else 9, key_id)
        blocked = {caller for caller in callers if is_over(limiter, *caller)}
        assert blocked == {(user_id, key_id)}


def test_one_process_hears_of_what_was_spent_in_others(url: str) -> None:
    first, second = create_limiters(url, 2)
    spend(first, times=2)
    spend(second)
    assert is_over(second) == "user"
    wait_until(lambda: is_over(first) == "user", TIMEOUT_SECONDS, "the other process")


def test_a_process_that_starts_hears_of_what_was_before(url: str) -> None:
    spend(create_limiters(url)[0], times=USER.amount)
    [late] = create_limiters(url)
    wait_until(lambda: is_over(late) == "user", TIMEOUT_SECONDS, "the new process")


def test_the_time_over_all_is_as_before(url: str) -> None:
    [limiter] = create_limiters(url, per_user=RateLimit("user", 1, 1))
    spend(limiter)
    assert is_over(limiter) == "user"
    wait_until(lambda: is_over(limiter) == "", TIMEOUT_SECONDS, "the end of the window")
    spend(limiter)


# --------------------------------------------------------- while Redis is unavailable


def test_what_a_user_has_left_is_known_only_if_it_is_counted_together(
    url: str,
) -> None:
    first, second = create_limiters(url, 2)
    assert second.count_remaining("acme", "ann") == 3
    spend(first, times=2)
    assert second.count_remaining("acme", "ann") == 1
    with pytest.raises(RateLimitExceeded):
        spend(first, times=2)
    assert second.count_remaining("acme", "ann") == 0
    assert second.count_remaining("acme", "ben") == 3
    [alone] = create_limiters(IN_MEMORY_URL)
    assert alone.count_remaining("acme", "ann") is None


def test_without_redis_each_process_counts_by_itself() -> None:
    first, second = create_limiters(UNREACHABLE_URL, 2)
    spend(first, times=USER.amount)
    assert (is_over(first), is_over(second)) == ("user", "")


def test_a_redis_that_does_not_answer_is_waited_for_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        [limiter] = create_limiters(f"redis://127.0.0.1:{port}/0")
        started_at = time.monotonic()
        spend(limiter)
        assert not limiter.counters.is_shared
        spend(limiter, times=USER.amount - 1)
        assert is_over(limiter) == "user"
        assert time.monotonic() - started_at < SOON_SECONDS


def test_when_redis_is_back_it_is_counted_together_again(url: str) -> None:
    first, second = create_limiters(url, 2)
    for limiter in (first, second):
        limiter.counters.fall_back_to_memory()
        wait_until(
            lambda limiter=limiter: limiter.counters.is_shared,
            TIMEOUT_SECONDS,
            "to share again",
        )
    spend(first, times=2)
    spend(second)
    assert is_over(second) == "user"


def test_a_flushed_redis_does_not_let_the_blocked_go_on(
    redis: RedisServer, url: str
) -> None:
    [limiter] = create_limiters(url)
    spend(limiter, times=USER.amount)
    redis.flush()
    assert is_over(limiter) == "user"


def test_what_is_no_block_in_the_stream_is_passed_over(
    redis: RedisServer, url: str
) -> None:
    [limiter] = create_limiters(url)
    with Redis(port=redis.port) as client:
        client.xadd(BLOCKLIST_STREAM, {"budget": "unheard of", "key": "acme/ann"})
    spend(create_limiters(url)[0], times=USER.amount)
    wait_until(lambda: is_over(limiter) == "user", TIMEOUT_SECONDS, "the other process")


# ---------------------------------------------------------------------- what counts


@pytest.fixture
def allowed() -> Iterator[None]:
    code_guessing.configure(GuessLimits(IN_MEMORY_URL, USER, None))
    yield
    code_guessing.configure(GuessLimits())


def fail_with(reason: Reason) -> None:
    with pytest.raises(Refused) as caught, CodeLookupGuard("acme", "ann"):
        raise Refused(reason)
    if isinstance(caught.value, FailedLookup):
        caught.value.count_failure()


@pytest.mark.usefixtures("allowed")
def test_only_unknown_codes_count() -> None:
    for reason in set(Reason) - code_guessing.FAILURE_REASONS:
        for _ in range(USER.amount + 1):
            fail_with(reason)
    for _ in range(USER.amount):
        fail_with(Reason.COUPON_NOT_FOUND)
    with pytest.raises(RateLimitExceeded), CodeLookupGuard("acme", "ann"):
        raise AssertionError("it must not come to this")


@pytest.mark.usefixtures("allowed")
def test_refusal_keeps_its_reason_and_is_counted_only_when_asked_to() -> None:
    for _ in range(USER.amount + 1):
        with pytest.raises(FailedLookup) as caught, CodeLookupGuard("acme", "ann"):
            raise Refused(Reason.COUPON_NOT_FOUND, "detail")
        assert caught.value.reason == Reason.COUPON_NOT_FOUND
        assert caught.value.detail == "detail"


@pytest.mark.usefixtures("allowed")
def test_failure_of_one_request_is_not_counted_in_the_next() -> None:
    for _ in range(USER.amount + 1):
        with pytest.raises(FailedLookup), CodeLookupGuard("acme", "ann"):
            raise Refused(Reason.COUPON_NOT_FOUND)
        with CodeLookupGuard("acme", "bob") as guard:
            guard.count_outcome(None)
