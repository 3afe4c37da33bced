"""Clients that do not behave: they hold up themselves, not the others."""

from __future__ import annotations

import http.client
import socket
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from coupon_core.config import Settings
from tests.servers.gunicorn import Gateway, gateway_server

CLIENTS = 12


@pytest.mark.slow
def test_clients_that_never_close_do_not_hold_up_others(
    settings: Settings, tmp_path: Path
) -> None:
    with (
        gateway_server("query_gateway", settings, tmp_path) as gateway,
        ExitStack() as all_,
    ):
        began = time.monotonic()
        for _ in range(CLIENTS):
            client = all_.enter_context(
                socket.create_connection((gateway.host, gateway.port))
            )
            client.sendall(
                b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
            )
            assert client.recv(12) == b"HTTP/1.1 200"
        assert health(gateway) == 200
        # gunicorn alone would linger two seconds for each of them, one by one.
        assert time.monotonic() - began < CLIENTS


def health(gateway: Gateway) -> int:
    connection = http.client.HTTPConnection(gateway.host, gateway.port, timeout=60)
    connection.request("GET", "/health")
    status = connection.getresponse().status
    connection.close()
    return status
