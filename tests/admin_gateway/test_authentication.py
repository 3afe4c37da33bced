"""Tests of authentication and scopes at the admin gateway."""

from __future__ import annotations

import base64
import json
from datetime import datetime, timedelta
from typing import Any

import jwt
import pytest
import time_machine

from coupon_core.domain.models import Scope, utc_now
from tests.support.admin_client import AdminClient, expect_created, expect_refusal

# JWT headers by which an attacker could name the key to verify with.
KEY_HEADERS: dict[str, Any] = {
    "jku": "https://evil.example/k",
    "jwk": {"kty": "oct", "k": "ZXZpbA"},
    "kid": "../../dev/null",
    "x5u": "https://evil.example/k",
    "x5c": ["ZXZpbA"],
}
UNKNOWN_ID = "01890000-0000-7000-8000-000000000000"


def bearer_options(credential: str) -> dict[str, dict[str, str]]:
    """Return call options with this bearer credential."""
    return {"headers": {"Authorization": f"Bearer {credential}"}}


def create_token(admin: AdminClient, **changes: Any) -> str:
    """Return a valid admin JWT with changed claims; None removes a claim."""
    signed_by = changes.pop("signed_by", admin.plain_key)
    algorithm = changes.pop("algorithm", "HS256")
    headers = changes.pop("headers", None)
    claims = {
        "sub_type": "admin",
        "sub_id": admin.key.key_id,
        "exp": timestamp_in(300),
        **changes,
    }
    present = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(present, signed_by, algorithm, headers)


def timestamp_in(seconds: float) -> int:
    return int(utc_now().timestamp() + seconds)


def test_every_way_to_log_in(admin: AdminClient) -> None:
    key = admin.plain_key
    for options in [
        {"headers": {"X-API-Key": key}},
        bearer_options(key),
        bearer_options(create_token(admin)),
        bearer_options(create_token(admin, sub_id=admin.key.key_id.upper())),
        bearer_options(
            create_token(admin, exp=timestamp_in(-30))
        ),  # Clocks may differ by a minute.
        {"headers": {"Authorization": f"bearer  {key}"}},
    ]:
        assert admin.get("rewards", **options).status_code == 200


def test_nothing_below_v1_answers_without_a_key(admin: AdminClient) -> None:
    rules = [rule for rule in admin.app.url_map.iter_rules() if "/v1/" in rule.rule]
    assert len(rules) > 40
    for rule in rules:
        path = rule.rule.replace("<tenant_id>", "acme").replace("<code>", "SAVE10")
        for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"}):
            response = admin.app.test_client().open(
                path.replace("<", "").replace(">", ""), method=method
            )
            expect_refusal(response, 401, "AUTH_002")
            assert response.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("path", ["/v1/nothing", "/v1/tenants/acme/coupon"])
def test_unknown_paths_are_told_to_those_who_are_in(
    admin: AdminClient, path: str
) -> None:
    expect_refusal(admin.get(path, headers={}), 401, "AUTH_002")
    expect_refusal(admin.get(path), 404, "NOT_FOUND")


@pytest.mark.parametrize("header", ["", "Basic YTpi", "Bearer", "Bearer ", "Digest x"])
def test_other_schemes_are_no_credentials(admin: AdminClient, header: str) -> None:
    answer = admin.get("rewards", headers={"Authorization": header})
    expect_refusal(answer, 401, "AUTH_002")


