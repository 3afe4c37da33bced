"""Requests that are made once: taking one up, keeping its answer, forgetting it."""

from datetime import datetime

from coupon_core.domain.models.idempotency import IdempotentRequest
from coupon_core.domain.timestamps import format_timestamp_milliseconds
from coupon_core.persistence.database import execute, single_statement
from coupon_core.persistence.row_locks import skip_locked_clause

# Taken by one only: a new request, or one whose worker has not answered in time. The
# key of another request is nobody's to take.
ACQUIRE = """
    INSERT INTO idempotency (tenant_id, request_key, fingerprint, token, leased_until,
        kept_until)
    VALUES (:tenant_id, :request_key, :fingerprint, :token, :until, :kept_until)
    ON CONFLICT (tenant_id, request_key) DO UPDATE SET token = excluded.token,
        leased_until = excluded.leased_until, kept_until = excluded.kept_until
    WHERE idempotency.answer IS NULL AND idempotency.leased_until < :now
    AND idempotency.fingerprint = excluded.fingerprint
"""
FIND = """
    SELECT fingerprint, answer FROM idempotency
    WHERE tenant_id = :tenant_id AND request_key = :request_key
"""
OWNER_CONDITION = """
    tenant_id = :tenant_id AND request_key = :request_key AND token = :token
    AND answer IS NULL
"""
STORE_RESPONSE = f"UPDATE idempotency SET answer = :answer WHERE {OWNER_CONDITION}"
RELEASE = f"DELETE FROM idempotency WHERE {OWNER_CONDITION}"
INSERT_WITH_RESPONSE = """
    INSERT INTO idempotency (tenant_id, request_key, fingerprint, token, leased_until,
        kept_until, answer)
    VALUES (:tenant_id, :request_key, :fingerprint, '', :kept_until, :kept_until,
        :answer)
    ON CONFLICT (tenant_id, request_key) DO NOTHING
"""
PURGE = """
    DELETE FROM idempotency WHERE (tenant_id, request_key) IN (
        SELECT tenant_id, request_key FROM idempotency
        WHERE kept_until < :now ORDER BY kept_until LIMIT :most {skipping}
    )
"""
# Most of the time there is nothing to purge, and writers of SQLite queue.
SELECT_EXPIRED = "SELECT 1 FROM idempotency WHERE kept_until < :now LIMIT 1"


def acquire(
    request: IdempotentRequest, token: str, now: datetime, leased_until: datetime
) -> bool:
    """Take a request up until then; False when it is another's, or answered."""
    parameters = {
        **_to_key_parameters(request),
        "fingerprint": request.fingerprint,
        "token": token,
        "now": format_timestamp_milliseconds(now),
        "until": format_timestamp_milliseconds(leased_until),
        "kept_until": format_timestamp_milliseconds(request.kept_until),
    }
    with single_statement():
        return bool(execute(ACQUIRE, parameters).rowcount)


def find(request: IdempotentRequest) -> tuple[str, str | None] | None:
    """What is kept of a request: its fingerprint, and its sealed answer if any."""
    row = execute(FIND, _to_key_parameters(request)).fetchone()
    return (row[0], row[1]) if row else None


def store_response(
    request: IdempotentRequest, token: str, encrypted_response: str
) -> bool:
    """Keep the answer, in the caller's transaction; False if it is not his to give."""
    parameters = {
        **_to_key_parameters(request),
        "token": token,
        "answer": encrypted_response,
    }
    return bool(execute(STORE_RESPONSE, parameters).rowcount)


def insert_with_response(request: IdempotentRequest, encrypted_response: str) -> bool:
    """Keep the answer of a request that nobody took up; False if it has been made."""
    row = {
        **_to_key_parameters(request),
        "fingerprint": request.fingerprint,
        "kept_until": format_timestamp_milliseconds(request.kept_until),
        "answer": encrypted_response,
    }
    return bool(execute(INSERT_WITH_RESPONSE, row).rowcount)


def release(request: IdempotentRequest, token: str) -> None:
    """Let others take the request up at once, unless it is answered."""
    with single_statement():
        execute(RELEASE, {**_to_key_parameters(request), "token": token})


def purge(now: datetime, limit: int) -> int:
    """Forget up to `limit` requests that were kept long enough; gives how many."""
    time_parameters = {"now": format_timestamp_milliseconds(now)}
    if execute(SELECT_EXPIRED, time_parameters).fetchone() is None:
        return 0
    sql = PURGE.format(skipping=skip_locked_clause())
    with single_statement():
        return int(execute(sql, {**time_parameters, "most": limit}).rowcount)


def _to_key_parameters(request: IdempotentRequest) -> dict[str, str]:
    return {"tenant_id": request.tenant_id, "request_key": request.request_key}
