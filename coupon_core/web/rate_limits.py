"""Request rate limits per caller and per tenant.

By default only players are limited, and each process counts by itself. A limit that is
counted in Redis costs one call to it per request. Without limits no view is wrapped.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeAlias

from flask import Flask, g, request

from coupon_core.domain.models import Principal
from coupon_core.security.rate_limiting import code_guessing
from coupon_core.security.rate_limiting.policy import (
    RateLimit,
    RateLimitExceeded,
    format_key,
)
from coupon_core.security.rate_limiting.process_counters import ProcessCounters
from coupon_core.web.body_admission import ADMITTED_ENVIRON_KEY

Parts: TypeAlias = tuple[str | None, ...]
"""What a request is counted for: the kind of the limit, and whose it is."""


@dataclass(frozen=True, slots=True)
class CallLimit:
    """A limit of requests, or none; `is_shared` counts in Redis for all processes.

    With `players_only` it does not apply to API keys, to signed requests and to tokens
    without a user.
    """

    rate_limit: RateLimit | None
    is_shared: bool
    players_only: bool = False


def limit_requests(app: Flask, per_caller: CallLimit, per_tenant: CallLimit) -> None:
    """Refuse requests above the limits with 429."""
    if not (per_caller.rate_limit or per_tenant.rate_limit):
        return
    process_counters = ProcessCounters()

    def count_request(principal: Principal) -> None:
        tenant_id, user_id = principal.tenant_id, principal.user_id
        if per_caller.rate_limit and (user_id or not per_caller.players_only):
            parts: Parts = ("caller", tenant_id, principal.key_id, user_id)
            count(per_caller.rate_limit, parts, is_shared=per_caller.is_shared)
        if per_tenant.rate_limit:
            parts = ("tenant", tenant_id)
            count(per_tenant.rate_limit, parts, is_shared=per_tenant.is_shared)

    def count(rate_limit: RateLimit, parts: Parts, is_shared: bool) -> None:
        event_count, retry_after = (
            code_guessing.limiter().counters.count(rate_limit, format_key(*parts))
            if is_shared
            else process_counters.count(rate_limit, parts)
        )
        if event_count > rate_limit.amount:
            raise RateLimitExceeded(rate_limit, retry_after)

    for endpoint, view in app.view_functions.items():
        app.view_functions[endpoint] = _wrap_rate_limited(view, count_request)


def _wrap_rate_limited(
    view: Callable[..., Any], count_request: Callable[[Principal], None]
) -> Callable[..., Any]:
    @wraps(view)
    def rate_limited_view(*args: Any, **kwargs: Any) -> Any:
        principal = g.get("principal")  # unauthenticated requests are refused elsewhere
        if principal and ADMITTED_ENVIRON_KEY not in request.environ:
            count_request(principal)
        return view(*args, **kwargs)

    return rate_limited_view
