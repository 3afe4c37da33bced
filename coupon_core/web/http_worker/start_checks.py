"""Settings of gunicorn that the HTTP worker refuses at start, and why."""

import os
import resource
from contextlib import suppress
from typing import Any

from gunicorn.config import ForwardedAllowIPS, ForwarderHeaders, validate_string_to_list

from coupon_core.web.http_worker.limits import RESERVED_DESCRIPTORS

MIN_CONNECTIONS = 16


class UnsupportedSetting(RuntimeError):
    """A setting that this worker does not support; gunicorn prints the sentence."""


def check_settings(cfg: Any) -> None:
    """Raise UnsupportedSetting for what would be ignored or would be dangerous."""
    for is_wrong, sentence in (
        (cfg.threads < 1, "threads = 0 would serve no request: set at least 1."),
        (
            cfg.is_ssl,
            "certfile and keyfile are not supported: let a proxy (Caddy, nginx) in "
            "front of this worker terminate TLS.",
        ),
        (
            cfg.proxy_protocol != "off",
            "proxy_protocol is not supported: let the proxy speak HTTP/1.1 and name it "
            "in forwarded_allow_ips.",
        ),
        (
            cfg.http_protocols not in ("h1", ["h1"]) or cfg.http2_cleartext != "off",
            "HTTP/2 is not supported: let a proxy in front of this worker speak it.",
        ),
        (
            cfg.protocol != "http",
            'protocol = "uwsgi" is not supported: let the proxy speak HTTP/1.1.',
        ),
        (
            cfg.settings["sendfile"].get() is True or _is_sendfile_in_environment(),
            "sendfile is not supported: let the proxy serve files.",
        ),
        (
            _has_forwarder_headers(cfg) and not is_proxy_named(cfg),
            "forwarder_headers needs forwarded_allow_ips, which names your proxy.",
        ),
        (
            _has_forwarder_headers(cfg),
            "forwarder_headers is not supported: let the proxy rewrite the path "
            "instead of sending SCRIPT_NAME or PATH_INFO.",
        ),
    ):
        if is_wrong:
            raise UnsupportedSetting(sentence)


def is_proxy_named(cfg: Any) -> bool:
    """Return True if forwarded_allow_ips was set, rather than left to its default."""
    default = ForwardedAllowIPS.default
    return "FORWARDED_ALLOW_IPS" in os.environ or (
        bool(cfg.forwarded_allow_ips)
        and ",".join(cfg.forwarded_allow_ips) != str(default)
    )


def raise_descriptor_limit(worker_connections: int) -> int:
    """Raise the soft limit to the hard one; return how many connections fit."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(OSError, ValueError):  # macOS: "unlimited" cannot be set
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return worker_connections
    available = soft - RESERVED_DESCRIPTORS
    return max(MIN_CONNECTIONS, min(worker_connections, available))


def _has_forwarder_headers(cfg: Any) -> bool:
    default = validate_string_to_list(ForwarderHeaders.default)
    return bool(cfg.forwarder_headers) and list(cfg.forwarder_headers) != default


def _is_sendfile_in_environment() -> bool:
    return os.environ.get("SENDFILE", "").lower() in ("y", "1", "yes", "true")
