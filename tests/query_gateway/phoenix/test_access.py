"""Access to own coupons, to another user's, another tenant's and missing ones."""

from __future__ import annotations

import base64
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from coupon_core.domain.models import utc_now
from coupon_core.services.access import tenants
from tests.factories.tenant import ABSENT, TenantFactory
from tests.query_gateway.caller import (
    CALL_STYLES,
    TENANT_WIDE_STYLES,
    Caller,
    CallStyle,
)
from tests.support.database_rows import read_all_rows
from tests.support.databases import on_sqlite

CallAs = Callable[..., Caller]
DENIED = (403, "ACCESS_DENIED", "Access denied")
NOW = int(time.time())
MISSING = "018f0000-0000-7000-8000-000000000000"


def normalize_answer(answer: TestResponse) -> tuple[int, bytes, dict[str, str]]:
    """Return status, body and headers without what differs in every response."""
    request_id = answer.headers["X-Request-Id"].encode()
    headers = {k: v for k, v in answer.headers if k not in ("X-Request-Id", "Date")}
    return answer.status_code, answer.data.replace(request_id, b"(id)"), headers


def get_refusal(answer: TestResponse) -> tuple[int, str, str]:
    return answer.status_code, answer.json["code"], answer.json["message"]


# ------------------------------------------------------ another user's coupon

REDEEM, VALIDATE = "POST /redeem/{}", "GET /validate/{}"


def send_request(caller: Caller, what: str, code: str) -> TestResponse:
    method, rest = what.format(code).split()
    body = json.dumps({"user_id": caller.user_id}).encode() if "POST" in what else None
    needs_user_id = caller.call_style.credential != "user-token" and method == "GET"
    return caller.call(
        method, rest + f"?user_id={caller.user_id}" * needs_user_id, body
    )


@pytest.mark.parametrize("what", [REDEEM, VALIDATE])
def test_someone_elses_coupon_is_like_a_missing_one(
    any_caller: Caller, other_tenant: TenantFactory, what: str
) -> None:
    foreign = [any_caller.tenant.create_code("bob"), other_tenant.create_code("ann")]
    missing = normalize_answer(send_request(any_caller, what, "NOSUCHCODE"))
    assert [
        normalize_answer(send_request(any_caller, what, code)) for code in foreign
    ] == [missing] * 2


def test_someone_elses_coupon_is_missing_under_ones_own_name(
    any_caller: Caller, other_tenant: TenantFactory
) -> None:
    tenant = any_caller.tenant
    bobs = tenant.issue_coupon(tenant.define(), "bob").coupon
    foreign = other_tenant.issue_coupon(other_tenant.define(), "ann").coupon
    nobodys = tenant.issue_coupon(tenant.define(), "").coupon
    ids = [MISSING, bobs.coupon_id, foreign.coupon_id, nobodys.coupon_id, "7", "x-y"]
    answers = [
        normalize_answer(any_caller.get(f"/user/ann/{coupon_id}")) for coupon_id in ids
    ]
    assert answers[0][0] == 404
    assert answers == [answers[0]] * len(ids)


def test_a_coupon_id_is_found_in_any_case(caller: Caller) -> None:
    coupon = caller.tenant.issue_coupon(caller.tenant.define()).coupon
    assert caller.get(f"/user/ann/{coupon.coupon_id.upper()}").status_code == 200


# --------------------------------------------------------- another user's path

OF_USER = ["/user/{}", "/user/{}/redemptions", "/user/{}/" + MISSING]
OF_USER += ["/validate/X?user_id={}"]


@pytest.mark.parametrize("style", ["A", "B"])
@pytest.mark.parametrize("rest", OF_USER)
def test_a_user_may_not_ask_for_another(
    create_caller: CallAs, style: str, rest: str
) -> None:
    ann = create_caller("ann", CallStyle(style, "user-token"))
    ann.tenant.create_code("bob")
    answers = [ann.get(rest.format(user)) for user in ("bob", "nobody-at-all")]
    assert get_refusal(answers[0]) == DENIED
    assert normalize_answer(answers[0]) == normalize_answer(answers[1])


@pytest.mark.parametrize("style", ["A", "B"])
def test_a_user_may_not_redeem_for_another(create_caller: CallAs, style: str) -> None:
    ann = create_caller("ann", CallStyle(style, "user-token"))
    code = ann.tenant.create_code("bob")
    before = read_all_rows()
    answers = [ann.redeem(code, user) for user in ("bob", "nobody-at-all")]
    answers.append(ann.redeem("NOSUCHCODE", "bob"))
    assert get_refusal(answers[0]) == DENIED
    assert [normalize_answer(answer) for answer in answers] == [
        normalize_answer(answers[0])
    ] * 3
    assert read_all_rows() == before