@pytest.mark.parametrize("key", ["pk_wrong", "x", " ", "ä", "pk_" + "x" * 5_000])
def test_wrong_keys(admin: AdminClient, key: str) -> None:
    for options in ({"headers": {"X-API-Key": key}}, bearer_options(f"k{key}")):
        answer = admin.get("rewards", **options)
        assert answer.status_code == 401


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
def test_bad_tokens(admin: AdminClient, other_admin: AdminClient) -> None:
    header, payload, signature = create_token(admin).split(".")
    unsigned_header = (
        base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').decode().rstrip("=")
    )
    for bad_token in [
        create_token(admin, signed_by="pk_wrong-but-long-enough-to-be-a-key"),
        create_token(admin, signed_by=other_admin.plain_key),
        create_token(admin, signed_by=admin.secret.secret),
        *(
            create_token(admin, signed_by="evil" * 8, headers={name: value})
            for name, value in KEY_HEADERS.items()
        ),
        create_token(admin, algorithm="HS512"),
        create_token(admin, algorithm="HS384"),
        f"{unsigned_header}.{payload}.",
        f"{unsigned_header}.{payload}.{signature}",
        f"{header}.{payload}.",
        f"{header}.{payload}.{signature[:-2]}",
        f"{header}.{payload[:-1]}.{signature}",
        create_token(admin, sub_type="tenant"),
        create_token(admin, sub_type=None),
        create_token(admin, sub_id=None),
        create_token(admin, sub_id=UNKNOWN_ID),
        create_token(admin, sub_id="acme"),
        create_token(admin, sub_id=1),
        create_token(admin, exp=None),
        create_token(admin, exp=str(timestamp_in(300))),
        create_token(admin, exp=timestamp_in(31 * 86_400)),
        create_token(admin, nbf=timestamp_in(300)),
        "..",
        "a.b.c",
        "ä.ö.ü",
    ]:
        expect_refusal(
            admin.get("rewards", **bearer_options(bad_token)), 401, "INVALID_TOKEN"
        )


def test_repeated_claims_are_refused(admin: AdminClient) -> None:
    payload = create_token(admin).split(".")[1]
    claims = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
    repeated_claims = claims.replace(
        b"{", b'{"sub_id":"' + UNKNOWN_ID.encode() + b'",', 1
    )
    assert len(json.loads(repeated_claims)) == 3
    signed = jwt.PyJWS().encode(repeated_claims, admin.plain_key, "HS256")
    expect_refusal(admin.get("rewards", **bearer_options(signed)), 401, "INVALID_TOKEN")


def test_expired_token(admin: AdminClient) -> None:
    expired = create_token(admin, exp=timestamp_in(-120))
    expect_refusal(
        admin.get("rewards", **bearer_options(expired)), 401, "TOKEN_EXPIRED"
    )


def test_players_tokens_are_nothing_here(admin: AdminClient) -> None:
    claims = {"sub_type": "tenant", "sub_id": "acme", "sub": "a"}
    player = jwt.encode(
        claims | {"exp": timestamp_in(300)}, admin.secret.secret, "HS256"
    )
    expect_refusal(admin.get("rewards", **bearer_options(player)), 401, "INVALID_TOKEN")


def test_expired_key_and_its_tokens(admin: AdminClient) -> None:
    end = utc_now() + timedelta(minutes=10)
    body = {"name": "short", "expires_at": end.isoformat()}
    key = expect_created(admin.post("api-keys", body))
    claims = {"sub_id": key["key_id"], "signed_by": key["api_key"]}
    with time_machine.travel(end + timedelta(seconds=1), tick=False):
        own_token = bearer_options(create_token(admin, **claims))
        for options in (own_token, bearer_options(key["api_key"])):
            expect_refusal(admin.get("rewards", **options), 401, "INVALID_API_KEY")


def test_tokens_of_a_revoked_key(admin: AdminClient) -> None:
    key = expect_created(admin.post("api-keys", {"name": "CI"}))
    signed = create_token(admin, sub_id=key["key_id"], signed_by=key["api_key"])
    assert admin.get("rewards", **bearer_options(signed)).status_code == 200
    admin.delete(f"api-keys/{key['key_id']}")
    expect_refusal(
        admin.get("rewards", **bearer_options(signed)), 401, "INVALID_API_KEY"
    )


