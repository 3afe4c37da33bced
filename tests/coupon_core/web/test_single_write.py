"""Head and body of a small answer leave in one write, in every API.

A vendor's SDK stops reading after the head and loses a body that comes later.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from coupon_core.domain.models import utc_now
from coupon_core.domain.models.client_keys import ClientKeyKind
from coupon_core.security.authentication import issue_client_token
from tests.factories.tenant import TenantFactory, create_tenant
from tests.support.raw_http import Target, raw_target

REPETITIONS = 100


@pytest.fixture(scope="module")
def query(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    with raw_target("query", tmp_path_factory.mktemp("query")) as running:
        yield running


@pytest.fixture(scope="module")
def admin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    with raw_target("admin", tmp_path_factory.mktemp("admin")) as running:
        yield running


def build(path: str, credential: str = "", body: str = "", form: bool = False) -> bytes:
    """Return a GET, or with a body a POST."""
    kind = "x-www-form-urlencoded" if form else "json"
    method, framing = "GET", ""
    if body:
        method = "POST"
        framing = f"Content-Type: application/{kind}\r\nContent-Length: {len(body)}\r\n"
    line = f"Authorization: {credential}\r\n" if credential else ""
    return f"{method} {path} HTTP/1.1\r\nHost: x\r\n{line}{framing}\r\n{body}".encode()


def list_query_requests(tenant: TenantFactory) -> dict[str, tuple[int, bytes]]:
    """Return a request to each API with its status, by the name of the API."""
    player = tenant.build_bearer_headers("ann")["Authorization"]
    server, client = (
        "Bearer " + ":".join(tenant.create_client_key(kind))
        for kind in (ClientKeyKind.PLAYCAMP_SERVER, ClientKeyKind.PLAYCAMP_CLIENT)
    )
    key_id, secret = tenant.create_client_key(ClientKeyKind.MAMBO)
    mambo = f"Bearer {issue_client_token(key_id, secret, utc_now())}"
    grant = f"grant_type=client_credentials&client_id={key_id}&client_secret={secret}"
    code = tenant.issue_code(tenant.define(per_code_limit=0), "ann")
    own, user = f"/v1/coupons/{tenant.tenant_id}", '{"user_id":"ann"}'
    answered = {
        "validate": build(f"/v1/coupons/validate/{code}", player),
        "validate with tenant": build(f"{own}/validate/{code}", player),
        "redeem": build(f"/v1/coupons/redeem/{code}", player, user),
        "redeem with tenant": build(f"{own}/redeem/{code}", player, user),
        "PlayCamp server": build("/v1/server/campaigns", server),
        "PlayCamp client": build("/v1/client/campaigns", client),
        "Mambo": build(f"/api/v1/{tenant.tenant_id}/coupons", mambo),
        "OAuth": build("/oauth/token", body=grant, form=True),
        "health": build("/health"),
    }
    prefixes = "/v1/coupons/definitions", "/v1/server/campaigns", "/api/v1/site/coupons"
    return {
        **{name: (200, request) for name, request in answered.items()},
        **{f"error of {path}": (401, build(path)) for path in prefixes},
        "error without a route": (404, build("/nowhere")),
    }


def test_every_api_of_the_query_gateway(query: Target) -> None:
    requests = list_query_requests(create_tenant("packets", now=None))
    for name, (status, request) in requests.items():
        check_single_write(query, name, status, request)


def test_the_admin_gateway(admin: Target) -> None:
    tenant = create_tenant("packets", now=None)
    path, key = f"/v1/tenants/{tenant.tenant_id}/rewards", f"Bearer {tenant.api_key}"
    requests = {
        "list": (200, build(path, key)),
        "refused body": (400, build(path, key, "{}")),
        "error": (401, build(path)),
        "health": (200, build("/health")),
    }
    for name, (status, request) in requests.items():
        check_single_write(admin, name, status, request)


def check_single_write(target: Target, name: str, status: int, request: bytes) -> None:
    """Send a request again and again; one `recv` must return the whole answer."""
    with target.connect() as wire:
        for _ in range(REPETITIONS):
            wire.sendall(request)
            head, _, body = wire.recv(65_536).partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 %d" % status), (name, head, body)
            length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
            assert length, (name, head)
            assert len(body) == int(length[1]), name
