"""The OAuth token endpoint: credentials in query and form, and the use of tokens."""

from __future__ import annotations

import json
import time
from typing import Any

import jwt
import pytest
from flask import Flask
from werkzeug.test import TestResponse

from coupon_core.domain.models import utc_now
from coupon_core.domain.models.client_keys import ClientKeyKind
from coupon_core.services.access import client_keys
from tests.factories.tenant import TenantFactory
from tests.query_gateway.mambo.site import (
    SiteClient,
    build_basic_auth,
    create_client_key,
    create_site_client,
    expect_refusal,
)

GRANT = "grant_type=client_credentials"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def keys(tenant: TenantFactory) -> tuple[str, str]:
    return create_client_key(tenant)


def request_token(app: Flask, query: str = GRANT, **options: Any) -> TestResponse:
    return app.test_client().post(f"/oauth/token?{query}", **options)


def assert_token_error(answer: TestResponse, status: int, error: str) -> None:
    """Assert that the response is this error in the OAuth error format."""
    assert (answer.status_code, answer.json["error"]) == (status, error), answer.json
    assert set(answer.json) == {"error", "error_description"}


def test_the_grant_comes_in_the_query_or_in_a_form(
    app: Flask, tenant: TenantFactory, keys: tuple[str, str]
) -> None:
    for query, body in ((GRANT, None), ("", GRANT)):
        answer = request_token(
            app, query, data=body, headers={**build_basic_auth(*keys), **FORM}
        )
        assert answer.status_code == 200, answer.json
        assert answer.json["token_type"] == "bearer"
        assert answer.json["expires_in"] == 3600
        assert answer.headers["Cache-Control"] == "no-store"
        site = SiteClient(app.test_client(), tenant, answer.json["access_token"])
        assert site.get("coupons") == []


def test_the_keys_may_come_in_the_form_too(app: Flask, keys: tuple[str, str]) -> None:
    body = f"{GRANT}&client_id={keys[0]}&client_secret={keys[1]}"
    assert request_token(app, "", data=body, headers=FORM).status_code == 200


def test_a_body_of_another_kind_is_no_form(app: Flask, keys: tuple[str, str]) -> None:
    answer = request_token(
        app, "", json={"grant_type": "x"}, headers=build_basic_auth(*keys)
    )
    assert_token_error(answer, 400, "invalid_request")


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("", "invalid_request"),
        ("grant_type=password", "unsupported_grant_type"),
        ("grant_type=", "unsupported_grant_type"),
        (f"{GRANT}&{GRANT}", "invalid_request"),
        ("grant_type=%ff", "invalid_request"),
    ],
)
def test_another_grant_is_refused(
    app: Flask, keys: tuple[str, str], query: str, error: str
) -> None:
    assert_token_error(
        request_token(app, query, headers=build_basic_auth(*keys)), 400, error
    )


def test_wrong_keys_are_refused_alike(app: Flask, keys: tuple[str, str]) -> None:
    key_id, secret = keys
    wrong = [
        build_basic_auth(key_id, "x"),
        build_basic_auth("mk_unknown", secret),
        build_basic_auth(key_id, ""),
        build_basic_auth("", ""),
        build_basic_auth("a\x00b", secret),
        {"Authorization": "Basic !!!"},
        {"Authorization": "Basic"},
    ]
    answers = [request_token(app, headers=headers) for headers in wrong]
    for answer in answers:
        assert_token_error(answer, 401, "invalid_client")
    assert len({answer.data for answer in answers}) == 1


def test_no_keys_at_all_are_asked_for(app: Flask) -> None:
    answer = request_token(app)
    assert_token_error(answer, 401, "invalid_client")
    assert answer.headers["WWW-Authenticate"].startswith("Basic")


def test_keys_of_other_sdks_give_no_token(app: Flask, tenant: TenantFactory) -> None:
    keys = create_client_key(tenant, ClientKeyKind.PLAYCAMP_SERVER)
    assert_token_error(
        request_token(app, headers=build_basic_auth(*keys)), 401, "invalid_client"
    )


