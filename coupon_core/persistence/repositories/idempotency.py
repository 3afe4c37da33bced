"""Requests that are made once: taking one up, keeping its answer, forgetting it."""

from datetime import datetime

from coupon_core.domain.models.idempotency import OnceAsked
from coupon_core.persistence.database import execute, is_postgresql, one_write
from coupon_core.persistence.tables import as_stored_time

# Taken by one only: a new request, or one whose worker has not answered in time. The
# key of another request is nobody's to take.
TAKE = """
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
MINE = """
    tenant_id = :tenant_id AND request_key = :request_key AND token = :token
    AND answer IS NULL
"""
ANSWER = f"UPDATE idempotency SET answer = :answer WHERE {MINE}"
GIVE_UP = f"DELETE FROM idempotency WHERE {MINE}"
ANSWER_AT_ONCE = """
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
OUTDATED = "SELECT 1 FROM idempotency WHERE kept_until < :now LIMIT 1"


def take(asked: OnceAsked, token: str, now: datetime, until: datetime) -> bool:
    """Take a request up until then; False when it is another's, or answered."""
    parameters = {
        **_key(asked),
        "fingerprint": asked.fingerprint,
        "token": token,
        "now": as_stored_time(now),
        "until": as_stored_time(until),
        "kept_until": as_stored_time(asked.kept_until),
    }
    with one_write():
        return bool(execute(TAKE, parameters).rowcount)


def find(asked: OnceAsked) -> tuple[str, str | None] | None:
    """What is kept of a request: its fingerprint, and its sealed answer if any."""
    row = execute(FIND, _key(asked)).fetchone()
    return (row[0], row[1]) if row else None


def answer(asked: OnceAsked, token: str, sealed: str) -> bool:
    """Keep the answer, in the caller's transaction; False if it is not his to give."""
    mine = {**_key(asked), "token": token, "answer": sealed}
    return bool(execute(ANSWER, mine).rowcount)


def answer_at_once(asked: OnceAsked, sealed: str) -> bool:
    """Keep the answer of a request that nobody took up; False if it has been made."""
    row = {
        **_key(asked),
        "fingerprint": asked.fingerprint,
        "kept_until": as_stored_time(asked.kept_until),
        "answer": sealed,
    }
    return bool(execute(ANSWER_AT_ONCE, row).rowcount)


def give_up(asked: OnceAsked, token: str) -> None:
    """Let others take the request up at once, unless it is answered."""
    with one_write():
        execute(GIVE_UP, {**_key(asked), "token": token})


def purge(now: datetime, most: int) -> int:
    """Forget up to `most` requests that were kept long enough; gives how many."""
    moment = {"now": as_stored_time(now)}
    if execute(OUTDATED, moment).fetchone() is None:
        return 0
    skipping = "FOR UPDATE SKIP LOCKED" if is_postgresql() else ""
    with one_write():
        cursor = execute(PURGE.format(skipping=skipping), {**moment, "most": most})
        return int(cursor.rowcount)


def _key(asked: OnceAsked) -> dict[str, str]:
    return {"tenant_id": asked.tenant_id, "request_key": asked.request_key}
