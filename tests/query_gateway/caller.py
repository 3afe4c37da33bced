"""Callers of the query gateway, in every path style and with every credential."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.factories.tenant import TenantFactory

# Validates each answer against the OpenAPI document of the gateway.
VALIDATOR_EXTENSION = "tests.documented"


@dataclass(frozen=True)
class CallStyle:
    """A path style (A: tenant in the path, B: without) and a credential."""

    path_style: str
    credential: str

    def __str__(self) -> str:
        return f"{self.path_style}-{self.credential}"


USER_TOKEN, SERVER_TOKEN, HMAC_SIGNATURE = "user-token", "server-token", "hmac"
CALL_STYLES = (
    CallStyle("A", USER_TOKEN),
    CallStyle("A", SERVER_TOKEN),
    CallStyle("A", HMAC_SIGNATURE),
    CallStyle("B", USER_TOKEN),
    CallStyle("B", SERVER_TOKEN),
)
TENANT_WIDE_STYLES = [style for style in CALL_STYLES if style.credential != USER_TOKEN]


@dataclass
class Caller:
    """A client that calls the gateway for a user of a tenant in one call style."""

    client: FlaskClient
    tenant: TenantFactory
    call_style: CallStyle = CALL_STYLES[0]
    user_id: str = "ann"

    def build_path(self, rest: str) -> str:
        """Return the full path of a route such as `/redeem/X`."""
        tenant = (
            f"/{self.tenant.tenant_id}" if self.call_style.path_style == "A" else ""
        )
        return f"/v1/coupons{tenant}{rest}"

    def build_headers(
        self, method: str, path: str, body: bytes = b""
    ) -> dict[str, str]:
        if self.call_style.credential == HMAC_SIGNATURE:
            return self.tenant.sign_request(method, path.partition("?")[0], body)
        if self.call_style.credential == USER_TOKEN:
            return self.tenant.build_bearer_headers(self.user_id)
        return self.tenant.build_bearer_headers()

    def call(
        self,
        method: str,
        rest: str,
        body: bytes | None = None,
        headers: Mapping[str, str] = {},
    ) -> TestResponse:
        path = self.build_path(rest)
        content_type = {} if body is None else {"Content-Type": "application/json"}
        credentials = self.build_headers(method, path, body or b"")
        all_headers = {**content_type, **credentials, **headers}
        answer = self.client.open(path, method=method, data=body, headers=all_headers)
        if method in ("GET", "POST"):
            validator = self.client.application.extensions[VALIDATOR_EXTENSION]
            validator.check(answer, method, unquote(path.partition("?")[0]))
        return answer

    def get(self, rest: str) -> TestResponse:
        return self.call("GET", rest)

    def redeem(self, code: str, user_id: Any = None) -> TestResponse:
        body = json.dumps({"user_id": user_id or self.user_id}).encode()
        return self.call("POST", f"/redeem/{quote(code)}", body)

    def validate(self, code: str) -> dict[str, Any]:
        """Validate a code for this user, whom a tenant-wide caller must name."""
        needs_user_id = self.call_style.credential != USER_TOKEN
        query = f"?user_id={quote(self.user_id)}" if needs_user_id else ""
        answer = self.get(f"/validate/{quote(code)}{query}")
        assert answer.status_code == 200, answer.text
        return answer.json
