"""A test tenant with its definitions and coupons, and callers of the gateway."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote, unquote

import jwt
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from coupon_core.domain.models import (
    UNASSIGNED,
    CodeFormat,
    Definition,
    IssuedCoupon,
    utc_now,
)
from coupon_core.domain.models.filters import CouponFilter
from coupon_core.services.access import tenants
from coupon_core.services.catalog import definitions, reward_items
from coupon_core.services.coupons import administration, generation

_numbers = itertools.count(1)
_signatures: set[str] = set()
ABSENT = object()
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
class Tenant:
    """A tenant with a reward item; the methods create everything through the core."""

    tenant_id: str
    secret: str
    reward_item_id: str
    _names: Any = field(default_factory=itertools.count)

    def define(self, **members: Any) -> Definition:
        """Create a definition; `members` are those of the model."""
        name = f"Offer {next(self._names)}"
        defaults = {"name": name, "reward_item_id": self.reward_item_id}
        return definitions.create(self.tenant_id, {**defaults, **members}, utc_now())

    def define_custom(self, code: str, **members: Any) -> Definition:
        """Create a definition with a custom code."""
        return self.define(code_format=CodeFormat.CUSTOM, custom_code=code, **members)

    def change(self, definition: Definition, **members: Any) -> Definition:
        return definitions.update(
            self.tenant_id, definition.definition_id, changes=members, now=utc_now()
        )

    def set_status(self, definition: Definition, status: Any) -> None:
        definitions.set_status(
            self.tenant_id, definition.definition_id, status=status, now=utc_now()
        )

    def issue_coupon(
        self,
        definition: Definition,
        user_id: str = "ann",
        expires_at: datetime | None = None,
    ) -> IssuedCoupon:
        """Issue a coupon of the definition to a user."""
        generated = generation.generate(
            self.tenant_id,
            definition.definition_id,
            user_ids=[user_id],
            now=utc_now(),
            expires_at=expires_at,
        )
        return generated.coupons[0]

    def create_code(self, user_id: str = "ann", **members: Any) -> str:
        """Create a definition and a coupon of it, and return the code."""
        return self.issue_coupon(self.define(**members), user_id).coupon.code

    def create_unassigned_code(self, **members: Any) -> str:
        """Create an unassigned coupon and return its code."""
        return self.create_code(UNASSIGNED, **members)

    def revoke(self, code: str) -> None:
        administration.revoke(self.tenant_id, CouponFilter(code=code), utc_now())

    def mint_token(self, sub: Any = ABSENT, *, secret: str = "", **claims: Any) -> str:
        """Return a JWT of the tenant; without `sub` it is valid for every user."""
        now = int(time.time())
        subject = {} if sub is ABSENT else {"sub": sub}
        all_claims = {
            **subject,
            "sub_type": "tenant",
            "sub_id": self.tenant_id,
            "iat": now,
            "exp": now + 3600,
            **claims,
        }
        present = {
            name: value for name, value in all_claims.items() if value is not ABSENT
        }
        header, payload = {"alg": "HS256", "typ": "JWT"}, json.dumps(present).encode()
        return jwt.PyJWS().encode(payload, secret or self.secret, "HS256", header)

    def build_bearer_headers(self, sub: Any = ABSENT, **claims: Any) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.mint_token(sub, **claims)}"}

    def sign_request(
        self, method: str, path: str, body: bytes = b"", **changes: str
    ) -> dict[str, str]:
        """Return the headers of a signed request (the Phoenix specification).

        An identical request is signed with an earlier timestamp, because the gateway
        treats a repeated signature as the same request.
        """
        now = int(time.time())
        timestamp = changes.get("timestamp")
        moments = [timestamp] if timestamp else map(str, range(now, now - 250, -1))
        secret = changes.get("secret", self.secret).encode()
        for moment in moments:
            text = f"{method}\n{path}\n{moment}\n".encode() + body
            digest = hmac.new(secret, text, hashlib.sha256).hexdigest()
            if digest not in _signatures:
                break
        _signatures.add(digest)
        return {
            "X-Tenant-Id": self.tenant_id,
            "X-Timestamp": moment,
            "X-Signature": f"hmac-sha256={digest}",
        }


def create_tenant(prefix: str = "acme", tenant_id: str = "") -> Tenant:
    """Create a tenant that no other test uses, unless its ID is given."""
    tenant_id = tenant_id or f"{prefix}-{next(_numbers)}"
    now = utc_now()
    secret, _, _ = tenants.create(tenant_id, now)
    members = {
        "name": "100 Bonus Points",
        "description": "Grants 100 bonus points to the user",
        "reward_type": "points",
        "payload": {"amount": 100},
    }
    item = reward_items.create(tenant_id, members, now)
    return Tenant(tenant_id, secret.secret, item.item_id)


@dataclass
class Caller:
    """A client that calls the gateway for a user of a tenant in one call style."""

    client: FlaskClient
    tenant: Tenant
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
