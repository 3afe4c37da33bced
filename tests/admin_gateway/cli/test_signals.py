"""Commands that a signal ends in the middle of their work."""

from __future__ import annotations

import signal
import socket
from pathlib import Path

import pytest

from tests.sdk.scripted_server import scripted_server
from tests.support.cli_runner import started_couponctl
from tests.support.servers.process import wait_until


def send_a_part(connection: socket.socket) -> None:
    """Begin an answer, and wait until its reader is gone."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\ncode\n")
    connection.recv(1)


@pytest.mark.parametrize(
    "number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda each: each.name
)
def test_an_export_that_a_signal_ends_leaves_the_file_of_yesterday(
    tmp_path: Path, number: signal.Signals
) -> None:
    path = tmp_path / "codes.csv"
    path.write_text("yesterday")
    env = {"COUPON_API_KEY": "pk_1", "COUPON_TENANT": "acme"}
    # A suite that runs in the background may have signals ignored.
    former = signal.signal(number, signal.default_int_handler)
    with scripted_server(send_a_part) as server:
        words = "code", "export", str(path), "--server", server.url
        with started_couponctl(env, *words) as process:
            wait_until(lambda: len([*tmp_path.iterdir()]) == 2, 60, "temporary file")
            process.send_signal(number)
            _, messages = process.communicate(timeout=60)
    signal.signal(number, former)
    assert [each.read_text() for each in tmp_path.iterdir()] == ["yesterday"]
    assert (process.returncode, messages) == (128 + number, "")
