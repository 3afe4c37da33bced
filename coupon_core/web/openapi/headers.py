"""Response headers in the OpenAPI document."""

from collections.abc import Mapping
from typing import Any

from coupon_core.web.idempotency import REPLAYED_HEADER

Json = dict[str, Any]

_TEXT = {"type": "string"}
_SECONDS = {"type": "integer", "minimum": 1}
HEADER_COMPONENTS: Mapping[str, Json] = {
    name: {"description": description, "schema": schema}
    for name, description, schema in (
        (
            "X-Request-Id",
            "ID of the request: the one that was sent, or a new one. Send it with a "
            "report.",
            _TEXT,
        ),
        ("Location", "Path of the object that was created or accepted.", _TEXT),
        ("Retry-After", "Seconds to wait before the request is repeated.", _SECONDS),
        (
            "RateLimit-Policy",
            "The exceeded limit: its name, quota and window in seconds.",
            _TEXT,
        ),
        (
            "RateLimit",
            "The remaining quota, and the seconds until it is replenished.",
            _TEXT,
        ),
        ("WWW-Authenticate", "The authentication scheme to use.", _TEXT),
        ("Allow", "The methods of the path.", _TEXT),
        (
            REPLAYED_HEADER,
            "`true` if this is the stored response of an earlier request with the same "
            "Idempotency-Key or signature.",
            _TEXT,
        ),
        ("Content-Disposition", "File name under which to store the body.", _TEXT),
        ("Cache-Control", "How long the response may be cached.", _TEXT),
    )
}
_HEADERS_BY_STATUS: Mapping[int, tuple[str, ...]] = {
    401: ("WWW-Authenticate",),
    405: ("Allow",),
    409: ("Retry-After",),
    429: ("Retry-After", "RateLimit-Policy", "RateLimit"),
    503: ("Retry-After",),
}
# Refusals that are stored with an Idempotency-Key, as successes are.
_STORED_REFUSALS = (400, 404, 409)

HEADERS_NOTE = (
    "Besides the headers that each response lists, every response has "
    "Content-Security-Policy, Referrer-Policy, X-Content-Type-Options and "
    "Cache-Control, which is `no-store` unless the response lists another."
)


def refer_to_headers(*names: str) -> dict[str, Json]:
    """Return the headers of a response that a view declares, as references."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


LOCATION = refer_to_headers("Location")


def add_headers(response: Json, status: int, *, is_idempotent: bool = False) -> None:
    """Add the headers that every response with this status has."""
    names = ["X-Request-Id", *_HEADERS_BY_STATUS.get(status, ())]
    if status in _STORED_REFUSALS or (is_idempotent and status < 400):
        names.append(REPLAYED_HEADER)
    response["headers"] = {**response.get("headers", {}), **refer_to_headers(*names)}
