"""Requests that may come again: what they ask, and what was answered."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class IdempotentRequest:
    """A request that is to have one effect.

    `request_key` tells it from all others of its tenant; `fingerprint` is of all that
    was sent, so that another request under the same key is noticed.
    """

    tenant_id: str
    request_key: str
    fingerprint: str
    kept_until: datetime


@dataclass(frozen=True, slots=True)
class StoredResponse:
    """What was answered, to be answered again."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class RequestAttempt:
    """The one effect of a request, while it is under way.

    `keyed_request` is what the caller's key names, and taken up under `token`;
    `signed_request` is what its signature names. Either may be absent.
    """

    keyed_request: IdempotentRequest | None
    token: str
    signed_request: IdempotentRequest | None
