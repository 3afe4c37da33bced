"""Idempotency of requests with an Idempotency-Key or a signature.

A key is acquired in its own transaction, so that a repeated request learns at once that
the first one is in progress. A signature is stored only with the response, which costs
a single row. The response is stored in the transaction of the effect. The number of
live keys of a caller is limited
(`docs/api-contracts.md` 0.12, 0.13).
"""

import hashlib
import json
import os
from collections.abc import Callable
from contextlib import nullcontext, suppress
from datetime import datetime, timedelta

from coupon_core.domain.models import utc_now
from coupon_core.domain.models.idempotency import (
    IdempotentRequest,
    RequestAttempt,
    Result,
    StoredResponse,
)
from coupon_core.persistence.database import UNAVAILABLE_ERRORS, transaction
from coupon_core.persistence.repositories import idempotency as idempotency_repository
from coupon_core.security import encryption
from coupon_core.security.rate_limiting.policy import RateLimit, RateLimitExceeded

KEY_RETENTION = timedelta(hours=25)
# A refusal has changed nothing, so its key protects only against an early repetition.
REFUSAL_RETENTION = timedelta(minutes=10)
# A signature is valid from five minutes before until five minutes after its timestamp,
# so for up to ten minutes after its first use. The rest is a margin for clocks that
# differ by minutes.
SIGNATURE_RETENTION = timedelta(minutes=20)
# Longer than any request takes. A request that is slower nevertheless finds that its
# token has been replaced, and rolls back.
LEASE = timedelta(seconds=15)
# Uploading and processing a file can take minutes.
LONG_LEASE = timedelta(minutes=15)

_max_keys_per_caller = 0


def configure(max_keys_per_caller: int) -> None:
    """Set how many live keys a caller may have; 0 means no limit."""
    global _max_keys_per_caller
    _max_keys_per_caller = max_keys_per_caller


class KeyReused(Exception):
    """The key was already used for a different request."""


class RequestInProgress(Exception):
    """The same request is in progress; retry shortly to get its response."""


class AlreadyCompleted(Exception):
    """Another attempt completed the request; the transaction must be rolled back."""


def compute_digest(*parts: bytes) -> str:
    """Return a digest of the parts, which may contain arbitrary bytes."""
    lengths = b",".join(str(len(part)).encode() for part in parts)
    return hashlib.sha256(b"\n".join([lengths, *parts])).hexdigest()


def execute_once(
    keyed_request: IdempotentRequest | None,
    signed_request: IdempotentRequest | None,
    run: Callable[[], Result],
    handle_failure: Callable[[Exception], Result],
    has_several_transactions: bool = False,
) -> Result | StoredResponse:
    """Run a request, or return the stored response to the same request.

    The response is stored in the transaction of the effect. After several transactions,
    and after a failure that was rolled back, it is stored in a transaction of its own.
    A request without a final response is released for an immediate retry.

    Raises:
        KeyReused: The key was already used for a different request.
        RequestInProgress: Another attempt holds the lease.
        RateLimitExceeded: The key is new, and the caller has too many live keys.
    """
    lease = LONG_LEASE if has_several_transactions else LEASE
    acquired = acquire(keyed_request, utc_now(), lease=lease) if keyed_request else ""
    if isinstance(acquired, StoredResponse):
        return acquired
    attempt = RequestAttempt(keyed_request, acquired, signed_request=signed_request)
    try:
        result = _run(attempt, run, handle_failure, has_several_transactions)
    except AlreadyCompleted:
        return _get_other_response(attempt)
    if result.final_response is None:
        release(attempt)
    return result


def _run(
    attempt: RequestAttempt,
    run: Callable[[], Result],
    handle_failure: Callable[[Exception], Result],
    has_several_transactions: bool,
) -> Result:
    try:
        with nullcontext() if has_several_transactions else transaction():
            result = run()
            if result.final_response and not has_several_transactions:
                complete(attempt, result.final_response)
                return result
    except AlreadyCompleted:
        raise
    except Exception as error:  # refused or failed: the transaction is rolled back
        result = handle_failure(error)
    if result.final_response:
        with transaction():
            complete(attempt, result.final_response)
    return result