@pytest.mark.parametrize("way", TENANT_WIDE_STYLES, ids=str)
def test_a_tenants_server_speaks_for_every_user(
    create_caller: CallAs, way: CallStyle
) -> None:
    server = create_caller("ann", way)
    code = server.tenant.create_code("bob")
    assert server.get("/user/bob").json["total"] == 1
    assert server.redeem(code, "bob").json["user_id"] == "bob"


@pytest.mark.parametrize(
    "sub", ["ann", "7", 7, "jösé", "john doe", "definitions", "ß€"]
)
def test_the_subject_of_a_token_is_the_user(
    app: Flask, tenant: TenantFactory, sub: object
) -> None:
    caller = Caller(app.test_client(), tenant, CALL_STYLES[0], str(sub))
    path = caller.build_path("/user/" + str(sub))
    assert (
        app.test_client()
        .get(path, headers=tenant.build_bearer_headers(sub))
        .status_code
        == 200
    )


# ------------------------------------------------------------- another tenant


@on_sqlite
@pytest.mark.parametrize(
    "way", [way for way in CALL_STYLES if way.path_style == "A"], ids=str
)
@pytest.mark.parametrize(
    "request_line",
    [
        *("GET /definitions", "GET /user/ann", "GET /user/ann/redemptions"),
        *("GET /validate/X", "POST /redeem/X", f"GET /user/ann/{MISSING}"),
    ],
)
def test_another_tenant_in_the_path_is_refused_whether_or_not_it_is_there(
    create_caller: CallAs,
    other_tenant: TenantFactory,
    way: CallStyle,
    request_line: str,
) -> None:
    caller = create_caller("ann", way)
    method, rest = request_line.split()
    answers = []
    for tenant_id in other_tenant.tenant_id, "no-such-tenant":
        path = f"/v1/coupons/{tenant_id}{rest}"
        headers = caller.build_headers(method, path)
        answers.append(caller.client.open(path, method=method, headers=headers))
    assert get_refusal(answers[0]) == DENIED
    assert normalize_answer(answers[0]) == normalize_answer(answers[1])


def test_no_row_of_another_tenant_is_in_any_list(
    any_caller: Caller, other_tenant: TenantFactory
) -> None:
    other_tenant.create_code("ann")
    for rest in "/definitions", "/user/ann", "/user/ann/redemptions":
        assert any_caller.get(rest).json["total"] == 0


# ------------------------------------------------------------- bad credentials

Headers = Callable[[TenantFactory], dict[str, str]]


def sign_with_header(
    secret: str = "", digest: str = "sha256", **header: Any
) -> Headers:
    """Return a function that builds a token with another header or another secret."""

    def build_headers(tenant: TenantFactory) -> dict[str, str]:
        header_json = json.dumps({"alg": "HS256", "typ": "JWT", **header}).encode()
        head = base64.urlsafe_b64encode(header_json).decode().rstrip("=")
        text = f"{head}.{tenant.mint_token('ann').split('.')[1]}"
        key = secret or tenant.secret
        mac = hmac.digest(key.encode(), text.encode(), digest)
        sign = base64.urlsafe_b64encode(mac).decode().rstrip("=")
        return {"Authorization": f"Bearer {text}.{sign}"}

    return build_headers


