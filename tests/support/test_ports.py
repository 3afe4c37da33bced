"""Ports of servers: no other process takes them, not even while a server restarts."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.support import ports
from tests.support.paths import PROJECT_ROOT

CLIENT_PORTS = Path("/proc/sys/net/ipv4/ip_local_port_range")  # of Linux
PRINT_PORTS = "from tests.support.ports import *; print(*find_free_ports(9))"


def test_ports_differ_from_each_other_and_from_those_of_other_processes() -> None:
    own = ports.find_free_ports(9)
    command = [sys.executable, "-c", PRINT_PORTS]
    printed = subprocess.check_output(command, cwd=PROJECT_ROOT, text=True)
    others = [int(port) for port in printed.split()]
    assert len({*own, *others}) == 18
    assert {port // ports.BLOCK_SIZE for port in own}.isdisjoint(
        port // ports.BLOCK_SIZE for port in others
    )


def test_the_system_gives_no_client_the_port_of_a_server() -> None:
    found = CLIENT_PORTS.read_text() if CLIENT_PORTS.exists() else "49152 65535"
    first, _ = found.split()
    assert max(ports.find_free_ports(9)) <= ports.LAST_PORT < int(first)
