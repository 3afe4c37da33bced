"""Log one line per request and record it in the metrics.

The route is logged as its template, because paths and query strings contain codes and
headers contain credentials.
"""

import hashlib
from functools import lru_cache
from typing import Any

import structlog

from coupon_core.domain.models import Principal
from coupon_core.observability import audit_context, metrics

log = structlog.get_logger("coupon.web")

ROUTE_ENVIRON_KEY = "coupon.route"
"""WSGI environ key of the route template."""
REASON_ENVIRON_KEY = "coupon.reason"
"""WSGI environ key of the reason for which a request was refused."""
UNKNOWN = "(none)"
PROBE_PATHS = frozenset({"/health", "/ready"})
KNOWN_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def log_request(environ: dict[str, Any], status: int, seconds: float) -> None:
    """Log and count a request that took `seconds` until its response started."""
    route = environ.get(ROUTE_ENVIRON_KEY, UNKNOWN)
    sent_method = environ.get("REQUEST_METHOD", "")
    method = sent_method if sent_method in KNOWN_METHODS else UNKNOWN
    metrics.observe_request(method, route, status=status, seconds=seconds)
    write_log = log.debug if route in PROBE_PATHS and status < 400 else log.info
    write_log(
        "request",
        method=method,
        route=route,
        status=status,
        ms=round(seconds * 1000, 2),
        **_collect_context(environ),
    )


def _collect_context(environ: dict[str, Any]) -> dict[str, str]:
    context = audit_context.current_context()
    fields = {"request_id": context.request_id}
    if context.principal:
        fields |= _describe_principal(context.principal)
    if reason := environ.get(REASON_ENVIRON_KEY):
        fields["reason"] = reason
    return fields


def _describe_principal(principal: Principal) -> dict[str, str]:
    tenant_id, user_id = principal.tenant_id, principal.user_id
    fields = {"tenant": tenant_id}
    if principal.key_id:
        fields["key"] = principal.key_id
    if user_id is not None:
        fields["user"] = to_pseudonym(tenant_id, user_id)
    return fields


@lru_cache(8_192)
def to_pseudonym(tenant_id: str, user_id: str) -> str:
    """Return a stable pseudonym of a user, so that logs contain no user ids."""
    text = f"{tenant_id}\0{user_id}".encode("utf-8", "replace")
    return hashlib.sha256(text).hexdigest()[:16]
