"""A row of the access table, and the route that it describes."""

from __future__ import annotations

import itertools
import json
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from coupon_core.domain.models import Scope
from tests.authorization.tenants import OWN_TENANT_ID, RouteArguments

_numbers = itertools.count(1)
UNIQUE_VALUE_FACTORIES = {
    "fresh_name": lambda: f"n{next(_numbers)}",
    "fresh_key": lambda: f"N{next(_numbers):04}",
}
NON_ID_PLACEHOLDERS = frozenset({"tenant_id", "site", *UNIQUE_VALUE_FACTORIES})
_PATH_PLACEHOLDER = re.compile(r"<(?:\w+:)?(\w+)>")
_NUMERIC_PLACEHOLDER = re.compile(r'"\{#(\w+)\}"')
_BODY_PLACEHOLDER = re.compile(r"\{#?(\w+)\}")


class ExpectedAccess(StrEnum):
    """How a credential is treated at a route."""

    SERVED = "served"
    SERVED_AS_USER = "served as one user"
    SERVED_AS_OTHER_TENANT = "served as another tenant"
    FORBIDDEN = "403"
    SITE_NOT_FOUND = "404"
    UNAUTHENTICATED = "401"


@dataclass(frozen=True)
class RouteCase:
    """A route: what it needs and takes, and how it answers.

    `success_status` answers requests for the caller's own data, `missing_status`
    requests for what does not exist. Without a `required_scope`, every key of the
    tenant is served. `query` and `body` have placeholders like the
    path, such as `{code}`. `allowed_to_other_tenants` marks what another tenant's
    caller may do in their own tenant, `writes_when_refused` what is recorded even
    when the request is refused.
    """

    success_status: int = 200
    missing_status: int = 404
    required_scope: Scope | None = Scope.READ
    additional_scopes: frozenset[Scope] = frozenset()
    query: str = ""
    body: Any = None
    allowed_to_other_tenants: bool = False
    writes_when_refused: bool = False


@dataclass(frozen=True)
class Route:
    """A row of the table at one path where a gateway serves it."""

    gateway: str
    method: str
    rule: str
    case: RouteCase

    def __str__(self) -> str:
        return f"{self.gateway} {self.method} {self.rule}"

    @property
    def placeholders(self) -> tuple[str, ...]:
        """Return the names of the placeholders, in their order in the path."""
        places = _PATH_PLACEHOLDER.findall(self.rule)
        found = [
            *places,
            *_BODY_PLACEHOLDER.findall(self.case.query + json.dumps(self.case.body)),
        ]
        return tuple(
            dict.fromkeys(name for name in found if name not in NON_ID_PLACEHOLDERS)
        )

    @property
    def has_tenant_placeholder(self) -> bool:
        """Return True if the path names the tenant."""
        return not {"tenant_id", "site"}.isdisjoint(
            _PATH_PLACEHOLDER.findall(self.rule)
        )

    def build_path(self, args: RouteArguments) -> str:
        """Return the path with its placeholders filled in."""
        values = {"tenant_id": OWN_TENANT_ID, "site": OWN_TENANT_ID, **args}
        path = _PATH_PLACEHOLDER.sub(lambda match: values[match[1]], self.rule)
        return path + fill_placeholders(self.case.query, args)

    def build_body(self, args: RouteArguments) -> bytes:
        """Return the body with its placeholders filled in."""
        body = self.case.body
        text = body if isinstance(body, str) else json.dumps(body)
        return b"" if body is None else fill_placeholders(text, args).encode()

    @property
    def content_type(self) -> str:
        """Return the content type of the body."""
        return "text/csv" if isinstance(self.case.body, str) else "application/json"


def fill_placeholders(text: str, args: RouteArguments) -> str:
    """Fill in IDs; `"{#id}"` becomes a number, `{fresh_…}` a new value each time."""
    text = _NUMERIC_PLACEHOLDER.sub(lambda match: args[match[1]], text)
    return _BODY_PLACEHOLDER.sub(
        lambda match: _resolve_placeholder(match[1], args), text
    )


def _resolve_placeholder(name: str, args: RouteArguments) -> str:
    return (
        UNIQUE_VALUE_FACTORIES[name]() if name in UNIQUE_VALUE_FACTORIES else args[name]
    )