KEYS = {"jku": "https://evil.example/k", "jwk": {"kty": "oct", "k": "ZXZpbA"}}
KEYS |= {"kid": "../../dev/null", "x5u": "https://evil.example/k", "x5c": ["ZXZpbA"]}
BAD_TOKENS: dict[str, tuple[str, Headers]] = {
    **{
        name: ("INVALID_TOKEN", sign_with_header("evil" * 8, **{name: value}))
        for name, value in KEYS.items()
    },
    "HS512": ("INVALID_TOKEN", sign_with_header(digest="sha512", alg="HS512")),
    "said to be unsigned": ("INVALID_TOKEN", sign_with_header(alg="none")),
    "said to be RS256": ("INVALID_TOKEN", sign_with_header(alg="RS256")),
    "none": ("AUTH_002", lambda t: {}),
    "empty": ("AUTH_002", lambda t: {"Authorization": "Bearer "}),
    "basic": ("AUTH_002", lambda t: {"Authorization": "Basic YTpi"}),
    "rubbish": ("INVALID_TOKEN", lambda t: {"Authorization": "Bearer abc"}),
    "dots": ("INVALID_TOKEN", lambda t: {"Authorization": "Bearer .."}),
    "foreign": (
        "INVALID_TOKEN",
        lambda t: t.build_bearer_headers("ann", secret="x" * 40),
    ),
    "expired": (
        "TOKEN_EXPIRED",
        lambda t: t.build_bearer_headers("ann", exp=NOW - 3600),
    ),
    "eternal": (
        "INVALID_TOKEN",
        lambda t: t.build_bearer_headers("ann", exp=NOW + 31 * 86_400),
    ),
    "no exp": ("INVALID_TOKEN", lambda t: t.build_bearer_headers("ann", exp=ABSENT)),
    "text exp": (
        "INVALID_TOKEN",
        lambda t: t.build_bearer_headers("ann", exp=str(NOW + 86_400)),
    ),
    "huge exp": ("INVALID_TOKEN", lambda t: t.build_bearer_headers("ann", exp=10**30)),
    "no sub_type": (
        "INVALID_TOKEN",
        lambda t: t.build_bearer_headers("ann", sub_type=ABSENT),
    ),
    "admin": (
        "INVALID_TOKEN",
        lambda t: t.build_bearer_headers("ann", sub_type="admin"),
    ),
    "no sub_id": (
        "INVALID_TOKEN",
        lambda t: t.build_bearer_headers("ann", sub_id=ABSENT),
    ),
    "no tenant": (
        "INVALID_TOKEN",
        lambda t: t.build_bearer_headers("ann", sub_id="nobody"),
    ),
    "number as tenant": (
        "INVALID_TOKEN",
        lambda t: t.build_bearer_headers("ann", sub_id=7),
    ),
    "NUL as tenant": (
        "INVALID_TOKEN",
        lambda t: t.build_bearer_headers("ann", sub_id="a\0b"),
    ),
    "surrogate as tenant": (
        "INVALID_TOKEN",
        lambda t: t.build_bearer_headers("ann", sub_id="\ud800"),
    ),
    "empty sub": ("INVALID_TOKEN", lambda t: t.build_bearer_headers("")),
    "null sub": ("INVALID_TOKEN", lambda t: t.build_bearer_headers(None)),
    "list sub": ("INVALID_TOKEN", lambda t: t.build_bearer_headers(["ann"])),
    "true sub": ("INVALID_TOKEN", lambda t: t.build_bearer_headers(True)),
    "float sub": ("INVALID_TOKEN", lambda t: t.build_bearer_headers(7.5)),
    "surrogate sub": ("INVALID_TOKEN", lambda t: t.build_bearer_headers("\udcff")),
    "slash sub": ("INVALID_TOKEN", lambda t: t.build_bearer_headers("a/b")),
}


@on_sqlite
@pytest.mark.parametrize("style", ["A", "B"])
@pytest.mark.parametrize(("code", "headers"), BAD_TOKENS.values(), ids=BAD_TOKENS)
def test_a_bad_token_is_401_everywhere(
    app: Flask, tenant: TenantFactory, style: str, code: str, headers: Headers
) -> None:
    caller = Caller(app.test_client(), tenant, CallStyle(style, "user-token"))
    for rest in "/validate/X", "/user/ann":
        answer = caller.client.get(caller.build_path(rest), headers=headers(tenant))
        assert (answer.status_code, answer.json["code"]) == (401, code)
        assert "WWW-Authenticate" in answer.headers


def test_an_api_key_is_no_credential_here(app: Flask, tenant: TenantFactory) -> None:
    _, key = tenants.create_key(
        None, tenant.tenant_id, "k", tenants.ALL_SCOPES, None, utc_now()
    )
    for headers in {"X-API-Key": key}, {"Authorization": f"Bearer {key}"}:
        answer = app.test_client().get("/v1/coupons/definitions", headers=headers)
        assert answer.status_code == 401


def test_a_token_of_the_secret_before_the_last_rotation_is_good(
    app: Flask, tenant: TenantFactory
) -> None:
    headers = tenant.build_bearer_headers("ann")
    client = app.test_client()
    for status in 200, 401:
        tenants.rotate_secret(tenant.tenant_id, utc_now())
        # Secrets are cached for up to a second; a new process starts without a cache.
        from coupon_core.security import authentication

        authentication.clear_credential_caches()
        answer = client.get("/v1/coupons/definitions", headers=headers)
        assert answer.status_code == status


