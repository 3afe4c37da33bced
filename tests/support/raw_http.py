"""Gateways as in production, and raw bytes that no HTTP library would send."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.factories.tenant import TenantFactory, create_tenant
from tests.support.concurrency import started_core
from tests.support.database_rows import TableRows, read_all_rows
from tests.support.databases import SqliteDatabases, migrate_database
from tests.support.servers.gunicorn import Gateway, gateway_server
from tests.support.servers.process import SOON_SECONDS
from tests.support.settings import build_settings

# Then the answer must have arrived, or the connection must be closed.
RESPONSE_TIMEOUT_SECONDS = SOON_SECONDS
CONTENT_LENGTH, CHUNKED_ENCODING = b"Content-Length: ", b"Transfer-Encoding: chunked"


@dataclass(frozen=True)
class Target:
    """A gateway, and a POST that would change data if it were accepted."""

    gateway: Gateway
    path: str
    credential: str = field(repr=False)
    body: bytes
    rows_before: TableRows
    database_url: str

    def build_head(self, *lines: bytes) -> bytes:
        """Return the head of the request with more header lines."""
        start = (
            f"POST {self.path} HTTP/1.1\r\nHost: x\r\n{self.credential}\r\n".encode()
        )
        kind = b"Content-Type: application/json\r\n"
        return start + kind + b"".join(line + b"\r\n" for line in lines) + b"\r\n"

    def connect(self) -> socket.socket:
        """Open a connection to the gateway."""
        address = self.gateway.host, self.gateway.port
        return socket.create_connection(address, RESPONSE_TIMEOUT_SECONDS)

    def send(self, data: bytes) -> bytes:
        """Return all bytes until the gateway closes the connection."""
        received = b""
        with self.connect() as wire:
            wire.sendall(data)
            wire.shutdown(socket.SHUT_WR)
            while chunk := wire.recv(65_536):
                received += chunk
        return received


@contextmanager
def raw_target(
    name: str, home: Path, *options: str, threads: int = 8
) -> Iterator[Target]:
    """Run the `query` or the `admin` gateway with more gunicorn options."""
    with SqliteDatabases(home, migrate_database).temporary_database() as url:
        settings = replace(build_settings(url), gateway_threads=threads)
        with (
            started_core(settings),
            gateway_server(f"{name}_gateway", settings, home, *options) as gateway,
        ):
            make = {"query": prepare_redeem, "admin": prepare_reward_item}[name]
            tenant = create_tenant("raw", now=None)
            yield Target(gateway, *make(tenant), read_all_rows(), url)


def prepare_redeem(tenant: TenantFactory) -> tuple[str, str, bytes]:
    """Return path, credential and body of a redeem."""
    path = f"/v1/coupons/redeem/{tenant.create_code('ann')}"
    credential = f"Authorization: {tenant.build_bearer_headers('ann')['Authorization']}"
    return path, credential, b'{"user_id":"ann"}'


def prepare_reward_item(tenant: TenantFactory) -> tuple[str, str, bytes]:
    """Return path, credential and body of a POST that creates a reward item."""
    body = json.dumps({"name": "Smuggled", "reward_type": "x"}).encode()
    path = f"/v1/tenants/{tenant.tenant_id}/rewards"
    return path, f"X-API-Key: {tenant.api_key}", body


def encode_chunked(body: bytes) -> bytes:
    """Return the body as one chunk."""
    return b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
