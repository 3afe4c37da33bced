"""One line of the log for each request, and its place among the metrics.

The route is told as its template: paths and queries hold codes, headers credentials.
"""

import hashlib
from typing import Any

import structlog

from coupon_core.domain.models import Principal
from coupon_core.observability import audit_context, metrics

log = structlog.get_logger("coupon.web")

ROUTE, REASON = "coupon.route", "coupon.reason"
"""Where in the environ the route's template stands, and why a request was refused."""
UNKNOWN = "(none)"
PROBES = frozenset({"/health", "/ready"})
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def tell(environ: dict[str, Any], status: int, seconds: float) -> None:
    """Log and count a request that is being answered, after so many seconds."""
    route = environ.get(ROUTE, UNKNOWN)
    sent = environ.get("REQUEST_METHOD", "")
    method = sent if sent in METHODS else UNKNOWN
    metrics.answered(method, route, status, seconds)
    write = log.debug if route in PROBES and status < 400 else log.info
    write(
        "request",
        method=method,
        route=route,
        status=status,
        ms=round(seconds * 1000, 2),
        **_who(environ),
    )


def _who(environ: dict[str, Any]) -> dict[str, str]:
    now = audit_context.now()
    told = {"request_id": now.request_id}
    if now.principal:
        told |= _caller(now.principal)
    if reason := environ.get(REASON):
        told["reason"] = reason
    return told


def _caller(principal: Principal) -> dict[str, str]:
    tenant_id, user_id = principal.tenant_id, principal.user_id
    told = {"tenant": tenant_id}
    if principal.key_id:
        told["key"] = principal.key_id
    if user_id is not None:
        told["user"] = pseudonym(tenant_id, user_id)
    return told


def pseudonym(tenant_id: str, user_id: str) -> str:
    """The same word each time for a user, from which nobody reads who it is."""
    text = f"{tenant_id}\0{user_id}".encode("utf-8", "replace")
    return hashlib.sha256(text).hexdigest()[:16]
