"""Request rate limits per caller and per tenant; unlimited unless configured.

Each limit costs one call to Redis per request. Without limits no view is wrapped.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Flask, g

from coupon_core.domain.models import Principal
from coupon_core.security.rate_limiting import code_guessing
from coupon_core.security.rate_limiting.policy import (
    RateLimit,
    RateLimitExceeded,
    format_key,
)


def limit_requests(
    app: Flask, per_caller: RateLimit | None, per_tenant: RateLimit | None
) -> None:
    """Refuse requests above the limits with 429."""
    if not (per_caller or per_tenant):
        return

    def count_request(principal: Principal) -> None:
        tenant_id = principal.tenant_id
        for rate_limit, key in (
            (per_caller, _format_caller_key(principal)),
            (per_tenant, format_key("tenant", tenant_id)),
        ):
            if rate_limit:
                _count_request(rate_limit, key)

    for endpoint, view in app.view_functions.items():
        app.view_functions[endpoint] = _wrap_rate_limited(view, count_request)


def _wrap_rate_limited(
    view: Callable[..., Any], count_request: Callable[[Principal], None]
) -> Callable[..., Any]:
    @wraps(view)
    def rate_limited_view(*args: Any, **kwargs: Any) -> Any:
        principal = g.get("principal")  # unauthenticated requests are refused elsewhere
        if principal:
            count_request(principal)
        return view(*args, **kwargs)

    return rate_limited_view


def _format_caller_key(principal: Principal) -> str:
    return format_key(
        "caller", principal.tenant_id, principal.key_id, principal.user_id
    )


def _count_request(rate_limit: RateLimit, key: str) -> None:
    count, retry_after = code_guessing.limiter().counters.count(rate_limit, key)
    if count > rate_limit.amount:
        raise RateLimitExceeded(rate_limit, retry_after)
