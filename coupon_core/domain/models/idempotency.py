"""Idempotent requests and their stored responses."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class IdempotentRequest:
    """A request that must take effect only once.

    `request_key` identifies it within its tenant. `fingerprint` covers the complete
    request, so that a different request under the same key is detected.
    """

    tenant_id: str
    request_key: str
    fingerprint: str
    kept_until: datetime


@dataclass(frozen=True, slots=True)
class StoredResponse:
    """A response that is replayed when its request is repeated."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class RequestAttempt:
    """An idempotent request in progress.

    `keyed_request` is identified by the caller's idempotency key and claimed under
    `token`; `signed_request` is identified by its signature. Either may be absent.
    """

    keyed_request: IdempotentRequest | None
    token: str
    signed_request: IdempotentRequest | None
