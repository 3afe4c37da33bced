"""OAuth 1.0a as Mambo's older SDKs sign: signatures, nonces and the signed URL."""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from coupon_core.domain.models import utc_now
from coupon_core.domain.models.client_keys import ClientKeyKind
from coupon_core.services.access import client_keys
from query_gateway.mambo import PUBLIC_URL_EXTENSION
from tests.factories.tenant import TenantFactory
from tests.query_gateway.mambo.site import (
    JOHN,
    SiteClient,
    build_activity,
    create_client_key,
    expect_refusal,
)
from tests.support.databases import on_sqlite

PRICE = {"pointsToBuy": {"pointId": "gold", "points": 30}}
_nonces = itertools.count(1)


def encode(text: str) -> str:
    return quote(text, safe="-._~")


@dataclass
class OldSdk:
    """Signs each request with OAuth 1.0a, as the PHP SDK of 2015 does."""

    app: Flask
    tenant: TenantFactory
    key_id: str
    secret: str = field(repr=False)
    base_url: str = "http://localhost"

    def sign(self, method: str, path: str, **changes: Any) -> str:
        """Return the header; a changed parameter is signed, None leaves it out."""
        parts = urlsplit(self.base_url + path)
        parameters = {
            "oauth_version": "1.0",
            "oauth_nonce": f"nonce-{next(_nonces)}",
            "oauth_timestamp": str(int(time.time())),
            "oauth_consumer_key": self.key_id,
            "oauth_signature_method": "HMAC-SHA1",
            **changes,
        }
        signed = {name: text for name, text in parameters.items() if text is not None}
        query = parse_qsl(parts.query, keep_blank_values=True)
        pairs = sorted(
            (encode(name), encode(text)) for name, text in [*signed.items(), *query]
        )
        texts = (
            method,
            f"{parts.scheme}://{parts.netloc}{parts.path}",
            "&".join(f"{name}={text}" for name, text in pairs),
        )
        base_string = "&".join(encode(text) for text in texts)
        key = f"{encode(self.secret)}&"
        digest = hmac.new(key.encode(), base_string.encode(), hashlib.sha1).digest()
        signed.setdefault("oauth_signature", base64.b64encode(digest).decode())
        return "OAuth " + ",".join(
            f'{encode(name)}="{encode(text)}"' for name, text in signed.items()
        )

    def call(
        self, method: str, path: str, body: Any = None, header: str = "", **changes: Any
    ) -> TestResponse:
        """Send a request, by default with a signature of its own."""
        site_path = f"/api/v1/{self.tenant.tenant_id}/{path}"
        full_path = path if path[0] == "/" else site_path
        headers = {"Authorization": header or self.sign(method, full_path, **changes)}
        options = {} if body is None else {"json": body}
        return self.app.test_client().open(
            full_path, method=method, headers=headers, **options
        )


@pytest.fixture
def old_sdk(app: Flask, tenant: TenantFactory) -> OldSdk:
    return OldSdk(app, tenant, *create_client_key(tenant))


@pytest.fixture
def public_url(app: Flask) -> Iterator[str]:
    """Set the public URL of the gateway for a test."""
    url = "https://Coupons.example:8443/shop"
    app.extensions[PUBLIC_URL_EXTENSION] = url
    yield url
    app.extensions[PUBLIC_URL_EXTENSION] = ""


def test_requests_of_all_methods_are_signed(
    site_with_member: SiteClient, old_sdk: OldSdk
) -> None:
    user_path = f"users/{quote(JOHN)}"
    assert old_sdk.call("GET", user_path).json["uuid"] == JOHN
    assert old_sdk.call("GET", f"users/{JOHN}").json["uuid"] == JOHN
    assert old_sdk.call("PUT", user_path, {"tagTags": ["a b"]}).status_code == 200
    created = old_sdk.call(
        "POST", "coupons", {"name": "Ä", "code": "OLD", "type": "custom"}
    )
    assert created.status_code == 201, created.json
    path = f"/api/v1/coupons/{created.json['id']}"
    assert old_sdk.call("GET", path).json == created.json
    assert old_sdk.call("DELETE", "/api/v1/coupons", {"ids": [path[-36:]]}).status == (
        "204 NO CONTENT"
    )


@pytest.mark.parametrize(
    "query", ["tags=b&tags=a", "tags=a%20b", "tags=a+b&x", "page=0&count=2&tags=%C3%A4"]
)
def test_the_query_is_signed(old_sdk: OldSdk, query: str) -> None:
    answer = old_sdk.call("GET", f"coupons?{query}")
    assert (answer.status_code, answer.json) == (200, [])
    header = old_sdk.sign("GET", f"/api/v1/{old_sdk.tenant.tenant_id}/coupons?{query}")
    answer = old_sdk.call("GET", f"coupons?{query}&tags=c", header=header)
    expect_refusal(answer, 401, "UnauthorizedException")


@on_sqlite
@pytest.mark.parametrize(
    "changes",
    [
        {"oauth_signature": "x"},
        {"oauth_signature": "ä" * 100},
        {"oauth_signature": ""},
        {"oauth_signature_method": "PLAINTEXT"},
        {"oauth_signature_method": None},
        {"oauth_timestamp": "1"},
        {"oauth_timestamp": None},
        {"oauth_timestamp": "²"},
        {"oauth_nonce": None},
        {"oauth_nonce": "n" * 256},
        {"oauth_consumer_key": "mk_unknown"},
        {"oauth_consumer_key": "a\x00b"},
        {"oauth_consumer_key": None},
        {"oauth_version": "2.0"},
        {"oauth_token": "token"},
    ],
    ids=str,
)
def test_a_wrong_parameter_is_refused(
    old_sdk: OldSdk, changes: dict[str, str | None]
) -> None:
    answer = old_sdk.call("GET", "coupons", **changes)
    assert expect_refusal(answer, 401, "UnauthorizedException")


