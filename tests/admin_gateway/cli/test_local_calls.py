"""Calls of the admin API in the process of couponctl, without a server."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from admin_gateway.authentication import CALLER_ENVIRON_KEY
from admin_gateway.cli.clients import open_local_admin
from admin_gateway.cli.wsgi_transport import WsgiTransport
from coupon_core.web.http_worker.http_request import _to_environ_key
from coupons_sdk import NotFound
from tests.support.admin_client import AdminClient
from tests.support.cli_runner import CouponctlRunner

PATH = "/v1/tenants/acme/rewards"
NAMES = [CALLER_ENVIRON_KEY, "coupon-in-process-caller", "Coupon.In-Process-Caller"]


@pytest.mark.parametrize("name", NAMES)
def test_no_header_is_the_caller_of_this_process(
    sqlite_admin: AdminClient, name: str
) -> None:
    client = sqlite_admin.app.test_client()
    assert client.get(PATH, headers={name: "acme"}).status_code == 401
    text = client.get(PATH, environ_overrides={CALLER_ENVIRON_KEY: "acme"})
    assert text.status_code == 401


@settings(max_examples=30)
@given(st.binary(min_size=1, max_size=40))
def test_no_header_has_the_key_of_the_caller(name: bytes) -> None:
    key = _to_environ_key(name)
    assert key in ("", "CONTENT_TYPE", "CONTENT_LENGTH") or key.startswith("HTTP_")


def test_a_call_in_this_process_has_a_name_in_the_audit_log(
    acme_cli: CouponctlRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_environment(acme_cli, monkeypatch)
    with open_local_admin("acme") as admin:
        admin.rewards.create("Gems", "gem")
        (entry, *_) = admin.audit.list()
        assert (entry.action, entry.actor) == ("reward_item.created", "cli")
        assert entry.actor_name == f"os:{getpass.getuser()}"
    with open_local_admin("nobody") as admin, pytest.raises(NotFound, match="Tenant"):
        admin.rewards.list().page()


def set_environment(cli: CouponctlRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give this process the settings of a runner."""
    for name, value in cli.env.items():
        monkeypatch.setenv(name, value)


class RecordingApp:
    """A WSGI app that answers in pieces, and keeps what it was sent."""

    def __init__(self) -> None:
        self.steps: list[str] = []
        self.environ: dict[str, Any] = {}

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        self.environ = environ
        start_response("207 Multi-Status", [("X-Size", "big"), ("X-Size", "huge")])
        try:
            for chunk in iter(lambda: environ["wsgi.input"].read(3), b""):
                self.steps.append(f"answered {chunk.decode()}")
                yield chunk
        finally:
            self.steps.append("closed")

    def send_parts(self) -> Iterator[bytes]:
        """Yield the body of a request, and record when it is read."""
        for part in (b"abc", b"", b"def"):
            self.steps.append(f"sent {part.decode()}")
            yield part


def test_bodies_are_passed_on_while_they_are_read() -> None:
    app = RecordingApp()
    with httpx2.Client(transport=WsgiTransport(app, {})) as client:
        content = app.send_parts()
        with client.stream("POST", "http://x/", content=content) as response:
            chunks = response.iter_raw()
            assert next(chunks) == b"abc"
            assert app.steps == ["sent abc", "answered abc"]
            assert list(chunks) == [b"def"]
    assert app.steps[2:] == ["sent ", "sent def", "answered def", "closed"]
    assert response.status_code == 207
    assert response.headers.get_list("x-size") == ["big", "huge"]


def test_paths_and_headers_are_those_of_wsgi() -> None:
    app = RecordingApp()
    with httpx2.Client(transport=WsgiTransport(app, {"test.extra": 1})) as client:
        url = "http://x/v1/caf%C3%A9%2F?q=%C3%A9"
        client.put(url, json={"a": 1}, headers={"X-Api-Key": "k"})
    environ = app.environ
    assert environ["RAW_URI"] == "/v1/caf%C3%A9%2F?q=%C3%A9"
    assert environ["PATH_INFO"] == "/v1/café/".encode().decode("latin-1")
    assert environ["QUERY_STRING"] == "q=%C3%A9"
    assert (environ["HTTP_X_API_KEY"], environ["test.extra"]) == ("k", 1)
    assert environ["CONTENT_TYPE"] == "application/json"
    assert int(environ["CONTENT_LENGTH"]) == len(b'{"a":1}')
