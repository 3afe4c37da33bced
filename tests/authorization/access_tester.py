"""A tester that sends every route's requests with every credential."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from flask import Flask
from werkzeug.test import TestResponse

from coupon_core.security import authentication
from coupon_core.services.access import tenants
from tests.authorization.credentials import Credential, Request, build_credentials
from tests.authorization.route_cases import ExpectedAccess, Route
from tests.authorization.route_tables import (
    get_expected_access,
    list_routes,
    normalize_rule,
)
from tests.authorization.tenants import (
    RouteArguments,
    TenantPair,
)
from tests.support.database_rows import TableRows, read_all_rows

NormalizedResponse = tuple[int, bytes, dict[str, str]]
IS_ID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}").fullmatch


@dataclass
class AccessTester:
    """Both gateways on one database, and all credentials."""

    apps: dict[str, Flask]
    world: TenantPair
    credentials: dict[str, Credential]

    def list_routes(self, key: str) -> list[Route]:
        """Return the routes of one row of the table, in all spellings."""
        gateway, _, row = key.partition(" ")
        routes = list_routes(gateway, self.apps[gateway])
        return [
            route
            for route in routes
            if f"{route.method} {normalize_rule(route.rule)}" == row
        ]

    def renew_credentials(self) -> None:
        """Create new credentials after secrets were changed."""
        for tenant in self.world.own, self.world.other:
            tenant.secret = tenants.list_secrets(tenant.tenant_id)[0].secret
        authentication.clear_credential_caches()
        self.credentials = build_credentials(self.world)

    def list_credentials(
        self, route: Route, *kinds: ExpectedAccess
    ) -> Iterator[tuple[str, ExpectedAccess]]:
        """Yield the credentials for which the table expects such access."""
        for credential in self.credentials:
            kind = get_expected_access(route, credential)
            if kind in kinds:
                yield credential, kind

    def send(self, route: Route, credential: str, args: RouteArguments) -> TestResponse:
        """Send one request, with the path unchanged."""
        path, body = route.build_path(args), route.build_body(args)
        signed = self.credentials[credential](Request(route.method, path, body))
        kind = {"Content-Type": route.content_type} if body else {}
        client = self.apps[route.gateway].test_client()
        return client.open(
            path, method=route.method, data=body, headers={**kind, **signed}
        )

    def send_normalized(
        self, route: Route, credential: str, args: RouteArguments
    ) -> NormalizedResponse:
        """Send one request and return its normalized answer."""
        return normalize_response(self.send(route, credential, args), args)


def normalize_response(
    answer: TestResponse, args: RouteArguments
) -> NormalizedResponse:
    """Return an answer without request IDs and without the requested values."""
    request_id = answer.headers["X-Request-Id"].encode()
    headers = {k: v for k, v in answer.headers if k not in ("X-Request-Id", "Date")}
    body = answer.data.replace(request_id, b"(id)")
    for value in args.values():
        body = re.sub(re.escape(value).encode(), b"(asked)", body, flags=re.IGNORECASE)
    headers.pop("Content-Length", None)  # depends on the length of the requested IDs
    return answer.status_code, body, headers


def read_stored_rows() -> TableRows:
    """Return all rows except those of `idempotency`, which stores refusals as well."""
    return {
        name: rows for name, rows in read_all_rows().items() if name != "idempotency"
    }


def list_ids(tenant_id: str, stored: TableRows) -> set[bytes]:
    """Return every ID in a tenant's rows."""
    rows = (row for table in stored.values() for row in table)
    values = (value for row in rows if tenant_id in row for value in row)
    return {str(value).encode() for value in values if IS_ID(str(value))}
