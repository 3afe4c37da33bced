"""WSGI environments (PEP 3333): what all requests share, a connection, one request."""

from io import BytesIO
from ipaddress import ip_address
from typing import Any

from gunicorn.http.wsgi import base_environ

from coupon_core.web.http_worker.http_request import HttpRequest, decode_path

Environ = dict[str, Any]


def create_worker_environ(cfg: Any) -> Environ:
    """Return what all requests of a worker share."""
    return {
        **base_environ(cfg),
        "wsgi.multithread": True,
        "wsgi.url_scheme": "http",
        "SCRIPT_NAME": "",
    }


def create_connection_environ(
    worker_environ: Environ, peer: Any, server: Any
) -> Environ:
    """Return what all requests of a connection share, by its two addresses."""
    environ = dict(worker_environ)
    if isinstance(peer, tuple):
        environ["REMOTE_ADDR"], environ["REMOTE_PORT"] = peer[0], str(peer[1])
    else:  # a Unix socket
        environ["REMOTE_ADDR"] = ""
    if isinstance(server, tuple):
        environ["SERVER_NAME"], environ["SERVER_PORT"] = server[0], str(server[1])
    else:
        environ["SERVER_NAME"], environ["SERVER_PORT"] = "localhost", "80"
    return environ


def create_environ(
    connection_environ: Environ, request: HttpRequest, body: Any = None
) -> Environ:
    """Return the environment of a request; `body` stands for one not yet received."""
    environ = connection_environ.copy()
    environ.update(request.fields)
    environ["REQUEST_METHOD"] = request.method
    environ["RAW_URI"] = request.uri
    environ["PATH_INFO"] = decode_path(request.path)
    environ["QUERY_STRING"] = request.query
    environ["SERVER_PROTOCOL"] = "HTTP/1.1" if request.version[1] else "HTTP/1.0"
    environ["wsgi.input"] = body or request.input_file or BytesIO(request.take_body())
    return environ


class SchemePolicy:
    """Believe a named proxy, and nobody else, that it received TLS, and from whom."""

    def __init__(self, cfg: Any, is_enabled: bool) -> None:
        self._networks = cfg.forwarded_allow_networks() if is_enabled else ()
        self._trusts_all = is_enabled and "*" in cfg.forwarded_allow_ips
        self.trusts_unix_sockets = is_enabled
        self._headers = {
            "HTTP_" + name.upper().replace("-", "_"): value
            for name, value in cfg.secure_scheme_headers.items()
        }

    def is_proxy(self, address: Any) -> bool:
        """Return True if the peer (an `ip_address`) is a configured proxy."""
        return self._trusts_all or any(address in one for one in self._networks)

    @staticmethod
    def find_client(fields: dict[str, str]) -> str | None:
        """Return the address that the proxy was called from; None if it says nothing.

        The last one: the proxy has added it to those that its client has sent.
        """
        address = fields.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2].strip()
        try:
            return str(ip_address(address))
        except ValueError:
            return None

    def find_scheme(self, fields: dict[str, str]) -> str | None:
        """Return the scheme a proxy sent; None if its headers contradict each other."""
        schemes = {
            "https" if fields[name] == secure else "http"
            for name, secure in self._headers.items()
            if name in fields
        }
        if len(schemes) > 1:
            return None
        return schemes.pop() if schemes else "http"
