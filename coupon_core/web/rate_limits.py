"""How many requests a caller and a tenant may make; without settings, any number.

Where there is a limit each request asks Redis once or twice, so there is none unless
it is wanted. Behind no limit at all nothing is wrapped and nothing is paid.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Flask, g, request

from coupon_core.domain.models import Principal
from coupon_core.security.rate_limiting import code_guessing
from coupon_core.security.rate_limiting.policy import RateLimit, RateLimitExceeded
from coupon_core.web.body_admission import ADMITTED_ENVIRON_KEY


def limit_requests(
    app: Flask, per_caller: RateLimit | None, per_tenant: RateLimit | None
) -> None:
    """Refuse with 429 who calls more often than that."""
    if not (per_caller or per_tenant):
        return

    def count_request(principal: Principal) -> None:
        tenant_id = principal.tenant_id
        for budget, key in (
            (per_caller, _format_caller_key(principal)),
            (per_tenant, tenant_id),
        ):
            if budget:
                _count_request(budget, key)

    for endpoint, view in app.view_functions.items():
        app.view_functions[endpoint] = _wrap_rate_limited(view, count_request)


def _wrap_rate_limited(
    view: Callable[..., Any], count_request: Callable[[Principal], None]
) -> Callable[..., Any]:
    @wraps(view)
    def limited(*values: Any, **parts: Any) -> Any:
        principal = g.get("principal")  # who is nobody yet is refused elsewhere
        if principal and ADMITTED_ENVIRON_KEY not in request.environ:
            count_request(principal)
        return view(*values, **parts)

    return limited


def _format_caller_key(principal: Principal) -> str:
    user_id = principal.user_id or ""
    return f"{principal.tenant_id}/{principal.key_id or 'tenant'}/{user_id}"


def _count_request(rate_limit: RateLimit, key: str) -> None:
    count, retry_after = code_guessing.limiter().counters.count(rate_limit, key)
    if count > rate_limit.amount:
        raise RateLimitExceeded(rate_limit, retry_after)
