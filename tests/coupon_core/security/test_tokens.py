"""Test the tokens of tenants and admins and the reasons to refuse them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coupon_core.domain.models import AuthReason, Principal, Scope
from coupon_core.security import authentication
from coupon_core.security.authentication.jwt_claims import (
    LEEWAY_SECONDS,
    MAX_TOKEN_LIFETIME_SECONDS,
)
from coupon_core.services.access import tenants
from tests.factories.tenant import NOW, TenantFactory, create_tenant
from tests.support.databases import on_sqlite
from tests.support.refusals import capture_refusal

SECONDS = int(NOW.timestamp())
ABSENT = object()
HOUR, MONTH = 3600, int(MAX_TOKEN_LIFETIME_SECONDS)
LATE = int(LEEWAY_SECONDS)


def encoded(data: bytes | Any) -> str:
    raw = data if isinstance(data, bytes) else json.dumps(data).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def token_of(
    secret: str,
    payload: bytes | dict[str, Any],
    header: Any = None,
    digest: str = "sha256",
) -> str:
    """Build a JWT manually, so that any part of it can be invalid."""
    head = header if header is not None else {"alg": "HS256", "typ": "JWT"}
    signed = f"{encoded(head)}.{encoded(payload)}"
    signature = hmac.new(secret.encode(), signed.encode(), digest).digest()
    return f"{signed}.{encoded(signature)}"


def claims_of(sub_id: str, /, **changes: Any) -> dict[str, Any]:
    defaults = {
        "sub": "ann",
        "sub_type": "tenant",
        "sub_id": sub_id,
        "iat": SECONDS,
        "exp": SECONDS + HOUR,
    }
    claims = {**defaults, **changes}
    return {name: value for name, value in claims.items() if value is not ABSENT}


def tenant_token(tenant: TenantFactory, **changes: Any) -> str:
    return token_of(tenant.secret, claims_of(tenant.tenant_id, **changes))


def admin_token(tenant: TenantFactory, **changes: Any) -> str:
    members = {"sub": ABSENT, "sub_type": "admin", **changes}
    return token_of(tenant.api_key, claims_of(tenant.key_id, **members))


def authenticate_tenant(token: str) -> Principal:
    return authentication.authenticate_tenant_token(token, NOW)


def authenticate_admin(token: str) -> Principal:
    return authentication.authenticate_admin(None, token, NOW)


# -------------------------------------------------------------- accepted and refused


@pytest.mark.parametrize(
    ("sub", "user_id"),
    [
        ("ann", "ann"),
        (42, "42"),
        (-1, "-1"),
        (2**63, str(2**63)),
        ("jösé ☂", "jösé ☂"),
        ("auth0|x:y@z", "auth0|x:y@z"),
        ("u" * 128, "u" * 128),
        (ABSENT, None),
    ],
)
def test_the_subject_is_the_user(
    tenant: TenantFactory, sub: Any, user_id: str | None
) -> None:
    token = tenant_token(tenant, sub=sub)
    assert authenticate_tenant(token) == Principal(tenant.tenant_id, user_id=user_id)


def test_an_admin_token_speaks_for_its_key(tenant: TenantFactory) -> None:
    principal = authenticate_admin(admin_token(tenant))
    assert (principal.tenant_id, principal.key_id) == (tenant.tenant_id, tenant.key_id)
    assert principal.scopes == frozenset(Scope)


GOOD_TIMES = {
    "no iat": {"iat": ABSENT},
    "fractions": {"iat": SECONDS + 0.5, "exp": SECONDS + 10.25},
    "just over, within the leeway": {"exp": SECONDS - LATE},
    "issued in the future, within the leeway": {"iat": SECONDS + LATE},
    "not before, within the leeway": {"nbf": SECONDS + LATE},
    "a whole month": {"exp": SECONDS + MONTH},
    "issued long ago": {"iat": SECONDS - MONTH + HOUR},
}

BAD, OVER = AuthReason.BAD_TOKEN, AuthReason.EXPIRED_TOKEN
BAD_TIMES = {
    "no end": ({"exp": ABSENT}, BAD),
    "end null": ({"exp": None}, BAD),
    "end as text": ({"exp": str(SECONDS + HOUR)}, BAD),
    "end true": ({"exp": True}, BAD),
    "end a list": ({"exp": [SECONDS]}, BAD),
    "end negative": ({"exp": -1}, BAD),
    "end beyond floats": ({"exp": 10**400}, BAD),
    "end huge": ({"exp": 1e30}, BAD),
    "end infinite": ({"exp": float("inf")}, BAD),
    "end no number": ({"exp": float("nan")}, BAD),
    "over": ({"exp": SECONDS - LATE - 1}, OVER),
    "long over": ({"iat": 0, "exp": 1}, OVER),
    "more than a month": ({"exp": SECONDS + MONTH + LATE + 1}, BAD),
    "more than a month, no iat": (
        {"iat": ABSENT, "exp": SECONDS + MONTH + LATE + 1},
        BAD,
    ),
    "more than a month, since long": ({"iat": SECONDS - MONTH}, BAD),
    "a long life hidden by a late iat": (
        {"iat": SECONDS + LATE, "exp": SECONDS + MONTH + LATE + 1},
        BAD,
    ),
    "issued in the future": ({"iat": SECONDS + LATE + 1}, BAD),
    "issued as text": ({"iat": str(SECONDS)}, BAD),
    "issued null": ({"iat": None}, BAD),
    "not yet": ({"nbf": SECONDS + LATE + 1}, BAD),
    "not yet as text": ({"nbf": "0"}, BAD),
}


@pytest.mark.parametrize("case", GOOD_TIMES)
def test_times_within_bounds_are_good(tenant: TenantFactory, case: str) -> None:
    changes = GOOD_TIMES[case]
    assert authenticate_tenant(tenant_token(tenant, **changes)).user_id == "ann"
    assert authenticate_admin(admin_token(tenant, **changes)).key_id == tenant.key_id


@on_sqlite
@pytest.mark.parametrize("case", BAD_TIMES)
def test_times_out_of_bounds_are_refused(tenant: TenantFactory, case: str) -> None:
    changes, reason = BAD_TIMES[case]
    assert (
        capture_refusal(authenticate_tenant, tenant_token(tenant, **changes)) == reason
    )
    assert capture_refusal(authenticate_admin, admin_token(tenant, **changes)) == reason


def test_a_known_token_ends_as_well(tenant: TenantFactory) -> None:
    token = tenant_token(tenant)
    authenticate_tenant(token)
    later = NOW + timedelta(seconds=HOUR + LATE + 1)
    assert (
        capture_refusal(authentication.authenticate_tenant_token, token, later) == OVER
    )


# ----------------------------------------------------------- subjects and tenants

BAD_SUBJECTS = ["", True, False, None, ["ann"], {"id": 1}, 1.5, "a/b", "u" * 129]
BAD_SUBJECTS += ["a\x00", "a\nb", " ann", "ann ", ".", "..", "a\\b", "\ud800", "\x85"]


@on_sqlite
@pytest.mark.parametrize("sub", BAD_SUBJECTS, ids=repr)
def test_a_subject_that_is_no_user_is_refused(tenant: TenantFactory, sub: Any) -> None:
    assert capture_refusal(authenticate_tenant, tenant_token(tenant, sub=sub)) == BAD


NO_TENANTS = ["nobody", "", None, 7, True, ["acme"], "a\x00b", "\ud800", "ACME " * 99]


@pytest.mark.parametrize("sub_id", NO_TENANTS, ids=repr)
def test_a_tenant_that_is_none_is_refused(tenant: TenantFactory, sub_id: Any) -> None:
    for secret in (tenant.secret, ""):
        token = token_of(secret, claims_of(tenant.tenant_id, sub_id=sub_id))
        assert capture_refusal(authenticate_tenant, token) == BAD
        as_admin = token_of(
            secret, claims_of(tenant.tenant_id, sub_id=sub_id, sub_type="admin")
        )
        assert capture_refusal(authenticate_admin, as_admin) == BAD


@pytest.mark.parametrize("sub_type", ["admin", "Tenant", "", None, 1, ABSENT])
def test_a_token_of_another_kind_is_refused(
    tenant: TenantFactory, sub_type: Any
) -> None:
    assert (
        capture_refusal(authenticate_tenant, tenant_token(tenant, sub_type=sub_type))
        == BAD
    )


def test_one_tenants_secret_does_not_speak_for_another(tenant: TenantFactory) -> None:
    token = token_of(create_tenant().secret, claims_of(tenant.tenant_id))
    assert capture_refusal(authenticate_tenant, token) == BAD


def test_a_tenants_token_is_no_admins(tenant: TenantFactory) -> None:
    assert capture_refusal(authenticate_admin, tenant_token(tenant)) == BAD


def test_an_admins_token_is_no_tenants(tenant: TenantFactory) -> None:
    assert capture_refusal(authenticate_tenant, admin_token(tenant)) == BAD


def test_a_tenants_secret_signs_no_admin_token(tenant: TenantFactory) -> None:
    token = token_of(tenant.secret, claims_of(tenant.key_id, sub_type="admin"))
    assert capture_refusal(authenticate_admin, token) == BAD


# ------------------------------------------------------------------------ signatures

DEEP = b'{"alg":"HS256","x":' + b"[" * 2000 + b"]" * 2000 + b"}"
HEADERS: dict[str, Any] = {
    "none": {"alg": "none"},
    "None": {"alg": "None"},
    "HS512": {"alg": "HS512"},
    "RS256": {"alg": "RS256"},
    "lower case": {"alg": "hs256"},
    "no algorithm": {"typ": "JWT"},
    "a list": {"alg": ["HS256"]},
    "null": {"alg": None},
    "critical": {"alg": "HS256", "crit": ["exp"]},
    "detached": {"alg": "HS256", "b64": False, "crit": ["b64"]},
    "no object": ["HS256"],
    "no JSON": b"{HS256}",
    "no UTF-8": b'{"alg":"HS256","x":"\xff"}',
    "deep": DEEP,
}


@on_sqlite
@pytest.mark.parametrize("case", HEADERS)
def test_other_algorithms_and_headers_are_refused(
    tenant: TenantFactory, case: str
) -> None:
    token = token_of(tenant.secret, claims_of(tenant.tenant_id), HEADERS[case])
    assert capture_refusal(authenticate_tenant, token) == BAD


def test_hs512_is_refused_though_rightly_signed(tenant: TenantFactory) -> None:
    header = {"alg": "HS512"}
    token = token_of(tenant.secret, claims_of(tenant.tenant_id), header, "sha512")
    assert capture_refusal(authenticate_tenant, token) == BAD


@pytest.mark.parametrize("name", ["jku", "jwk", "x5u", "x5c", "kid"])
def test_where_a_key_is_said_to_be_does_not_matter(
    tenant: TenantFactory, name: str
) -> None:
    header = {"alg": "HS256", name: "https://evil.example/key"}
    good = token_of(tenant.secret, claims_of(tenant.tenant_id), header)
    forged = token_of("evil", claims_of(tenant.tenant_id), header)
    assert authenticate_tenant(good).user_id == "ann"
    assert capture_refusal(authenticate_tenant, forged) == BAD


def test_an_unsigned_token_is_refused(tenant: TenantFactory) -> None:
    head, payload, _ = tenant_token(tenant).split(".")
    none = encoded({"alg": "none"})
    for token in (f"{head}.{payload}.", f"{none}.{payload}.", f"{head}.{payload}"):
        assert capture_refusal(authenticate_tenant, token) == BAD


def test_claims_given_twice_are_refused(tenant: TenantFactory) -> None:
    text = json.dumps(claims_of(tenant.tenant_id))
    payload = text.replace('"sub"', '"sub": "bob", "sub"').encode()
    assert capture_refusal(authenticate_tenant, token_of(tenant.secret, payload)) == BAD


PAYLOADS = [b"", b"[]", b"null", b'"x"', b"{", b"\xff", b"7" * 5000, b"[" * 5000]


@pytest.mark.parametrize("payload", PAYLOADS, ids=lambda payload: repr(payload[:9]))
def test_claims_that_are_no_object_are_refused(
    tenant: TenantFactory, payload: bytes
) -> None:
    assert capture_refusal(authenticate_tenant, token_of(tenant.secret, payload)) == BAD


TAMPERED: dict[str, Callable[[str], str]] = {
    "one character less": lambda token: token[:-1],
    "one character more": lambda token: token + "A",
    "four parts": lambda token: token + ".x",
    "padded": lambda token: token + "=",
    "blank inside": lambda token: token.replace(".", ". ", 1),
    "line end": lambda token: token + "\n",
    "standard base64": lambda token: token.replace(".", ".+/", 1),
    "non-ASCII": lambda token: token + "é",
    "lone surrogate": lambda token: token + "\ud800",
    "too long": lambda token: token + "A" * 9000,
    "empty": lambda token: "",
    "dots": lambda token: "..",
    "garbage": lambda token: "a.b.c",
}


@on_sqlite
@pytest.mark.parametrize("case", TAMPERED)
def test_a_tampered_token_is_refused(tenant: TenantFactory, case: str) -> None:
    token = tenant_token(tenant)
    authenticate_tenant(token)  # Caches it; the cache must not match a changed token.
    assert capture_refusal(authenticate_tenant, TAMPERED[case](token)) == BAD


def test_every_changed_character_of_the_claims_is_noticed(
    tenant: TenantFactory,
) -> None:
    head, payload, signature = tenant_token(tenant).split(".")
    for index in range(0, len(payload), 7):
        character = "A" if payload[index] != "A" else "B"
        changed = payload[:index] + character + payload[index + 1 :]
        assert (
            capture_refusal(authenticate_tenant, f"{head}.{changed}.{signature}") == BAD
        )


@pytest.mark.usefixtures("core")
@given(token=st.text(max_size=60) | st.from_regex(r"[\w-]*\.[\w-]*\.[\w-]*"))
def test_no_text_is_more_than_refused(token: str) -> None:
    assert capture_refusal(authenticate_tenant, token) == BAD


# --------------------------------------------------------------------------- rotation


def test_after_a_rotation_old_and_new_secrets_are_good(tenant: TenantFactory) -> None:
    authenticate_tenant(tenant_token(tenant))
    newer = tenant.with_secret(tenants.rotate_secret(tenant.tenant_id, NOW).secret)
    for owner in (newer, tenant):
        assert authenticate_tenant(tenant_token(owner)).tenant_id == tenant.tenant_id


def test_a_second_rotation_ends_the_first_secret_within_a_second(
    tenant: TenantFactory,
) -> None:
    token = tenant_token(tenant)
    authenticate_tenant(token)
    newer = [tenants.rotate_secret(tenant.tenant_id, NOW).secret for _ in range(2)]
    time.sleep(1.01)
    assert capture_refusal(authenticate_tenant, token) == BAD
    for secret in newer:
        assert (
            authenticate_tenant(tenant_token(tenant.with_secret(secret))).user_id
            == "ann"
        )


def test_a_retired_secret_ends_within_a_second(tenant: TenantFactory) -> None:
    token = tenant_token(tenant)
    authenticate_tenant(token)
    [old] = tenants.list_secrets(tenant.tenant_id)
    tenants.rotate_secret(tenant.tenant_id, NOW)
    tenants.retire_secret(tenant.tenant_id, old.secret_id)
    time.sleep(1.01)
    assert capture_refusal(authenticate_tenant, token) == BAD


def test_a_new_secret_is_good_at_once(tenant: TenantFactory) -> None:
    assert (
        capture_refusal(
            authenticate_tenant, token_of("wrong", claims_of(tenant.tenant_id))
        )
        == BAD
    )
    newer = tenant.with_secret(tenants.rotate_secret(tenant.tenant_id, NOW).secret)
    assert authenticate_tenant(tenant_token(newer)).user_id == "ann"


# --------------------------------------------------------------------------- API keys


@pytest.mark.parametrize("place", ["header", "bearer"])
def test_an_api_key_is_let_in(tenant: TenantFactory, place: str) -> None:
    api_key = tenant.api_key if place == "header" else None
    bearer = tenant.api_key if place == "bearer" else None
    principal = authentication.authenticate_admin(api_key, bearer, NOW)
    assert principal.key_id == tenant.key_id


@pytest.mark.parametrize(
    "key", ["wrong", "pk_", "é", "\x00", "a.b", "x" * 9000, "1' OR '1'='1"]
)
def test_what_is_no_key_is_refused(tenant: TenantFactory, key: str) -> None:
    for api_key, bearer in ((key, None), (None, key)):
        reason = capture_refusal(
            authentication.authenticate_admin, api_key, bearer, NOW
        )
        assert reason == AuthReason.BAD_API_KEY


@pytest.mark.parametrize("credentials", [(None, None), ("", ""), (None, "")])
def test_without_a_credential_nobody_is_let_in(
    tenant: TenantFactory, credentials: Any
) -> None:
    reason = capture_refusal(authentication.authenticate_admin, *credentials, NOW)
    assert reason == AuthReason.NO_CREDENTIALS


def test_a_revoked_key_and_its_tokens_end_at_once(tenant: TenantFactory) -> None:
    token = admin_token(tenant)
    authenticate_admin(token)
    authenticate_admin(tenant.api_key)
    tenants.revoke_key(tenant.tenant_id, tenant.key_id, NOW)
    for credential in (token, tenant.api_key):
        assert capture_refusal(authenticate_admin, credential) == AuthReason.BAD_API_KEY


def test_a_key_ends_at_its_time(tenant: TenantFactory) -> None:
    make = partial(tenants.create_key, None, tenant.tenant_id, "k", {Scope.READ})
    key, plain = make(NOW, NOW)
    moment = timedelta(milliseconds=1)
    assert authentication.authenticate_admin(plain, None, NOW).key_id == key.key_id
    reason = capture_refusal(
        authentication.authenticate_admin, plain, None, NOW + moment
    )
    assert reason == AuthReason.BAD_API_KEY


def test_a_keys_fingerprint_is_no_key(tenant: TenantFactory) -> None:
    stored = hashlib.sha256(tenant.api_key.encode()).hexdigest()
    assert capture_refusal(authenticate_admin, stored) == AuthReason.BAD_API_KEY


def test_an_admin_token_may_name_its_key_in_capitals(tenant: TenantFactory) -> None:
    token = admin_token(tenant, sub_id=tenant.key_id.upper())
    assert authenticate_admin(token).key_id == tenant.key_id


# ------------------------------------------------------------------------ permissions


def test_a_key_does_what_its_scopes_say_in_its_tenant() -> None:
    reader = Principal("acme", key_id="k", scopes=frozenset({Scope.READ}))
    authentication.require_scope(reader, "acme", Scope.READ)
    missing = capture_refusal(authentication.require_scope, reader, "acme", Scope.KEYS)
    foreign = capture_refusal(authentication.require_scope, reader, "other", Scope.READ)
    assert (missing, foreign) == (AuthReason.SCOPE_MISSING, AuthReason.WRONG_TENANT)


def test_a_user_speaks_for_itself_and_a_server_for_all() -> None:
    authentication.require_user(Principal("acme", "ann"), "ann")
    authentication.require_user(Principal("acme"), "bob")
    reason = capture_refusal(
        authentication.require_user, Principal("acme", "ann"), "bob"
    )
    assert reason == AuthReason.WRONG_USER