def _get_other_response(attempt: RequestAttempt) -> StoredResponse:
    """Return the response of the same request that completed while ours was running."""
    for request in filter(None, (attempt.signed_request, attempt.keyed_request)):
        stored_response = find_stored_response(request)
        if stored_response:
            release(attempt)
            return stored_response
    raise RequestInProgress


def acquire(
    request: IdempotentRequest, now: datetime, lease: timedelta = LEASE
) -> str | StoredResponse:
    """Acquire a request; return a token, or the stored response if it is completed.

    If the process is killed, another one can acquire the request after `lease`.

    Raises:
        KeyReused: The key was already used for a different request.
        RequestInProgress: Another attempt holds the lease.
        RateLimitExceeded: The key is new, and the caller has too many live keys.
    """
    token = os.urandom(12).hex()
    if idempotency_repository.acquire(
        request,
        token,
        now=now,
        leased_until=now + lease,
        max_keys=_max_keys_per_caller,
    ):
        return token
    row = idempotency_repository.find(request)
    if row is None:
        _require_unused_keys(request, now)
    response = _read_response(request, row)
    if response is None:
        raise RequestInProgress
    return response


def _require_unused_keys(request: IdempotentRequest, now: datetime) -> None:
    max_keys = _max_keys_per_caller
    next_expiry = idempotency_repository.find_next_expiry(request, now, max_keys)
    if next_expiry:
        retention_seconds = int(KEY_RETENTION.total_seconds())
        raise RateLimitExceeded(
            RateLimit("idempotency-keys", max_keys, retention_seconds),
            (next_expiry - now).total_seconds(),
            text=f"Too many Idempotency-Keys: {max_keys:,} of this caller are still "
            "stored",
        )


def find_stored_response(request: IdempotentRequest) -> StoredResponse | None:
    """Return the stored response of a request, or None if there is none yet."""
    return _read_response(request, idempotency_repository.find(request))


def _read_response(
    request: IdempotentRequest, row: tuple[str, str | None] | None
) -> StoredResponse | None:
    if row is None:
        return None
    fingerprint, encrypted = row
    if fingerprint != request.fingerprint:
        raise KeyReused
    return _decrypt_response(encrypted) if encrypted else None


def complete(attempt: RequestAttempt, response: StoredResponse) -> None:
    """Store the response, inside the transaction of the effect.

    Raises:
        AlreadyCompleted: Another attempt has completed the request.
    """
    encrypted = _encrypt_response(response)
    if attempt.signed_request and not idempotency_repository.insert_with_response(
        attempt.signed_request, encrypted
    ):
        raise AlreadyCompleted
    request = attempt.keyed_request
    if request and not idempotency_repository.store_response(
        request,
        attempt.token,
        encrypted_response=encrypted,
        kept_until=_choose_retention(request, response),
    ):
        raise AlreadyCompleted


def _choose_retention(request: IdempotentRequest, response: StoredResponse) -> datetime:
    if response.is_refusal and request.refusal_kept_until:
        return request.refusal_kept_until
    return request.kept_until


def release(attempt: RequestAttempt) -> None:
    """Permit an immediate retry of a request that got no final response.

    If the database is unavailable, the lease expires by itself.
    """
    if attempt.keyed_request:
        with suppress(*UNAVAILABLE_ERRORS):
            idempotency_repository.release(attempt.keyed_request, attempt.token)


def purge(now: datetime, limit: int) -> int:
    """Delete up to `limit` requests past their retention; return their number."""
    return idempotency_repository.purge(now, limit)


# Responses are encrypted because some contain a key or a secret, which are never stored
# in plain text.
def _encrypt_response(response: StoredResponse) -> str:
    parts = [response.status, response.headers, response.body.decode("latin-1")]
    return encryption.encrypt(json.dumps(parts))


def _decrypt_response(encrypted: str) -> StoredResponse:
    status, headers, body = json.loads(encryption.decrypt(encrypted))
    pairs = tuple((name, value) for name, value in headers)
    return StoredResponse(status, pairs, body.encode("latin-1"))
