"""How many requests a caller and a tenant may make; without settings, any number.

Where there is a limit each request asks Redis once or twice, so there is none unless
it is wanted. Behind no limit at all nothing is wrapped and nothing is paid.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Flask, g

from coupon_core.domain.models import Principal
from coupon_core.security.rate_limiting import code_guessing
from coupon_core.security.rate_limiting.policy import Budget, OverBudget


def limit_calls(
    app: Flask, per_caller: Budget | None, per_tenant: Budget | None
) -> None:
    """Refuse with 429 who calls more often than that."""
    if not (per_caller or per_tenant):
        return

    def spend(principal: Principal) -> None:
        tenant_id = principal.tenant_id
        for budget, key in ((per_caller, _caller(principal)), (per_tenant, tenant_id)):
            if budget:
                _spend(budget, key)

    for endpoint, view in app.view_functions.items():
        app.view_functions[endpoint] = _limited(view, spend)


def _limited(
    view: Callable[..., Any], spend: Callable[[Principal], None]
) -> Callable[..., Any]:
    @wraps(view)
    def limited(*values: Any, **parts: Any) -> Any:
        principal = g.get("principal")  # who is nobody yet is refused elsewhere
        if principal:
            spend(principal)
        return view(*values, **parts)

    return limited


def _caller(principal: Principal) -> str:
    who = principal.user_id or ""
    return f"{principal.tenant_id}/{principal.key_id or 'tenant'}/{who}"


def _spend(budget: Budget, key: str) -> None:
    count, left = code_guessing.spending().counters.count(budget, key)
    if count > budget.amount:
        raise OverBudget(budget, left)
