"""Answers, addresses and texts that should not be."""

from __future__ import annotations

import hmac
import logging
import pickle
import ssl
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from coupons_sdk import (
    ApiKey,
    AuthenticationError,
    ConfigurationError,
    Conflict,
    ConnectionFailed,
    CouponRefused,
    Coupons,
    CouponsAdmin,
    Hmac,
    InvalidRequest,
    LogEntry,
    NotFound,
    PermissionDenied,
    ServerError,
    TenantToken,
    UnexpectedAnswer,
    mint_token,
)
from tests.sdk.clients import API_KEY, COUPON, HMAC, run_sync, run_sync_admin
from tests.sdk.scripted_server import answer, refuse, scripted_server
from tests.support.certificates import create_certificate

OK = answer(200, COUPON)


def redeem(client: Any) -> Any:
    return client.redeem("SAVE10", "ann")


# ---------------------------------------------------------------------- answers


@pytest.mark.parametrize(
    "act",
    [
        answer(200, "<html>Sign in to the Wi-Fi</html>"),
        answer(200, '{"id": "1"}'),
        answer(200, "[]"),
        answer(200, {**COUPON, "generated_at": "yesterday"}),
        answer(200, {**COUPON, "reward_item": "Gems"}),
    ],
    ids=["html", "missing-members", "list", "bad-time", "bad-object"],
)
def test_an_answer_that_is_no_coupon_is_an_error_with_advice(act: Any) -> None:
    with scripted_server(act) as server, pytest.raises(UnexpectedAnswer, match="base_"):
        run_sync(server.url, redeem)


def test_members_of_a_newer_server_are_kept() -> None:
    reward = {**COUPON["reward_item"], "rarity": "epic"}
    newer = {**COUPON, "status": "frozen", "colour": "red", "reward_item": reward}
    with scripted_server(answer(200, newer)) as server:
        coupon = run_sync(server.url, redeem)
    assert (coupon.status, coupon.unknown) == ("frozen", {"colour": "red"})
    assert coupon.reward_item.unknown == {"rarity": "epic"}
    assert coupon.raw == newer
    assert pickle.loads(pickle.dumps(coupon)) == coupon  # noqa: S301 - our own


def test_answers_cannot_be_changed() -> None:
    with scripted_server(OK) as server:
        coupon = run_sync(server.url, redeem)
    with pytest.raises(AttributeError):
        coupon.status = "active"


@pytest.mark.parametrize(
    ("act", "kind"),
    [
        (refuse(400, "COUPON_EXPIRED"), CouponRefused),
        (refuse(404, "COUPON_NOT_FOUND"), CouponRefused),
        (refuse(400, "A_REASON_OF_A_NEWER_SERVER"), CouponRefused),
        (refuse(400, "VALIDATION_ERROR"), InvalidRequest),
        (refuse(404, "NOT_FOUND"), NotFound),
        (answer(404, "<html>No such page</html>"), NotFound),
        (refuse(401, "AUTH_001"), AuthenticationError),
        (refuse(403, "ACCESS_DENIED"), PermissionDenied),
        (refuse(422, "IDEMPOTENCY_KEY_REUSED"), InvalidRequest),
        (refuse(500, "INTERNAL_ERROR"), ServerError),
        (answer(500, '{"error": {"type": "x"}}'), ServerError),
    ],
)
def test_errors_of_a_redeem_have_types(act: Any, kind: type[Exception]) -> None:
    with scripted_server(act) as server, pytest.raises(kind) as raised:
        run_sync(server.url, redeem, max_retries=0)
    assert type(raised.value) is kind
    copy = pickle.loads(pickle.dumps(raised.value))  # noqa: S301 - our own
    assert vars(copy) == vars(raised.value)


def test_conflicts_of_the_admin_gateway_are_no_refusals() -> None:
    with (
        scripted_server(refuse(409, "REWARD_ITEM_IN_USE")) as server,
        pytest.raises(Conflict) as raised,
    ):
        run_sync_admin(server.url, lambda client: client.rewards.delete("i1"))
    assert str(raised.value) == "No (409 REWARD_ITEM_IN_USE r1)"


