"""What a service says to systemd: a socket that takes the place of its manager."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

MAX_NOTIFICATION_BYTES = 4_096
TIMEOUT_SECONDS = 60.0


@dataclass(frozen=True)
class Notifications:
    """The datagrams of sd_notify(3) that a service sends."""

    receiver: socket.socket

    @property
    def environment(self) -> dict[str, str]:
        """Return what systemd adds to the environment of a service of Type=notify."""
        return {"NOTIFY_SOCKET": "@" + self.receiver.getsockname()[1:].decode()}

    def receive(self) -> str:
        """Wait for the next notification and return it."""
        return self.receiver.recv(MAX_NOTIFICATION_BYTES).decode()


@contextmanager
def received_notifications() -> Iterator[Notifications]:
    """Receive notifications on an abstract socket while the block runs."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind("")  # Linux chooses the name
        receiver.settimeout(TIMEOUT_SECONDS)
        yield Notifications(receiver)