def test_other_tenants_and_missing_ones_are_the_same(
    admin: AdminClient, other_admin: AdminClient
) -> None:
    texts = {
        expect_refusal(admin.get(f"/v1/tenants/{tenant}/{path}"), 403, "ACCESS_DENIED")
        for tenant in (other_admin.tenant_id, "nobody", "ACME", "a b")
        for path in ("rewards", "coupons", f"coupons/{UNKNOWN_ID}/stats", "api-keys")
    }
    assert texts == {"Access denied"}


# The scope that each request needs, with an example of the request.
SCOPE_CASES = [
    (Scope.READ, "GET", "rewards", None),
    (Scope.READ, "GET", "/v1/reward-items", None),
    (Scope.READ, "GET", "coupons", None),
    (Scope.READ, "GET", f"coupons/{UNKNOWN_ID}/coupons", None),
    (Scope.READ, "GET", f"coupons/{UNKNOWN_ID}/stats", None),
    (Scope.READ, "GET", "coupons/codes/X", None),
    (Scope.READ, "GET", "api-keys", None),
    (Scope.READ, "GET", "secrets", None),
    (Scope.DEFINITIONS, "POST", "rewards", {}),
    (Scope.DEFINITIONS, "POST", "reward-items", {}),
    (Scope.DEFINITIONS, "PATCH", f"/v1/reward-items/{UNKNOWN_ID}", {}),
    (Scope.DEFINITIONS, "POST", "coupons", {}),
    (Scope.DEFINITIONS, "PUT", f"coupons/{UNKNOWN_ID}", {}),
    (Scope.DEFINITIONS, "PATCH", f"coupons/{UNKNOWN_ID}", {}),
    (Scope.DEFINITIONS, "DELETE", f"/v1/coupons/{UNKNOWN_ID}", None),
    (Scope.DEFINITIONS, "POST", f"coupons/{UNKNOWN_ID}/pause", None),
    (Scope.COUPONS, "POST", f"coupons/{UNKNOWN_ID}/generate", {}),
    (Scope.COUPONS, "POST", f"/v1/coupons/{UNKNOWN_ID}/generate", {}),
    (Scope.EXPORT, "GET", "codes/export", None),
    (Scope.READ, "GET", "dead-letters", None),
    (Scope.READ, "GET", f"dead-letters/{UNKNOWN_ID}", None),
    (Scope.EVENTS, "POST", "events", {}),
    (Scope.EVENTS, "POST", "/v1/events", {}),
    (Scope.EVENTS, "POST", "events/bulk", {}),
    (Scope.EVENTS, "POST", "/v1/events/bulk", {}),
    (Scope.EVENTS, "POST", f"dead-letters/{UNKNOWN_ID}/retry", None),
    (Scope.EVENTS, "DELETE", f"dead-letters/{UNKNOWN_ID}", None),
    (Scope.KEYS, "POST", "api-keys", {}),
    (Scope.KEYS, "DELETE", f"api-keys/{UNKNOWN_ID}", None),
    (Scope.KEYS, "DELETE", f"secrets/{UNKNOWN_ID}", None),
]


def test_each_scope_opens_its_own_routes(admin: AdminClient) -> None:
    for scope in Scope:
        key_body = {"name": scope, "scopes": [scope]}
        key = expect_created(admin.post("api-keys", key_body))["api_key"]
        for needed, method, path, body in SCOPE_CASES:
            answer = admin.call(method, path, body, headers={"X-API-Key": key})
            if scope != needed:
                assert f"'{needed}'" in expect_refusal(answer, 403, "SCOPE_MISSING")
            else:
                assert answer.status_code not in (401, 403), (scope, method, path)


def test_request_id_comes_back(admin: AdminClient) -> None:
    headers = {"X-API-Key": admin.plain_key, "X-Request-Id": "abc-1"}
    assert admin.get("rewards", headers=headers).headers["X-Request-Id"] == "abc-1"


def test_times_of_tokens_may_be_fractions(admin: AdminClient) -> None:
    expires_at = datetime.now().timestamp() + 300.5
    assert (
        admin.get(
            "rewards", **bearer_options(create_token(admin, exp=expires_at))
        ).status_code
        == 200
    )
