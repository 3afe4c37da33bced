"""The proxies of `deploy/` pass on who called, and keep slow and big requests away."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from time import monotonic

import psutil
import pytest

from tests.deploy.proxies import Proxy, running_proxy
from tests.support.servers.gunicorn import Gateway, gateway_server
from tests.support.settings import build_settings

MAX_BODY_BYTES = 262_144  # of the query gateway
BODY_TIMEOUT_SECONDS = 10.0  # of nginx; Caddy waits for minutes
SLOW_CLIENTS = 30
FORGED_HEADERS = {
    "X-Forwarded-For": "203.0.113.9",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "evil.example",
    "X-Real-IP": "203.0.113.9",
    "Forwarded": "for=203.0.113.9;proto=https",
}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    app = "tests.coupon_core.web.http_worker.wsgi_app:app"
    home = tmp_path_factory.mktemp("gateway")
    settings = build_settings("sqlite:///:memory:", home)
    trust = "--forwarded-allow-ips", "127.0.0.1"
    with gateway_server(app, settings, home, *trust) as server:
        yield server


@pytest.fixture(scope="module", params=["caddy", "nginx"])
def proxy(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    gateway: Gateway,
) -> Iterator[Proxy]:
    home = tmp_path_factory.mktemp(request.param)
    address = f"{gateway.host}:{gateway.port}"
    with running_proxy(request.param, home, address) as proxy:
        yield proxy


def test_gateway_sees_the_client_and_not_what_it_claims(proxy: Proxy) -> None:
    path = "/v1/coupons/a%2Fb//c?d=%20"
    status, body = proxy.request(path=path, headers=FORGED_HEADERS, source="127.0.0.2")
    assert status == 200
    seen = json.loads(body)
    assert (seen["REMOTE_ADDR"], seen["RAW_URI"]) == ("127.0.0.2", path)
    assert seen["wsgi.url_scheme"] == proxy.scheme
    assert seen["HTTP_HOST"] == "coupons.example"


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_larger_body_than_any_route_accepts_is_refused(
    proxy: Proxy, framing: str
) -> None:
    for size, expected in ((MAX_BODY_BYTES, 200), (MAX_BODY_BYTES + 1, 413)):
        body = bytes(size)
        sent = body if framing == "length" else iter([body])
        headers = {"Authorization": "good"}
        status, answer = proxy.request("POST", "/size", sent, headers)
        assert status == expected
        if status == 200:
            assert int(answer) == size


def test_slow_clients_occupy_no_connection_to_a_gateway(
    proxy: Proxy, gateway: Gateway
) -> None:
    head = b"POST / HTTP/1.1\r\nHost: coupons.example\r\nContent-Length: 1000\r\n\r\n{"
    with ExitStack() as stack:
        for _ in range(SLOW_CLIENTS):
            stack.enter_context(proxy.connect()).sendall(head)
        started_at = monotonic()
        assert proxy.request("POST", body=b"{}")[0] == 200
        # Before the proxy gives up the slow ones.
        assert monotonic() - started_at < BODY_TIMEOUT_SECONDS
        assert count_connections(gateway) < SLOW_CLIENTS / 2


def count_connections(gateway: Gateway) -> int:
    (worker,) = psutil.Process(gateway.pid).children()
    return sum(
        1
        for one in worker.net_connections("tcp")
        if one.status == psutil.CONN_ESTABLISHED and one.laddr.port == gateway.port
    )
