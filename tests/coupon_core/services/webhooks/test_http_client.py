"""Test webhook requests: allowed addresses and time limits."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from coupon_core.services.webhooks import url_policy
from coupon_core.services.webhooks.http_client import post
from tests.support.certificates import create_certificate
from tests.support.servers.process import SOON_SECONDS
from tests.support.webhook_receiver import (
    LOOPBACK_NETWORKS,
    NEVER_RESPONDS,
    WebhookReceiver,
    allowed_receiver,
    running_receiver,
)

BODY = '{"a":"é"}'


@pytest.fixture(autouse=True)
def nothing_is_allowed() -> Iterator[None]:
    """Allow only public addresses, unless a test allows others."""
    url_policy.allow_networks(())
    yield
    url_policy.allow_networks(())


@pytest.fixture
def receiver() -> Iterator[WebhookReceiver]:
    """Run a local receiver and allow requests to it."""
    with allowed_receiver() as receiver:
        yield receiver


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[list[str]]]:
    """Replace the resolver; each lookup of a name returns its next addresses."""
    addresses_by_name: dict[str, list[list[str]]] = {}
    getaddrinfo = socket.getaddrinfo

    def resolve(host: Any, port: Any, *args: Any, **options: Any) -> Any:
        answers = addresses_by_name.get(host)
        if answers is None:
            return getaddrinfo(host, port, *args, **options)
        addresses = answers.pop(0) if len(answers) > 1 else answers[0]
        return [
            entry
            for address in addresses
            for entry in getaddrinfo(address, port, *args, **options)
        ]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return addresses_by_name


FORBIDDEN = [
    *("0.0.0.0", "10.0.0.1", "100.64.0.1", "127.0.0.1", "127.255.255.254"),  # noqa: S104
    *("169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.8", "192.0.2.1"),
    *("192.88.99.1", "192.168.0.1", "198.18.0.1", "198.51.100.1", "203.0.113.1"),
    *("224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"),
    *("::", "::1", "::127.0.0.1", "::ffff:10.0.0.1", "::ffff:127.0.0.1"),
    *("::ffff:169.254.169.254", "64:ff9b::127.0.0.1", "64:ff9b::10.0.0.1"),
    *("64:ff9b:1::1", "100::1", "2001::1", "2001:db8::1", "2002:7f00:1::"),
    *("2002:808:808::", "fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1"),
]
PUBLIC = ["1.1.1.1", "8.8.8.8", "2606:4700::1", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8"]


@pytest.mark.parametrize("address", FORBIDDEN)
def test_an_address_that_is_not_public_is_forbidden(address: str) -> None:
    assert not url_policy.is_allowed(ip_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_allowed(address: str) -> None:
    assert url_policy.is_allowed(ip_address(address))


def test_a_setting_allows_networks_and_no_others() -> None:
    url_policy.allow_networks(["10.1.0.0/16", "fd00::/8"])
    try:
        results = [
            url_policy.is_allowed(ip_address(address))
            for address in (
                "10.1.2.3",
                "::ffff:10.1.2.3",
                "fd00::1",
                "10.2.0.1",
                "fc00::1",
            )
        ]
    finally:
        url_policy.allow_networks(())
    assert results == [True, True, True, False, False]


@pytest.mark.parametrize(
    "address", ["169.254.169.254", "127.0.0.1", "10.0.0.1", "::1", "::ffff:127.0.0.1"]
)
def test_a_name_at_such_an_address_gets_nothing(
    names: dict[str, list[list[str]]], address: str
) -> None:
    names["hooks.test"] = [["8.8.8.8", address]]
    answer = post("http://hooks.test/", BODY, {}, 5)
    assert (answer.status, answer.is_success) == (None, False)
    assert answer.error == "refused: hooks.test is at an address that is not public"


def test_what_was_checked_is_what_is_connected_to(
    names: dict[str, list[list[str]]],
) -> None:
    """The name resolves to an allowed address first, then to a forbidden one."""
    url_policy.allow_networks(["127.0.0.2/32"])
    try:
        with (
            running_receiver("127.0.0.2") as good,
            running_receiver("127.0.0.1", good.port) as bad,
        ):
            names["rebind.test"] = [["127.0.0.2"], ["127.0.0.1"]]
            url = f"http://rebind.test:{good.port}/x?y=1"
            assert post(url, BODY, {}, 5).status == 200
            assert len(names["rebind.test"]) == 1
            assert "not public" in post(url, BODY, {}, 5).error
    finally:
        url_policy.allow_networks(())
    (request,) = good.received
    assert (request.path, request.body) == ("/x?y=1", BODY.encode())
    assert request.headers["Host"] == f"rebind.test:{good.port}"
    assert bad.received == []


def test_of_several_addresses_one_that_answers_is_found(
    names: dict[str, list[list[str]]], receiver: WebhookReceiver
) -> None:
    names["two.test"] = [["127.0.0.9", "127.0.0.1"]]
    assert post(f"http://two.test:{receiver.port}/", BODY, {}, 5).status == 200


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(receiver: WebhookReceiver, status: int) -> None:
    with running_receiver() as elsewhere:
        receiver.statuses = [status]
        receiver.headers = {"Location": elsewhere.url}
        answer = post(receiver.url, BODY, {}, 5)
    assert (answer.status, answer.is_success) == (status, False)
    assert elsewhere.received == []


def test_a_receiver_that_hangs_is_left_in_time(receiver: WebhookReceiver) -> None:
    receiver.statuses = [NEVER_RESPONDS]
    started_at = time.monotonic()
    answer = post(receiver.url, BODY, {}, 1)
    assert time.monotonic() - started_at < SOON_SECONDS
    assert answer.error == "no answer within 1 s"


def test_a_receiver_that_drips_is_left_in_time(receiver: WebhookReceiver) -> None:
    receiver.drips_headers = True
    started_at = time.monotonic()
    answer = post(receiver.url, BODY, {}, 1)
    assert time.monotonic() - started_at < SOON_SECONDS
    assert answer.error == "no answer within 1 s"


def test_a_name_that_is_never_resolved_is_left_in_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    is_over = threading.Event()

    def resolve_slowly(*_: Any, **__: Any) -> list[Any]:
        is_over.wait(60)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", resolve_slowly)
    started_at = time.monotonic()
    answer = post("http://slow.test/", BODY, {}, 1)
    assert time.monotonic() - started_at < SOON_SECONDS
    is_over.set()
    assert answer.error == "the name slow.test was not resolved in time"


def test_a_name_that_does_not_exist_is_named_without_an_error_number(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def find_nothing(*_: Any, **__: Any) -> list[Any]:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", find_nothing)
    answer = post("http://no.test/", BODY, {}, 1)
    expected = "the name no.test cannot be resolved: Name or service not known"
    assert answer.error == expected


def test_of_a_huge_answer_the_beginning_is_kept(receiver: WebhookReceiver) -> None:
    receiver.response_body = b"x" * 10_000_000
    answer = post(receiver.url, BODY, {}, 5)
    assert (answer.status, answer.body) == (200, "x" * 2_048)


@pytest.mark.parametrize("answer", [b"HTTP/1.1 banana\r\n\r\n", b"", b"\x16\x03"])
def test_what_is_no_http_is_told(answer: bytes) -> None:
    url_policy.allow_networks(LOOPBACK_NETWORKS)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def speak() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(1_000)
                connection.sendall(answer)

        Thread(target=speak, daemon=True).start()
        response = post(f"http://127.0.0.1:{port}/", BODY, {}, 5)
    url_policy.allow_networks(())
    assert response.status is None
    assert response.error


def test_a_certificate_must_be_for_the_name(
    names: dict[str, list[list[str]]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The address is fixed, but SNI and certificate verification use the name."""
    certificate_path = create_certificate(tmp_path, "tls.test")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate_path)
    requested_names: list[str | None] = []
    context.sni_callback = lambda _, name, __: requested_names.append(name)
    names["tls.test"] = names["other.test"] = [["127.0.0.1"]]
    url_policy.allow_networks(LOOPBACK_NETWORKS)
    try:
        with running_receiver(tls=context) as receiver:
            url = f"https://{{}}:{receiver.port}/"
            untrusted = post(url.format("tls.test"), BODY, {}, 5)
            monkeypatch.setenv("SSL_CERT_FILE", str(certificate_path))
            trusted = post(url.format("tls.test"), BODY, {}, 5)
            mistaken = post(url.format("other.test"), BODY, {}, 5)
    finally:
        url_policy.allow_networks(())
    assert (trusted.status, trusted.body) == (200, "thanks")
    assert (untrusted.status, mistaken.status) == (None, None)
    assert "certificate" in untrusted.error.lower()
    assert requested_names == ["tls.test", "tls.test", "other.test"]
    assert len(receiver.received) == 1
