"""Idempotent requests and their stored responses."""

from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Any


@dataclass(frozen=True, slots=True)
class IdempotentRequest:
    """A request that must take effect only once.

    `request_key` identifies it within its tenant. `fingerprint` covers the complete
    request, so that a different request under the same key is detected. A refusal is
    kept until `refusal_kept_until`, if that is set. `caller` is empty for requests that
    do not count against the number of keys of a caller.
    """

    tenant_id: str
    request_key: str
    fingerprint: str
    kept_until: datetime
    refusal_kept_until: datetime | None = None
    caller: str = ""


@dataclass(frozen=True, slots=True)
class StoredResponse:
    """A response that is replayed when its request is repeated."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes = field(repr=False)

    @property
    def is_refusal(self) -> bool:
        """Return True if the request was refused and changed nothing."""
        return self.status >= HTTPStatus.BAD_REQUEST


@dataclass(frozen=True, slots=True)
class RequestAttempt:
    """An idempotent request in progress.

    `keyed_request` is identified by the caller's idempotency key and claimed under
    `token`; `signed_request` is identified by its signature. Either may be absent.
    """

    keyed_request: IdempotentRequest | None
    token: str
    signed_request: IdempotentRequest | None


@dataclass(frozen=True, slots=True)
class Result:
    """The response of a request, and what to replay if that response is final."""

    response: Any
    final_response: StoredResponse | None
