"""What is tried again, and what the tries have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from coupons_sdk import (
    ConnectionFailed,
    ConnectionTimeout,
    CouponsError,
    LogEntry,
    RateLimited,
    ServerError,
    retries,
)
from tests.sdk.clients import (
    BOTH,
    BOTH_ADMIN,
    COUPON,
    Run,
    run_sync,
    run_sync_admin,
)
from tests.sdk.scripted_server import (
    Act,
    answer,
    cut,
    cut_in_the_middle,
    refuse,
    scripted_server,
    stay_silent,
)
from tests.support.ports import find_free_port

OK = answer(200, COUPON)


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retries, "FIRST_PAUSE_SECONDS", 0.0)


class CountingCredential:
    """A credential that shows how often it was asked."""

    def __init__(self) -> None:
        self.count = 0

    def build_headers(
        self, method: str, target: bytes, body: bytes
    ) -> Mapping[str, str]:
        """Return the number of the try."""
        self.count += 1
        return {"X-Try": str(self.count)}


def redeem(client: Any) -> Any:
    return client.redeem("SAVE10", "ann")


@BOTH
@pytest.mark.parametrize(
    "act",
    [
        *(refuse(status, "UNAVAILABLE") for status in (502, 503, 504)),
        refuse(429, "RATE_LIMITED", Retry_After="0"),
        refuse(409, "REQUEST_UNDER_WAY", Retry_After="0"),
        answer(502, "<html>Bad gateway</html>"),
        cut,
        cut_in_the_middle,
    ],
    ids=["502", "503", "504", "429", "409", "html", "cut", "cut-in-the-middle"],
)
def test_a_redeem_is_tried_again_with_the_same_key_and_a_new_signature(
    run: Run, act: Act
) -> None:
    with scripted_server(act, act, OK) as server:
        coupon = run(server.url, redeem, credential=CountingCredential())
    assert coupon.code == "SAVE10"
    keys = {request.headers["idempotency-key"] for request in server.received}
    tries = [request.headers["x-try"] for request in server.received]
    bodies = {request.body for request in server.received}
    assert (len(keys), tries, len(bodies)) == (1, ["1", "2", "3"], 1)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        *((400, "COUPON_EXPIRED"), (401, "AUTH_001"), (403, "ACCESS_DENIED")),
        *((404, "COUPON_NOT_FOUND"), (409, "RESERVATION_EXPIRED"), (413, "TOO_LARGE")),
        *((422, "IDEMPOTENCY_KEY_REUSED"), (500, "INTERNAL_ERROR"), (501, "NO")),
    ],
)
def test_final_answers_are_not_tried_again(status: int, code: str) -> None:
    with scripted_server(refuse(status, code)) as server:
        with pytest.raises(CouponsError):
            run_sync(server.url, redeem)
        assert len(server.received) == 1


@BOTH
def test_the_last_error_is_raised_after_three_tries(run: Run) -> None:
    entries: list[LogEntry] = []
    with scripted_server(refuse(503, "UNAVAILABLE")) as server:
        with pytest.raises(ServerError) as raised:
            run(server.url, redeem, log=entries.append)
        assert len(server.received) == 3
    assert (raised.value.status, raised.value.request_id) == (503, "r1")
    assert [entry.attempt for entry in entries] == [1, 2, 3]
    assert [entry.pause is None for entry in entries] == [False, False, True]


@BOTH
def test_without_an_answer_the_outcome_is_unknown(run: Run) -> None:
    with scripted_server(cut) as server:
        with pytest.raises(ConnectionFailed) as raised:
            run(server.url, redeem, max_retries=1)
        assert len(server.received) == 2
    assert raised.value.is_outcome_unknown


@BOTH
def test_a_server_that_is_away_has_done_nothing(run: Run) -> None:
    url = f"http://127.0.0.1:{find_free_port()}"
    entries: list[LogEntry] = []
    with pytest.raises(ConnectionFailed) as raised:
        run(url, redeem, log=entries.append)
    assert (len(entries), raised.value.is_outcome_unknown) == (3, False)


@BOTH
def test_a_slow_server_is_not_waited_for(run: Run) -> None:
    with scripted_server(stay_silent) as server:
        for timeout in (0.05, 0.5, 5):
            with pytest.raises(ConnectionTimeout) as raised:
                run(server.url, redeem, timeout=timeout, max_retries=0)
            if raised.value.is_outcome_unknown:
                return
    pytest.fail("not even within 5 seconds was the request sent")


def test_a_long_retry_after_is_left_to_the_caller() -> None:
    with scripted_server(refuse(429, "RATE_LIMITED", Retry_After="600")) as server:
        with pytest.raises(RateLimited) as raised:
            run_sync(server.url, redeem)
        assert len(server.received) == 1
    assert raised.value.retry_after == 600


def test_a_retry_after_may_be_a_date() -> None:
    headers = {
        "retry-after": "Mon, 04 May 2026 12:00:07 GMT",
        "date": "Mon, 04 May 2026 12:00:00 GMT",
    }
    assert retries.parse_retry_after(headers) == 7
    assert retries.parse_retry_after({"retry-after": "soon"}) is None


@pytest.mark.parametrize(
    ("failures", "retry_after", "bounds"),
    [(1, None, (0, 0.5)), (2, None, (0, 1)), (9, None, (0, 8)), (1, 7.0, (7, 7.5))],
)
def test_pauses_are_random_below_a_bound_that_doubles(
    failures: int,
    retry_after: float | None,
    bounds: tuple[float, float],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(retries, "FIRST_PAUSE_SECONDS", 0.5)
    pauses = [retries.choose_pause(failures, retry_after) for _ in range(500)]
    shortest, longest = bounds
    assert shortest <= min(pauses) < shortest + 0.1 * (longest - shortest)
    assert longest - 0.1 * (longest - shortest) < max(pauses) <= longest


@BOTH_ADMIN
def test_a_delete_whose_answer_was_lost_has_succeeded(run: Run) -> None:
    with scripted_server(cut, refuse(404, "REWARD_ITEM_NOT_FOUND")) as server:
        assert run(server.url, lambda client: client.rewards.delete("i1")) is None


def test_a_delete_of_what_never_existed_is_an_error() -> None:
    with (
        scripted_server(refuse(404, "REWARD_ITEM_NOT_FOUND")) as server,
        pytest.raises(CouponsError),
    ):
        run_sync_admin(server.url, lambda client: client.rewards.delete("i1"))


def test_a_key_of_the_caller_is_used() -> None:
    with scripted_server(OK) as server:
        run_sync(
            server.url,
            lambda client: redeem(client.with_options(idempotency_key="order-1")),
        )
    assert server.received[0].headers["idempotency-key"] == "order-1"
