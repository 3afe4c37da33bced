"""Answers and settings of the environment that are malformed: always a CouponsError."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from coupons_sdk import (
    AuthenticationError,
    ConfigurationError,
    CouponsError,
    InvalidRequest,
    UnexpectedAnswer,
    retries,
    runners,
)
from tests.sdk.clients import COUPON, run_async, run_sync
from tests.sdk.scripted_server import answer, scripted_server

ERROR = {"message": "No", "code": "VALIDATION_ERROR", "request_id": "r1"}


def redeem(client: Any) -> Any:
    return client.redeem("SAVE10", "ann")


@pytest.mark.parametrize(
    "members",
    [
        {"details": 5},
        {"details": None},
        {"details": "wrong"},
        {"details": ["wrong", {"path": "user_id", "message": "Missing"}]},
        {"message": {"text": "No"}},
        {"request_id": ["r1"]},
    ],
    ids=["number", "null", "text", "list-of-text", "message", "request-id"],
)
@pytest.mark.parametrize(
    ("status", "kind"), [(400, InvalidRequest), (401, AuthenticationError)]
)
def test_members_of_an_error_may_have_any_type(
    status: int, kind: type[Exception], members: dict[str, Any]
) -> None:
    with (
        scripted_server(answer(status, {**ERROR, **members})) as server,
        pytest.raises(kind) as raised,
    ):
        run_sync(server.url, redeem)
    assert "VALIDATION_ERROR" in str(raised.value)


@pytest.mark.parametrize("status", [200, 400])
def test_a_document_may_be_nested_too_deeply(status: int) -> None:
    with (
        scripted_server(answer(status, "[" * 100_000)) as server,
        pytest.raises((UnexpectedAnswer, InvalidRequest)),
    ):
        run_sync(server.url, redeem)


def test_an_answer_without_content_is_no_document() -> None:
    with scripted_server(answer(204, "")) as server, pytest.raises(UnexpectedAnswer):
        run_sync(server.url, redeem)


@pytest.mark.parametrize(
    "text",
    [
        "Mon, 04 May 99999999999999999999 12:00:00 GMT",
        "Mon, 04 May 2026 12:00:00 +99999999999999999999",
        "Mon, 04 May 0001 00:00:00 +2359",
    ],
    ids=["year", "offset", "before-the-first-year"],
)
def test_a_date_may_be_out_of_range(text: str) -> None:
    now = "Mon, 04 May 2026 12:00:00 GMT"
    assert retries.parse_retry_after({"retry-after": text, "date": now}) in (None, 0)
    assert retries.parse_retry_after({"retry-after": now, "date": text}) is not None


@pytest.fixture
def _fresh_certificates() -> Iterator[None]:
    runners._get_ssl_context.cache_clear()
    yield
    runners._get_ssl_context.cache_clear()


@pytest.mark.usefixtures("_fresh_certificates")
@pytest.mark.parametrize("run", [run_sync, run_async], ids=["sync", "async"])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ALL_PROXY", "unknown://proxy.example.com"),
        ("ALL_PROXY", "http://user:s3cret/@proxy.example.com"),
        ("ALL_PROXY", "socks5://proxy.example.com"),
        ("SSL_CERT_FILE", "/nonexistent/authority.pem"),
        ("SSL_CERT_FILE", "/etc/passwd"),
    ],
    ids=["scheme", "port", "no-package", "no-file", "no-certificate"],
)
def test_an_unusable_environment_is_named(
    run: Any, name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError, match=name) as raised:
        run("http://127.0.0.1:9", redeem)
    assert "s3cret" not in str(raised.value)
    assert issubclass(ConfigurationError, CouponsError)


@pytest.mark.usefixtures("_fresh_certificates")
def test_a_transport_needs_no_certificates(monkeypatch: pytest.MonkeyPatch) -> None:
    import httpx2

    from coupons_sdk import Coupons

    monkeypatch.setenv("SSL_CERT_FILE", "/nonexistent/authority.pem")
    transport = httpx2.MockTransport(lambda _: httpx2.Response(200, json=COUPON))
    with Coupons("http://coupons.invalid", None, transport=transport) as client:
        assert client.get("ann", "1").id == COUPON["id"]