# ------------------------------------------------------------------ signatures

SIGNED_PATHS = {
    "as sent": ("/user/john%20doe", "/user/john%20doe"),
    "decoded": ("/user/john%20doe", "/user/john doe"),
    "decoded, not ASCII": ("/user/j%C3%B6s%C3%A9", "/user/jösé"),
    "without the query": ("/user/ann?limit=5", "/user/ann"),
    "with the query": ("/user/ann?limit=5", "/user/ann?limit=5"),
}


@pytest.mark.parametrize(("sent", "signed"), SIGNED_PATHS.values(), ids=[*SIGNED_PATHS])
def test_a_path_may_be_signed_as_sent_or_decoded(
    app: Flask, tenant: TenantFactory, sent: str, signed: str
) -> None:
    start = f"/v1/coupons/{tenant.tenant_id}"
    headers = tenant.sign_request("GET", start + signed)
    assert app.test_client().get(start + sent, headers=headers).status_code == 200


Tamper = Callable[[TenantFactory, str], dict[str, str]]
BAD_SIGNATURES: dict[str, tuple[str, Tamper]] = {
    "another path": ("AUTH_001", lambda t, p: t.sign_request("GET", p + "x")),
    "another method": ("AUTH_001", lambda t, p: t.sign_request("POST", p)),
    "a body": ("AUTH_001", lambda t, p: t.sign_request("GET", p, b"{}")),
    "another secret": ("AUTH_001", lambda t, p: t.sign_request("GET", p, secret="x")),
    "an empty secret": ("AUTH_001", lambda t, p: t.sign_request("GET", p, secret="")),
    "another tenant": (
        "AUTH_001",
        lambda t, p: {**t.sign_request("GET", p), "X-Tenant-Id": "nobody"},
    ),
    "no prefix": (
        "AUTH_001",
        lambda t, p: {**t.sign_request("GET", p), "X-Signature": "0" * 64},
    ),
    "not ASCII": (
        "AUTH_001",
        lambda t, p: {**t.sign_request("GET", p), "X-Signature": "hmac-sha256=é"},
    ),
    "too old": (
        "AUTH_004",
        lambda t, p: t.sign_request("GET", p, timestamp=str(int(time.time()) - 310)),
    ),
    "too new": (
        "AUTH_004",
        lambda t, p: t.sign_request("GET", p, timestamp=str(int(time.time()) + 310)),
    ),
    "no time": ("AUTH_004", lambda t, p: t.sign_request("GET", p, timestamp="now")),
    "a fraction": (
        "AUTH_004",
        lambda t, p: t.sign_request("GET", p, timestamp=f"{time.time():.3f}"),
    ),
    "no tenant": (
        "AUTH_002",
        lambda t, p: {**t.sign_request("GET", p), "X-Tenant-Id": ""},
    ),
    "an empty signature": (
        "AUTH_002",
        lambda t, p: {**t.sign_request("GET", p), "X-Signature": ""},
    ),
}


@on_sqlite
@pytest.mark.parametrize(
    ("code", "headers"), BAD_SIGNATURES.values(), ids=[*BAD_SIGNATURES]
)
def test_a_bad_signature_is_401(
    app: Flask, tenant: TenantFactory, code: str, headers: Tamper
) -> None:
    path = f"/v1/coupons/{tenant.tenant_id}/user/ann"
    answer = app.test_client().get(path, headers=headers(tenant, path))
    assert (answer.status_code, answer.json["code"]) == (401, code)
    assert "WWW-Authenticate" in answer.headers


def test_a_changed_body_breaks_the_signature(app: Flask, tenant: TenantFactory) -> None:
    code = tenant.create_code("bob")
    path = f"/v1/coupons/{tenant.tenant_id}/redeem/{code}"
    headers = tenant.sign_request("POST", path, b'{"user_id":"ann"}')
    answer = app.test_client().post(
        path,
        data=b'{"user_id":"bob"}',
        headers=headers,
        content_type="application/json",
    )
    assert (answer.status_code, answer.json["code"]) == (401, "AUTH_001")


@pytest.mark.parametrize("seconds", [-290, 290])
def test_clocks_may_differ_by_five_minutes(
    app: Flask, tenant: TenantFactory, seconds: int
) -> None:
    path = f"/v1/coupons/{tenant.tenant_id}/definitions"
    headers = tenant.sign_request(
        "GET", path, timestamp=str(int(time.time()) + seconds)
    )
    assert app.test_client().get(path, headers=headers).status_code == 200
