"""Requests with an Idempotency-Key or a signature: one effect, one answer.

A key is taken up in a transaction of its own, so that a repeat learns at once that it
is under way; a signature is only noted with the answer, which costs a row and no more.
The answer is kept in the transaction of the effect (CONTRACTS 0.12, 0.13).
"""

import hashlib
import json
import os
from contextlib import suppress
from datetime import datetime, timedelta

from coupon_core.domain.models.idempotency import (
    IdempotentRequest,
    RequestAttempt,
    StoredResponse,
)
from coupon_core.persistence.database import UNAVAILABLE_ERRORS, transaction
from coupon_core.persistence.repositories import idempotency as idempotency_repository
from coupon_core.security import encryption

KEY_RETENTION = timedelta(hours=25)
# A signature is good for five minutes around its time, which may be five ahead of us;
# so much longer, and clocks may differ by minutes too.
SIGNATURE_RETENTION = timedelta(minutes=20)
# Longer than any request takes. Who is slower all the same finds its token gone and
# rolls back.
LEASE = timedelta(seconds=15)


class KeyReused(Exception):
    """The key was given to a request that differs from this one."""


class RequestInProgress(Exception):
    """The same request is being worked on; its answer can be had in a moment."""


class AlreadyCompleted(Exception):
    """The request was made in the meantime; the transaction must be rolled back."""


def compute_digest(*parts: bytes) -> str:
    """One name for all the parts, each of which may hold anything."""
    lengths = b",".join(str(len(part)).encode() for part in parts)
    return hashlib.sha256(b"\n".join([lengths, *parts])).hexdigest()


def acquire(
    request: IdempotentRequest, now: datetime, lease: timedelta = LEASE
) -> str | StoredResponse:
    """Take a request up: gives a token, or the answer that it has had already.

    Should its process be killed, another may take it up when the lease has run out.
    AnotherRequest when the key names another one, UnderWay when somebody else is at it.
    """
    token = os.urandom(12).hex()
    if idempotency_repository.acquire(request, token, now, now + lease):
        return token
    response = find_stored_response(request)
    if response is None:
        raise RequestInProgress
    return response


def find_stored_response(request: IdempotentRequest) -> StoredResponse | None:
    """The answer that a request has had. AnotherRequest when its key is another's."""
    row = idempotency_repository.find(request)
    if row is None:
        return None
    fingerprint, encrypted = row
    if fingerprint != request.fingerprint:
        raise KeyReused
    return _decrypt_response(encrypted) if encrypted else None


def complete(attempt: RequestAttempt, response: StoredResponse) -> None:
    """Keep the answer, inside the transaction of the effect.

    Repeated when another has come first.
    """
    encrypted = _encrypt_response(response)
    if attempt.signed_request and not idempotency_repository.insert_with_response(
        attempt.signed_request, encrypted
    ):
        raise AlreadyCompleted
    if attempt.keyed_request and not idempotency_repository.store_response(
        attempt.keyed_request, attempt.token, encrypted
    ):
        raise AlreadyCompleted


def complete_in_new_transaction(
    attempt: RequestAttempt, response: StoredResponse
) -> None:
    """Keep the answer of a request that had no effect, or has had it. As `complete`."""
    with transaction():
        complete(attempt, response)


def release(attempt: RequestAttempt) -> None:
    """Let the request be made again at once: what it got was no final answer.

    Where the database is away, its lease runs out by itself.
    """
    if attempt.keyed_request:
        with suppress(*UNAVAILABLE_ERRORS):
            idempotency_repository.release(attempt.keyed_request, attempt.token)


def purge(now: datetime, limit: int) -> int:
    """Forget up to `limit` requests that were kept long enough; gives how many."""
    return idempotency_repository.purge(now, limit)


# Sealed, for some answers show a key or a secret, and those are nowhere in the clear.
def _encrypt_response(response: StoredResponse) -> str:
    parts = [response.status, response.headers, response.body.decode("latin-1")]
    return encryption.encrypt(json.dumps(parts))


def _decrypt_response(encrypted: str) -> StoredResponse:
    status, headers, body = json.loads(encryption.decrypt(encrypted))
    pairs = tuple((name, value) for name, value in headers)
    return StoredResponse(status, pairs, body.encode("latin-1"))