def test_a_revoked_key_is_worth_nothing_at_once(
    app: Flask, tenant: TenantFactory, keys: tuple[str, str]
) -> None:
    token = request_token(app, headers=build_basic_auth(*keys)).json["access_token"]
    site = SiteClient(app.test_client(), tenant, token)
    assert site.get("coupons") == []
    client_keys.revoke(tenant.tenant_id, keys[0], utc_now())
    expect_refusal(site.call("GET", "coupons"), 401, "UnauthorizedException")
    assert_token_error(
        request_token(app, headers=build_basic_auth(*keys)), 401, "invalid_client"
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"life": -3_600},
        {"exp": None},
        {"life": 40 * 86_400},
        {"sub_type": "tenant"},
        {"sub_type": "admin"},
        {"sub_id": "mk_unknown"},
        {"sub_id": None},
        {"sub_id": 7},
    ],
    ids=str,
)
def test_other_claims_are_refused(
    app: Flask, tenant: TenantFactory, keys: tuple[str, str], changes: dict[str, Any]
) -> None:
    now, life = int(time.time()), changes.get("life", 60)
    claims = {"sub_type": "client", "sub_id": keys[0], "iat": now, "exp": now + life}
    all_claims = {k: v for k, v in {**claims, **changes}.items() if v is not None}
    token = jwt.PyJWS().encode(_to_json(all_claims), keys[1], "HS256")
    site = SiteClient(app.test_client(), tenant, token)
    expect_refusal(site.call("GET", "coupons"), 401, "UnauthorizedException")


def _to_json(claims: dict[str, Any]) -> bytes:
    return json.dumps(claims).encode()


def test_a_token_of_another_signer_is_refused(
    app: Flask, tenant: TenantFactory, keys: tuple[str, str]
) -> None:
    now = int(time.time())
    claims = {"sub_type": "client", "sub_id": keys[0], "iat": now, "exp": now + 60}
    # PyJWT warns about keys that are too short for HS512.
    long = keys[1] * 2
    for secret, algorithm in (("x" * 32, "HS256"), (long, "HS512"), ("", "none")):
        token = jwt.encode(claims, secret or None, algorithm=algorithm)
        site = SiteClient(app.test_client(), tenant, token)
        expect_refusal(site.call("GET", "coupons"), 401, "UnauthorizedException")


def test_tokens_of_players_are_refused_here_and_ours_there(
    app: Flask, tenant: TenantFactory, site: SiteClient
) -> None:
    player = SiteClient(app.test_client(), tenant, tenant.mint_token("ann"))
    expect_refusal(player.call("GET", "coupons"), 401, "UnauthorizedException")
    path = f"/v1/coupons/{tenant.tenant_id}/definitions"
    assert app.test_client().get(path, headers=site.headers).status_code == 401


@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer"}])
def test_without_a_token_nothing_is_told(
    app: Flask, site: SiteClient, header: dict[str, str]
) -> None:
    for path in ("nosuchsite/coupons", f"{site.tenant.tenant_id}/coupons"):
        answer = app.test_client().get(f"/api/v1/{path}", headers=header)
        expect_refusal(answer, 401, "UnauthorizedException")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_foreign_site_is_like_none(
    app: Flask, site: SiteClient, other_tenant: TenantFactory
) -> None:
    foreign = site.open("GET", f"/api/v1/{other_tenant.tenant_id}/coupons")
    missing = site.open("GET", "/api/v1/nosuchsite/coupons")
    expect_refusal(foreign, 404, "SiteNotFoundException")
    assert foreign.data == missing.data


def test_what_is_another_sites_is_like_what_is_nobodys(
    app: Flask, site: SiteClient, other_tenant: TenantFactory
) -> None:
    other = create_site_client(app, other_tenant)
    other.create_user()
    coupon = other.create_coupon()
    code = other.award_coupon(coupon)
    done = other.perform_activity("redeem", code).json["id"]
    site.create_user()
    for method, path in (
        ("GET", f"/api/v1/coupons/{coupon['id']}"),
        ("DELETE", f"/api/v1/coupons/{coupon['id']}"),
        ("GET", f"/api/v1/activities/{done}"),
    ):
        unknown = path.rpartition("/")[0] + "/01890000-0000-7000-8000-000000000000"
        foreign = site.open(method, path)
        assert foreign.status_code == 404
        assert foreign.data == site.open(method, unknown).data
    expect_refusal(
        site.perform_activity("refund", code), 404, "CouponNotFoundException"
    )
