"""The examples of docstrings and documents, and the objects that they name."""

from __future__ import annotations

import asyncio
import doctest
import inspect
import itertools
import pkgutil
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from importlib import import_module
from typing import Any

import httpx2

import coupons_sdk
from coupon_core.domain.models.webhooks import SignatureScheme, WebhookSecrets
from coupon_core.persistence import database
from coupon_core.services.webhooks.signatures import build_headers, generate_secret
from coupons_sdk import Coupons, CouponsAdmin
from coupons_sdk.resources import Method
from tests.authorization.factories import FACTORIES
from tests.authorization.tenants import create_arguments
from tests.sdk.conftest import RunningSystem

_numbers = itertools.count(1)
WEBHOOK_BODY = '{"type":"coupon.redeemed","data":{}}'
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
Docs = Iterator[tuple[str, str]]


def list_docstrings() -> Docs:
    """Yield every docstring of the SDK with the name of what it describes."""
    for module in pkgutil.walk_packages(coupons_sdk.__path__, "coupons_sdk."):
        yield from _list_in_module(import_module(module.name))


def _list_in_module(module: Any) -> Docs:
    for name, value in vars(module).items():
        if getattr(value, "__module__", None) != module.__name__:
            continue
        path = f"{module.__name__}.{name}"
        if inspect.isclass(value) or inspect.isfunction(value):
            yield path, value.__doc__ or ""
        if inspect.isclass(value):
            for member_name, member in vars(value).items():
                if isinstance(member, Method) or inspect.isfunction(member):
                    yield f"{path}.{member_name}", inspect.getdoc(member) or ""


class ExampleRunner:
    """Run examples, each with new objects for the names in it."""

    def __init__(
        self, system: RunningSystem, admin: CouponsAdmin, coupons: Coupons
    ) -> None:
        self._system = system
        self._fixed: Mapping[str, Any] = {
            **{name: getattr(coupons_sdk, name) for name in coupons_sdk.__all__},
            **{"UTC": UTC, "asyncio": asyncio, "date": date, "datetime": datetime},
            "httpx2": httpx2,
            "admin": admin,
            "coupons": coupons,
            "admin_url": system.admin_gateway.url,
            "query_url": system.query_gateway.url,
            "tenant_id": system.tenant.tenant_id,
            "api_key": system.tenant.api_key,
        }

    def run(self, name: str, text: str) -> list[str]:
        """Run the examples in a text; return the descriptions of what failed."""
        names = {**self._fixed, **create_names(self._system, text)}
        test = doctest.DocTestParser().get_doctest(text, names, name, None, 0)
        failures: list[str] = []
        doctest.DocTestRunner(optionflags=FLAGS).run(test, out=failures.append)
        return failures


def create_names(system: RunningSystem, text: str) -> dict[str, Any]:
    """Return new objects for the names in an example."""
    words = set(re.findall(r"[a-z_]+", text))
    number = next(_numbers)
    user_id = f"player-{number}"
    wanted = [name for name in FACTORIES if name in words]
    created = create_arguments(system.tenant, user_id, wanted)
    fresh = {"fresh_name": f"Fresh-{number}", "fresh_key": f"N{number:04}"}
    secret = generate_secret()
    keys = WebhookSecrets(secret)
    signed = build_headers(
        SignatureScheme.STANDARD, keys, "m1", WEBHOOK_BODY, 1, datetime.now(UTC)
    )
    hook = {"body": WEBHOOK_BODY, "headers": signed, "secret": secret}
    database.release_connection()
    return {**created, **fresh, **hook, "tenant_secret": system.tenant.secret}
