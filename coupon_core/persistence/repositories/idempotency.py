"""Idempotent requests: acquiring a request, storing its response, purging."""

from datetime import datetime

from coupon_core.domain.models.idempotency import IdempotentRequest
from coupon_core.domain.timestamps import format_timestamp_milliseconds
from coupon_core.persistence.database import execute, single_statement
from coupon_core.persistence.purging import delete_by_tenant
from coupon_core.persistence.row_locks import skip_locked_clause
from coupon_core.persistence.tables.base import to_datetime

# Only one attempt acquires the request: if it is new, if it is past its retention, or
# if its lease has expired without a response. A request with another fingerprint
# acquires the key only past its retention. A caller with too many live keys acquires no
# new one; requests that arrive together may exceed that by the number of threads.
ACQUIRE = """
    INSERT INTO idempotency (tenant_id, request_key, fingerprint, token, leased_until,
        kept_until, caller)
    SELECT :tenant_id, :request_key, :fingerprint, :token, :until, :kept_until, :caller
    WHERE :caller = '' OR :max_keys = 0
    OR (SELECT count(*) FROM (
        SELECT 1 FROM idempotency live WHERE live.tenant_id = :tenant_id
        AND live.caller = :caller AND live.caller <> '' AND live.kept_until > :now
        LIMIT :max_keys
    ) live_keys) < :max_keys
    OR EXISTS (SELECT 1 FROM idempotency same
        WHERE same.tenant_id = :tenant_id AND same.request_key = :request_key)
    ON CONFLICT (tenant_id, request_key) DO UPDATE SET token = excluded.token,
        leased_until = excluded.leased_until, kept_until = excluded.kept_until,
        fingerprint = excluded.fingerprint, caller = excluded.caller, answer = NULL
    WHERE idempotency.kept_until < :now
    OR (idempotency.answer IS NULL AND idempotency.leased_until < :now
        AND idempotency.fingerprint = excluded.fingerprint)
"""
SELECT_LIVE_KEYS = """
    SELECT kept_until FROM idempotency WHERE tenant_id = :tenant_id
    AND caller = :caller AND caller <> '' AND kept_until > :now
    ORDER BY kept_until LIMIT :max_keys
"""
FIND = """
    SELECT fingerprint, answer FROM idempotency
    WHERE tenant_id = :tenant_id AND request_key = :request_key
"""
OWNER_CONDITION = """
    tenant_id = :tenant_id AND request_key = :request_key AND token = :token
    AND answer IS NULL
"""
STORE_RESPONSE = f"""
    UPDATE idempotency SET answer = :answer, kept_until = :kept_until
    WHERE {OWNER_CONDITION}
"""
RELEASE = f"DELETE FROM idempotency WHERE {OWNER_CONDITION}"
INSERT_WITH_RESPONSE = """
    INSERT INTO idempotency (tenant_id, request_key, fingerprint, token, leased_until,
        kept_until, answer)
    VALUES (:tenant_id, :request_key, :fingerprint, '', :kept_until, :kept_until,
        :answer)
    ON CONFLICT (tenant_id, request_key) DO NOTHING
"""
SELECT_EXPIRED_OF_ALL_TENANTS = """
    SELECT tenant_id, request_key FROM idempotency
    WHERE kept_until < :now ORDER BY kept_until LIMIT :limit
"""
# Skips keys that a request is acquiring again.
DELETE_EXPIRED = """
    DELETE FROM idempotency WHERE tenant_id = :tenant_id AND request_key IN (
        SELECT request_key FROM idempotency WHERE tenant_id = :tenant_id
        AND request_key {{among}} AND kept_until < :now {skipping}
    )
"""


def acquire(
    request: IdempotentRequest,
    token: str,
    now: datetime,
    leased_until: datetime,
    max_keys: int = 0,
) -> bool:
    """Lease a request until a time.

    Return False if it is leased or answered, or if it is new and the caller has
    `max_keys` live keys; 0 means no limit.
    """
    parameters = {
        **_to_key_parameters(request),
        "fingerprint": request.fingerprint,
        "token": token,
        "now": format_timestamp_milliseconds(now),
        "until": format_timestamp_milliseconds(leased_until),
        "kept_until": format_timestamp_milliseconds(request.kept_until),
        "caller": request.caller,
        "max_keys": max_keys,
    }
    with single_statement():
        return bool(execute(ACQUIRE, parameters).rowcount)


def find_next_expiry(
    request: IdempotentRequest, now: datetime, max_keys: int
) -> datetime | None:
    """Return when the caller may use a new key, or None if that is possible now."""
    if not request.caller or not max_keys:
        return None
    parameters = {
        "tenant_id": request.tenant_id,
        "caller": request.caller,
        "now": format_timestamp_milliseconds(now),
        "max_keys": max_keys,
    }
    rows = execute(SELECT_LIVE_KEYS, parameters).fetchall()
    return to_datetime(rows[0][0]) if len(rows) >= max_keys else None


def find(request: IdempotentRequest) -> tuple[str, str | None] | None:
    """Return the fingerprint of a request and its encrypted response, or None."""
    row = execute(FIND, _to_key_parameters(request)).fetchone()
    return (row[0], row[1]) if row else None


def store_response(
    request: IdempotentRequest,
    token: str,
    encrypted_response: str,
    kept_until: datetime,
) -> bool:
    """Store the response until a time, in the transaction of the caller.

    Returns False if the caller no longer holds the request.
    """
    parameters = {
        **_to_key_parameters(request),
        "token": token,
        "answer": encrypted_response,
        "kept_until": format_timestamp_milliseconds(kept_until),
    }
    return bool(execute(STORE_RESPONSE, parameters).rowcount)


def insert_with_response(request: IdempotentRequest, encrypted_response: str) -> bool:
    """Insert a request with its response; return False if the key exists."""
    row = {
        **_to_key_parameters(request),
        "fingerprint": request.fingerprint,
        "kept_until": format_timestamp_milliseconds(request.kept_until),
        "answer": encrypted_response,
    }
    return bool(execute(INSERT_WITH_RESPONSE, row).rowcount)


def release(request: IdempotentRequest, token: str) -> None:
    """Release a request for others at once, unless it has a response."""
    with single_statement():
        execute(RELEASE, {**_to_key_parameters(request), "token": token})


def purge(now: datetime, limit: int) -> int:
    """Delete up to `limit` requests past their retention; return their number."""
    return delete_by_tenant(
        SELECT_EXPIRED_OF_ALL_TENANTS,
        DELETE_EXPIRED.format(skipping=skip_locked_clause()),
        key_type="text",
        parameters={"now": format_timestamp_milliseconds(now), "limit": limit},
    )


def _to_key_parameters(request: IdempotentRequest) -> dict[str, str]:
    return {"tenant_id": request.tenant_id, "request_key": request.request_key}