@pytest.mark.parametrize("seconds", [-3_600, 3_600])
def test_a_timestamp_of_another_hour_is_refused(old_sdk: OldSdk, seconds: int) -> None:
    timestamp = str(int(time.time()) + seconds)
    answer = old_sdk.call("GET", "coupons", oauth_timestamp=timestamp)
    assert expect_refusal(answer, 401, "UnauthorizedException")


@pytest.mark.parametrize(
    "header", ["OAuth", "OAuth x", 'OAuth oauth_nonce="a",oauth_nonce="b"', "OAuth ,,"]
)
def test_a_header_of_another_form_is_refused(old_sdk: OldSdk, header: str) -> None:
    answer = old_sdk.call("GET", "coupons", header=header)
    expect_refusal(answer, 401, "UnauthorizedException")


def test_an_unknown_key_is_refused_like_a_wrong_secret(old_sdk: OldSdk) -> None:
    unknown = old_sdk.call("GET", "coupons", oauth_consumer_key="mk_unknown")
    old_sdk.secret += "x"
    assert old_sdk.call("GET", "coupons").data == unknown.data


def test_a_revoked_key_signs_no_more(old_sdk: OldSdk) -> None:
    assert old_sdk.call("GET", "coupons").status_code == 200
    client_keys.revoke(old_sdk.tenant.tenant_id, old_sdk.key_id, utc_now())
    expect_refusal(old_sdk.call("GET", "coupons"), 401, "UnauthorizedException")


def test_keys_of_other_sdks_sign_nothing(app: Flask, tenant: TenantFactory) -> None:
    keys = create_client_key(tenant, ClientKeyKind.PLAYCAMP_SERVER)
    answer = OldSdk(app, tenant, *keys).call("GET", "coupons")
    expect_refusal(answer, 401, "UnauthorizedException")


def test_a_foreign_site_is_not_found(
    old_sdk: OldSdk, other_tenant: TenantFactory
) -> None:
    answer = old_sdk.call("GET", f"/api/v1/{other_tenant.tenant_id}/coupons")
    expect_refusal(answer, 404, "SiteNotFoundException")


# ----------------------------------------------------------------------------- nonces


def test_a_repeated_post_is_the_same_request(
    site_with_member: SiteClient, old_sdk: OldSdk
) -> None:
    code = site_with_member.create_coupon(**PRICE)["code"]
    path, body = "activities/sync", build_activity("buy", code)
    header = old_sdk.sign("POST", f"/api/v1/{old_sdk.tenant.tenant_id}/{path}")
    answers = [old_sdk.call("POST", path, body, header=header) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json["id"] for answer in answers}) == 1
    assert site_with_member.get_balance() == 70


@pytest.mark.parametrize(
    ("method", "path", "body", "other_body"),
    [
        ("POST", "users", {"uuid": "a"}, {"uuid": "b"}),
        ("POST", "users", {"uuid": 7}, {"uuid": "b"}),
        ("PUT", f"users/{quote(JOHN)}", {"isMember": True}, {"isMember": False}),
    ],
)
def test_a_nonce_is_used_for_one_body(
    site_with_member: SiteClient,
    old_sdk: OldSdk,
    method: str,
    path: str,
    body: Any,
    other_body: Any,
) -> None:
    header = old_sdk.sign(method, f"/api/v1/{old_sdk.tenant.tenant_id}/{path}")
    first = old_sdk.call(method, path, body, header=header)
    answer = old_sdk.call(method, path, other_body, header=header)
    text = expect_refusal(answer, 401, "UnauthorizedException")
    assert text.startswith("oauth_nonce")
    again = old_sdk.call(method, path, body, header=header)
    assert again.status_code == first.status_code
    assert site_with_member.get(f"users/{quote(JOHN)}")["isMember"] is True


def test_a_repeated_get_needs_no_memory(old_sdk: OldSdk) -> None:
    header = old_sdk.sign("GET", f"/api/v1/{old_sdk.tenant.tenant_id}/coupons")
    for _ in range(2):
        assert old_sdk.call("GET", "coupons", header=header).status_code == 200


def test_a_nonce_may_be_repeated_with_another_timestamp(
    site_with_member: SiteClient, old_sdk: OldSdk
) -> None:
    now = int(time.time())
    for number in range(2):
        answer = old_sdk.call(
            "POST",
            "users",
            {"uuid": f"u{number}"},
            oauth_nonce="same",
            oauth_timestamp=str(now - number),
        )
        assert answer.status_code == 201, json.dumps(answer.json)


# --------------------------------------------------------------------- the signed URL


@pytest.mark.parametrize("base_url", ["http://localhost", "https://localhost"])
def test_without_a_public_url_the_host_is_the_one_of_the_request(
    old_sdk: OldSdk, base_url: str
) -> None:
    old_sdk.base_url = base_url
    assert old_sdk.call("GET", "coupons").status_code == 200
    old_sdk.base_url = "http://other"
    expect_refusal(old_sdk.call("GET", "coupons"), 401, "UnauthorizedException")


def test_the_public_url_is_signed_if_it_is_set(
    old_sdk: OldSdk, public_url: str
) -> None:
    expect_refusal(old_sdk.call("GET", "coupons"), 401, "UnauthorizedException")
    old_sdk.base_url = public_url.replace("Coupons", "coupons")
    assert old_sdk.call("GET", "coupons").status_code == 200
