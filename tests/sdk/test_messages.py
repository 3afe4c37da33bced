"""Mistakes of integrators, and messages that say what to do."""

from __future__ import annotations

import hmac
import socket
import time
from collections.abc import Callable
from threading import Thread
from typing import Any

import pytest

from coupons_sdk import (
    ApiKey,
    ConfigurationError,
    ConnectionFailed,
    Coupons,
    CouponsAdmin,
    CouponsError,
    Hmac,
    InvalidRequest,
    InvalidSignature,
    TenantToken,
    mint_token,
    verify_webhook,
)
from coupons_sdk.refusals import ADVICE
from tests.sdk.clients import HMAC, run_sync
from tests.sdk.scripted_server import answer, refuse, scripted_server
from tests.support.paths import PROJECT_ROOT
from tests.support.ports import find_free_port

URL = "http://127.0.0.1:1"
NOTHING: Any = None
SIGNED = {"webhook-id": "1", "webhook-timestamp": "1", "webhook-signature": "v1,YQ=="}


def redeem(client: Any) -> Any:
    return client.redeem("SAVE10", "ann")


def use(credential: Any, **options: Any) -> Callable[[], object]:
    return lambda: run_sync(URL, redeem, credential=credential, **options)


def redeem_with(**members: Any) -> Callable[[], object]:
    return lambda: run_sync(URL, lambda client: client.redeem("A", "ann", **members))


def redeem_once(key: Any) -> Callable[[], object]:
    return lambda: run_sync(
        URL, lambda client: redeem(client.with_options(idempotency_key=key))
    )


UNUSABLE: dict[str, tuple[Callable[[], object], str]] = {
    "no-secret": (use(Hmac("acme", NOTHING)), "secret .* is missing"),
    "no-token": (use(TenantToken(NOTHING)), "token .* is missing"),
    "no-key": (use(ApiKey("")), "key .* is missing"),
    "no-tenant": (lambda: Hmac(NOTHING, "secret"), "tenant ID is missing"),
    "no-admin-tenant": (
        lambda: CouponsAdmin(URL, None, tenant_id=""),
        "tenant ID is missing",
    ),
    "mint-no-secret": (lambda: mint_token("acme", NOTHING), "secret .* is missing"),
    "mint-no-tenant": (lambda: mint_token("", "secret"), "tenant ID is missing"),
    "text": (use("secret"), r"expected Hmac\(…\), TenantToken\(…\) or ApiKey"),
    "class": (use(Hmac), "cannot be used"),
    "no-timeout": (use(HMAC, timeout=None), "timeout None: expected seconds"),
    "milliseconds": (use(HMAC, timeout=10_000_000), "timeout 10000000: .* 86400"),
    "nan": (use(HMAC, timeout=float("nan")), "timeout nan"),
    "retries": (use(HMAC, max_retries=None), "max_retries None: .* 0 or more"),
    "size": (use(HMAC, max_answer_bytes="1"), "max_answer_bytes '1': .* 1 or more"),
    "empty-key": (redeem_once(""), "idempotency_key '': expected 1 to 255"),
    "key": (redeem_once("order 17"), "idempotency_key 'order 17'"),
    "object": (redeem_with(metadata={"a": object()}), "cannot be sent as JSON: object"),
    "not-finite": (redeem_with(metadata={"a": float("inf")}), "sent as JSON"),
    "surrogate": (redeem_with(reference="\ud800"), "sent as JSON"),
    "no-scheme": (lambda: Coupons("127.0.0.1:1", None), "such as https://"),
    "webhook-secret": (lambda: verify_webhook(b"{}", SIGNED, NOTHING), "one secret"),
    "webhook-body": (
        lambda: verify_webhook(NOTHING, SIGNED, "whsec_YQ=="),
        "as it was received",
    ),
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_an_unusable_argument_is_named_and_nothing_is_sent(name: str) -> None:
    act, text = UNUSABLE[name]
    with pytest.raises(ConfigurationError, match=text):
        act()


@pytest.mark.parametrize("code", ADVICE)
def test_errors_of_credentials_and_addresses_say_what_to_check(code: str) -> None:
    assert f"| `{code}` |" in (PROJECT_ROOT / "docs/errors.md").read_text()
    with (
        scripted_server(refuse(404 if code == "NOT_FOUND" else 401, code)) as server,
        pytest.raises(CouponsError) as raised,
    ):
        run_sync(server.url, redeem)
    error: Any = raised.value
    assert (error.advice, error.message) == (ADVICE[code], f"No. {ADVICE[code]}")
    assert str(error) == f"No. {ADVICE[code]} ({error.status} {code} r1)"


def test_an_invalid_field_is_named_once() -> None:
    details = [
        {"path": "user_id", "message": "missing"},
        {"path": "reference", "message": "too long"},
    ]
    document = {"message": "Invalid body: user_id: missing", "code": "VALIDATION_ERROR"}
    act = answer(400, {**document, "details": details})
    with scripted_server(act) as server, pytest.raises(InvalidRequest) as raised:
        run_sync(server.url, redeem)
    assert str(raised.value) == (
        "Invalid body: user_id: missing (400 VALIDATION_ERROR); reference: too long"
    )


def test_a_server_that_does_not_answer_is_named() -> None:
    url = f"http://127.0.0.1:{find_free_port()}"
    with pytest.raises(ConnectionFailed, match=f"^No answer from {url} to POST /v1/"):
        run_sync(url, redeem, max_retries=0)


def test_a_server_without_tls_is_recognized() -> None:
    def refuse_handshake(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"https://127.0.0.1:{listener.getsockname()[1]}"
        thread = Thread(target=refuse_handshake, args=[listener])
        thread.start()
        with pytest.raises(ConnectionFailed, match=r"does not use TLS: .* http://"):
            run_sync(url, redeem, max_retries=0)
        thread.join()


def test_an_old_webhook_says_how_old_it_is() -> None:
    signed = {"x-webhook-signature": "t=1,v1=" + sign("1.{}")}
    with pytest.raises(
        InvalidSignature, match=r"\d+ seconds from now, more than the 30"
    ):
        verify_webhook("{}", signed, "secret", tolerance_seconds=30, now=time.time())


def sign(text: str) -> str:
    return hmac.digest(b"secret", text.encode(), "sha256").hex()
