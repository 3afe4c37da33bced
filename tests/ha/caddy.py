"""Caddy in front of two gateways of each kind."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.ha.tools import TOOLS_BIN
from tests.support.ports import find_free_ports, is_port_open
from tests.support.servers.gunicorn import Gateway
from tests.support.servers.process import Process, private_directory

# Caddy sends a request to the other gateway if the first refuses the connection. What
# a gateway has received is never sent twice.
SITE = """
http://:{port} {{
    bind 127.0.0.1
    reverse_proxy {addresses} {{
        lb_policy round_robin
        lb_try_duration 3s
        fail_duration 2s
        health_uri /health
        health_interval 1s
    }}
}}
"""


@contextmanager
def caddy(directory: Path, gateways: Mapping[str, Sequence[Gateway]]) -> Iterator[dict]:
    """Yield the URL of the proxy of each kind of gateway."""
    ports = dict(zip(gateways, find_free_ports(len(gateways)), strict=True))
    sites = [
        SITE.format(
            port=ports[kind],
            addresses=" ".join(f"{each.host}:{each.port}" for each in members),
        )
        for kind, members in gateways.items()
    ]
    with private_directory(directory, "caddy-", None) as home:
        config = home / "Caddyfile"
        config.write_text("{\n admin off\n auto_https off\n}\n" + "".join(sites))
        process = Process(
            [str(TOOLS_BIN / "caddy"), "run", "--config", str(config)],
            directory=home,
            is_ready=lambda: all(map(is_port_open, ports.values())),
            stop_signal=signal.SIGTERM,
        )
        process.start()
        try:
            yield {kind: f"http://127.0.0.1:{port}" for kind, port in ports.items()}
        finally:
            process.stop()
