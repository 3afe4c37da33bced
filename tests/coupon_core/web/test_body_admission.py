"""A large body is decided on from the head; then the request runs once more."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import EnvironBuilder

from coupon_core.web.body_admission import (
    PENDING_BODY_ENVIRON_KEY,
    BodyRequired,
    require_body,
)
from tests.coupon_core.web.http_worker.worker_process import read_response
from tests.support.raw_http import Target, raw_target

UUID = "01a22103-2ac6-75cf-ac0a-561e2fb72fd5"


def run_pending(app: Flask, path: str, **headers: str) -> str:
    """The status that the head alone is answered with."""
    environ = EnvironBuilder(path=path, method="POST", headers=headers).get_environ()
    environ.update({PENDING_BODY_ENVIRON_KEY: True, "wsgi.input": BytesIO()})
    environ["CONTENT_LENGTH"] = headers["Content-Length"]
    seen: list[Any] = []
    app(environ, lambda status, *_: seen.append(status))
    return str(seen[0])


JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("path", "limit"), [("/v1/bulk", 200_000), ("/v1/echo", 65_536)]
)
def test_reading_a_body_that_is_missing_tells_the_limit_of_the_route(
    app: Flask, path: str, limit: int
) -> None:
    with pytest.raises(BodyRequired) as required:
        run_pending(app, path, **JSON, **{"Content-Length": str(limit)})
    assert required.value.limit == limit


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/v1/bulk", {"Content-Length": "200001"}, "413"),
        ("/v1/bulk", {"Content-Length": "9" * 18}, "413"),
        ("/v1/bulk", {"Content-Length": "9", "Content-Type": "text/plain"}, "415"),
        ("/v1/bulk", {"Content-Length": "9", "Authorization": "bad"}, "401"),
        ("/v1/nowhere", {"Content-Length": "9"}, "404"),
    ],
)
def test_what_the_head_decides_needs_no_body(
    app: Flask, path: str, headers: dict[str, str], status: str
) -> None:
    assert run_pending(app, path, **{**JSON, **headers}).startswith(status)


def test_a_body_that_is_there_is_not_asked_for() -> None:
    require_body({}, 1)


@pytest.fixture(scope="module")
def admin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    with raw_target("admin", tmp_path_factory.mktemp("admission")) as running:
        yield running


def build_import(target: Target, credential: str, size: int) -> bytes:
    tenant_path = target.path.rpartition("/")[0]
    path = f"{tenant_path}/coupons/{UUID}/import"
    lines = [f"POST {path} HTTP/1.1", "Host: x", credential, "Content-Type: text/csv"]
    lines += [f"Content-Length: {size}", "Expect: 100-continue", "", ""]
    return "\r\n".join(lines).encode()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("credential", "size", "status"),
    [
        ("X-API-Key: wrong", 300_000, 401),
        ("X-A: b", 300_000, 401),
        ("", 268_435_457, 413),
    ],
)
def test_an_import_is_refused_before_its_body_is_sent(
    admin: Target, credential: str, size: int, status: int
) -> None:
    with admin.connect() as wire:
        wire.sendall(build_import(admin, credential or admin.credential, size))
        seen, body, _ = read_response(wire)
    assert seen == status
    assert body.startswith(b'{"error"')


@pytest.mark.slow
def test_an_import_is_received_and_then_answered(admin: Target) -> None:
    with admin.connect() as wire:
        wire.sendall(build_import(admin, admin.credential, 300_000))
        assert wire.recv(99) == b"HTTP/1.1 100 Continue\r\n\r\n"
        wire.sendall(b"code\n" + b"ABCD2345\n" * 33_332 + b"ABCD23\n")
        status, body, _ = read_response(wire)
    assert status in (400, 404), body  # there is no such definition
    assert b"before its Content-Length" not in body