def test_an_error_names_the_invalid_fields() -> None:
    document = {
        **{"error": "Invalid", "message": "Invalid", "code": "VALIDATION_ERROR"},
        "details": [{"path": "user_id", "message": "Missing", "target": "body"}],
    }
    with (
        scripted_server(answer(400, document, X_Request_Id="r9")) as server,
        pytest.raises(InvalidRequest) as raised,
    ):
        run_sync(server.url, redeem)
    text = "Invalid (400 VALIDATION_ERROR r9); user_id: Missing"
    assert (str(raised.value), raised.value.request_id) == (text, "r9")


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_wrong_clock_is_named(hours: int) -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(hours=hours), usegmt=True)
    with (
        scripted_server(refuse(401, "AUTH_004", Date=date)) as server,
        pytest.raises(
            AuthenticationError, match=r"clock .* \d+ seconds (ahead|behind)"
        ),
    ):
        run_sync(server.url, redeem)


# -------------------------------------------------------------------- addresses


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirects_are_not_followed(status: int) -> None:
    with scripted_server(OK) as other:
        act = answer(status, "", Location=f"{other.url}/v1/coupons?key=1")
        with (
            scripted_server(act) as server,
            pytest.raises(UnexpectedAnswer, match="redirects to http") as raised,
        ):
            run_sync(server.url, redeem)
        assert other.received == []
    assert "key=1" not in str(raised.value)


@pytest.mark.parametrize(
    "url",
    [
        "https://pk_secret@coupons.example.com",
        "https://user:pk_secret@coupons.example.com",
        "https://coupons.example.com?key=pk_secret",
        "https://coupons.example.com#pk_secret",
        "ftp://coupons.example.com/pk_secret",
        "coupons.example.com/pk_secret",
        "https:///pk_secret",
        "https://coupons.example.com:pk_secret",
        "",
    ],
)
def test_a_key_in_a_url_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        Coupons(url, HMAC)
    assert "secret" not in str(raised.value)


def test_requests_go_through_the_proxy_of_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with scripted_server(OK) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("http_proxy", proxy.url)
        run_sync("http://coupons.example.invalid", redeem)
    assert proxy.received[0].target.startswith("http://coupons.example.invalid/v1/")


