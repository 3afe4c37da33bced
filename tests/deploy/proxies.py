"""The proxies of `deploy/`, as processes in front of one gateway."""

from __future__ import annotations

import http.client
import signal
import socket
import ssl
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.deploy.items import DEPLOY, CheckFailed, Item, find_tool, run_tool
from tests.support.certificates import create_certificate
from tests.support.ports import HOST, find_free_ports, is_port_open
from tests.support.requirements import report_missing
from tests.support.servers.process import Process

CADDYFILE, NGINX_FILE = DEPLOY / "Caddyfile", DEPLOY / "nginx.conf"
ADVICE = {
    "caddy": "`make deploy-check` installs it",
    "nginx": "it is not installed",
}
NGINX = """
user root;
daemon off;
pid {home}/nginx.pid;
events {{}}
http {{
    access_log off;
    client_body_temp_path {home}/body;
    proxy_temp_path {home}/proxy;
    fastcgi_temp_path {home}/fastcgi;
    scgi_temp_path {home}/scgi;
    uwsgi_temp_path {home}/uwsgi;
    include {home}/coupons.conf;
}}
"""


@dataclass(frozen=True)
class Proxy:
    """A running proxy: the site for the query gateway."""

    port: int
    scheme: str
    certificate: Path

    def connect(self, source: str = HOST) -> socket.socket:
        """Open a connection from an address of this machine."""
        wire = socket.create_connection((HOST, self.port), 60, (source, 0))
        if self.scheme == "http":
            return wire
        context = ssl.create_default_context(cafile=self.certificate)
        return context.wrap_socket(wire, server_hostname="coupons.example")

    def request(
        self,
        method: str = "GET",
        path: str = "/",
        body: bytes | Iterator[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
        source: str = HOST,
    ) -> tuple[int, bytes]:
        """Send a request; return the status and the body of the answer."""
        connection = http.client.HTTPConnection("coupons.example")
        connection.sock = self.connect(source)
        try:
            connection.request(method, path, body, dict(headers or {}))
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()


@contextmanager
def running_proxy(kind: str, home: Path, gateway: str) -> Iterator[Proxy]:
    """Run the sample of `caddy` or `nginx` with both sites in front of `gateway`."""
    program = find_tool(kind)
    if program is None:
        report_missing(kind, ADVICE[kind])
    ports = find_free_ports(3)
    query, admin, _ = ports
    certificate = create_certificate(home, "coupons.example")
    if kind == "caddy":
        command = ["run", "--config", str(CADDYFILE)]
    else:
        command = [
            "-e",
            "stderr",
            "-c",
            str(adapt_nginx(certificate, gateway, query, admin)),
        ]
    process = Process(
        [str(program), *command],
        home,
        lambda: is_port_open(query) and is_port_open(admin),
        signal.SIGTERM,
        environment={
            "CADDY_ADMIN": f"{HOST}:{ports[2]}",
            "COUPON_QUERY_SITE": f"http://:{query}",
            "COUPON_ADMIN_SITE": f"http://:{admin}",
            "COUPON_QUERY_UPSTREAMS": gateway,
            "COUPON_ADMIN_UPSTREAMS": gateway,
        },
    )
    process.start()
    try:
        yield Proxy(query, "http" if kind == "caddy" else "https", certificate)
    finally:
        process.stop()


def adapt_nginx(certificate: Path, gateway: str, query: int, admin: int) -> Path:
    """Write the sample with free ports, this certificate and this gateway."""
    home = certificate.parent
    text = NGINX_FILE.read_text()
    for old in ("127.0.0.1:8001", "127.0.0.1:8002"):
        text = text.replace(old, gateway)
    for name in ("fullchain", "privkey"):
        text = text.replace(f"/etc/ssl/coupons/{name}.pem", str(certificate))
    for port in (query, admin):
        text = text.replace("listen 443 ssl", f"listen {HOST}:{port} ssl", 1)
    (home / "coupons.conf").write_text(text)
    path = home / "nginx.conf"
    path.write_text(NGINX.format(home=home))
    return path


def check_caddyfile() -> str:
    """Have Caddy load its file, and compare it with Caddy's own format."""
    run_tool("caddy", "validate", "--adapter", "caddyfile", "--config", CADDYFILE)
    if run_tool("caddy", "fmt", CADDYFILE) != CADDYFILE.read_text():
        raise CheckFailed(f"run `caddy fmt --overwrite {CADDYFILE}`")
    return ""


def check_nginx_file() -> str:
    """Have nginx load its file; it says nothing unless something is wrong."""
    with tempfile.TemporaryDirectory(prefix="coupons-nginx-") as name:
        certificate = create_certificate(Path(name), "coupons.example")
        config = adapt_nginx(certificate, "127.0.0.1:1", *find_free_ports(2))
        run_tool("nginx", "-q", "-t", "-e", "stderr", "-c", config, must_be_silent=True)
    return ""


ITEMS = (
    Item("Caddyfile", ("caddy",), check_caddyfile),
    Item("nginx.conf", ("nginx",), check_nginx_file),
)
