"""Tokens and signatures of a tenant, built as the tenant's own server builds them."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from typing import Any

import jwt

ABSENT = object()

_signatures: set[str] = set()


def mint_token(tenant_id: str, secret: str, claims: Mapping[str, Any]) -> str:
    """Return a JWT of a tenant; a claim that is `ABSENT` is left out."""
    now = int(time.time())
    defaults = {
        "sub": ABSENT,
        "sub_type": "tenant",
        "sub_id": tenant_id,
        "iat": now,
        "exp": now + 3600,
    }
    all_claims = {**defaults, **claims}
    present = {name: value for name, value in all_claims.items() if value is not ABSENT}
    header, payload = {"alg": "HS256", "typ": "JWT"}, json.dumps(present).encode()
    return jwt.PyJWS().encode(payload, secret, "HS256", header)


def sign_request(
    tenant_id: str, secret: str, request: tuple[str, bytes], *, timestamp: str = ""
) -> dict[str, str]:
    """Return the headers of a signed request (the Phoenix specification).

    `request` is the signed text before the timestamp, and the body. Without a
    `timestamp`, an identical request is signed with an earlier one, because the
    gateway treats a repeated signature as the same request.
    """
    signed_lines, body = request
    now = int(time.time())
    candidates = [timestamp] if timestamp else map(str, range(now, now - 250, -1))
    for candidate in candidates:
        text = f"{signed_lines}{candidate}\n".encode() + body
        digest = hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()
        if digest not in _signatures:
            break
    _signatures.add(digest)
    return {
        "X-Tenant-Id": tenant_id,
        "X-Timestamp": candidate,
        "X-Signature": f"hmac-sha256={digest}",
    }
