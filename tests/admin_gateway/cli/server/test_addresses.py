"""Why a gateway cannot listen at its address, and what to do about it."""

from __future__ import annotations

import errno
import os
import socket
from dataclasses import replace
from pathlib import Path

from admin_gateway.cli.server.addresses import get_gateways, port_problem
from tests.support.ports import find_free_port
from tests.support.settings import build_settings


def test_a_program_on_the_port_can_be_stopped(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        settings = build_settings(f"sqlite:///{tmp_path}/a.db", tmp_path)
        admin, _ = get_gateways(replace(settings, admin_port=port))
        assert port_problem(admin) == (
            f"Port {port} of the admin gateway is not available: it is used by another "
            "program. Stop that program or choose another port with ADMIN_PORT."
        )


def test_an_address_without_a_program_names_no_program_to_stop(tmp_path: Path) -> None:
    port = find_free_port()
    settings = build_settings(f"sqlite:///{tmp_path}/a.db", tmp_path)
    # An address for documentation (RFC 5737), which no machine has.
    elsewhere = replace(settings, bind_host="192.0.2.1", admin_port=port)
    admin, _ = get_gateways(elsewhere)
    assert port_problem(admin) == (
        f"Port {port} of the admin gateway is not available: "
        f"{os.strerror(errno.EADDRNOTAVAIL)}. Choose another port with ADMIN_PORT or "
        "another address with COUPON_BIND_HOST."
    )