def test_a_proxy_that_refuses_is_asked_once_and_gets_no_credential(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with scripted_server(answer(407, "Who are you?")) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        monkeypatch.setenv("https_proxy", proxy.url)
        with pytest.raises(ConnectionFailed) as raised:
            run_sync("https://coupons.example.invalid", redeem)
    (request,) = proxy.received
    assert request.method == "CONNECT"
    assert "x-signature" not in request.headers
    assert not raised.value.is_outcome_unknown


def test_a_certificate_that_does_not_verify_is_refused_at_once(tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(create_certificate(tmp_path, "localhost"))
    entries: list[LogEntry] = []
    with (
        scripted_server(OK, context=context) as server,
        pytest.raises(ConnectionFailed, match="certificate does not verify"),
    ):
        run_sync(server.url, redeem, log=entries.append)
    assert (len(entries), server.received) == (1, [])


# ------------------------------------------------------------ codes, IDs, secrets


@pytest.mark.parametrize(
    "code", ["", " ", ".", "..", "a/b", "a\\b", "a\x00b", "a\nb", "x" * 500, "\ud800"]
)
def test_a_text_that_no_path_can_carry_is_sent_as_an_impossible_code(
    code: str,
) -> None:
    with scripted_server(refuse(404, "COUPON_NOT_FOUND")) as server:
        with pytest.raises(CouponRefused):
            run_sync(server.url, lambda client: client.redeem(code, "ann"))
        assert server.received[0].target == "/v1/coupons/acme/redeem/-"


def test_a_code_is_sent_as_it_was_typed() -> None:
    with scripted_server(OK) as server:
        run_sync(server.url, lambda client: client.redeem(" ſave–10%? ", "ann"))
    target = "/v1/coupons/acme/redeem/%C5%BFave%E2%80%9310%25%3F"
    assert server.received[0].target == target


@pytest.mark.parametrize("item_id", ["", ".", "..", "../webhooks", "a\\b", "a\n"])
def test_an_id_that_would_name_another_path_is_refused(item_id: str) -> None:
    with scripted_server(answer(204)) as server:
        with pytest.raises(ConfigurationError):
            run_sync_admin(server.url, lambda client: client.rewards.delete(item_id))
        assert server.received == []


@pytest.mark.parametrize("value", [None, b"SAVE10", ["SAVE10"]], ids=repr)
def test_what_is_no_text_is_not_sent_as_text(value: Any) -> None:
    with scripted_server(OK) as server:
        for use in (
            lambda client: client.redeem(value, "ann"),
            lambda client: client.get("ann", value),
        ):
            with pytest.raises(ConfigurationError):
                run_sync(server.url, use)
        assert server.received == []


@pytest.mark.parametrize("secret", ["", "pk_1\n", "pk_1 2", "pk_ü", "pk_1\r\nX: y"])
def test_a_secret_that_was_copied_wrongly_is_refused(secret: str) -> None:
    for credential in Hmac("acme", secret), TenantToken(secret), ApiKey(secret):
        with pytest.raises(ConfigurationError) as raised:
            credential.build_headers("GET", b"/", b"")
        assert "pk_" not in str(raised.value)


def test_credentials_and_new_keys_hide_their_secrets_in_logs() -> None:
    with CouponsAdmin("http://127.0.0.1:1", API_KEY, tenant_id="acme") as client:
        texts = repr([API_KEY, HMAC, TenantToken("token-1"), vars(client)])
        options = repr(client._runner.options)
    for secret in ("0123456789", "whsec-of-acme", "token-1"):
        assert secret not in texts + options


def test_a_lifetime_that_the_gateway_would_refuse_is_refused() -> None:
    with pytest.raises(ConfigurationError):
        mint_token("acme", "secret", lifetime_seconds=31 * 24 * 3600)


@pytest.mark.parametrize("options", [{"timeout": 0}, {"max_retries": -1}])
def test_impossible_options_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        Coupons("http://127.0.0.1:1", HMAC, **options)


def test_the_log_hook_sees_no_code_and_no_query() -> None:
    entries: list[LogEntry] = []
    with scripted_server(answer(200, EMPTY)) as server:
        run_sync(
            server.url,
            lambda client: client.validate("SUMMER2026", "ann"),
            log=entries.append,
        )
        run_sync(server.url, lambda client: client.validate("AB12"), log=entries.append)
    paths = [entry.path for entry in entries]
    assert paths == [f"/v1/coupons/acme/validate/{code}" for code in ("SU***", "***")]
    assert [entry.status for entry in entries] == [200, 200]


def test_the_log_of_httpx2_has_no_code_and_no_query(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.DEBUG), scripted_server(answer(200, EMPTY)) as server:
        run_sync(server.url, lambda client: client.validate("SUMMER2026", "ann"))
    assert "/v1/coupons/acme/validate/SU*** " in caplog.text
    assert "SUMMER2026" not in caplog.text
    assert "ann" not in caplog.text


def test_the_signature_does_not_cover_the_path_that_a_proxy_removes() -> None:
    with scripted_server(OK) as server:
        run_sync(f"{server.url}/shop/", redeem)
    (request,) = server.received
    assert request.target == "/shop/v1/coupons/acme/redeem/SAVE10"
    signed = f"POST\n/v1/coupons/acme/redeem/SAVE10\n{request.headers['x-timestamp']}\n"
    expected = hmac.digest(
        HMAC.secret.encode(), signed.encode() + request.body, "sha256"
    ).hex()
    assert request.headers["x-signature"] == f"hmac-sha256={expected}"


EMPTY = {
    **{"valid": False, "coupon": None, "definition": None},
    **{"error": "x", "error_code": "X"},
}
