"""The chunks of jobs that change coupons: which change, and why the others do not."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from coupon_core.domain.models import IssuedCoupon
from coupon_core.domain.models.inventory import CodeJob, JobKind
from coupon_core.domain.timestamps import format_timestamp_milliseconds
from coupon_core.persistence.database import execute, execute_for_values
from coupon_core.persistence.id_generation import MIN_ID
from coupon_core.persistence.row_locks import coupon_lock_clause
from coupon_core.persistence.row_mapping import SELECT_ISSUED_COUPONS, to_issued_coupon

# The first of these that applies: a job is on a batch, on a user or on a definition.
# The condition on users repeats that of the partial index, so that the index is used.
TARGET_CONDITIONS = {
    "batch_id": "c.batch_id = :batch_id",
    "user_id": "c.user_id = :user_id AND c.user_id <> ''",
    "definition_id": "c.definition_id = :definition_id",
}
FROM_TARGETS = """
    FROM coupon c JOIN definition d
    ON d.tenant_id = :tenant_id AND d.definition_id = c.definition_id
    WHERE c.tenant_id = :tenant_id AND {target}
"""
UNUSABLE_CASES = """
    WHEN c.revoked_at IS NOT NULL THEN 'revoked'
    WHEN c.returned_at IS NOT NULL THEN 'returned'
"""
USED_UP_CASE = """
    WHEN d.per_code_limit > 0 AND c.redemption_count >= d.per_code_limit THEN 'used_up'
"""
# Why a coupon is left alone, by the kind of the job; '' for those that change. A job
# and its dry run read the same expression. A restoration leaves alone what was revoked
# after it began, so that no redeem succeeds after the answer to that revocation.
SKIP_CASES: Mapping[JobKind, str] = {
    JobKind.REVOKE: UNUSABLE_CASES + USED_UP_CASE,
    JobKind.EXTEND: """
        WHEN c.revoked_at IS NOT NULL THEN 'revoked'
        WHEN COALESCE(c.expires_at, d.expires_at) IS NULL THEN 'no_expiry'
        WHEN COALESCE(c.expires_at, d.expires_at) >= :expires_at THEN 'valid_longer'
    """,
    JobKind.RESTORE: """
        WHEN c.returned_at IS NOT NULL THEN 'returned'
        WHEN c.revoked_at IS NULL OR c.revoked_at > :started_at THEN 'not_revoked'
        WHEN c.replaced_by IS NOT NULL THEN 'reissued'
    """,
    JobKind.EXPIRY: UNUSABLE_CASES
    + USED_UP_CASE
    + """
        WHEN c.expires_at IS NULL AND {follows_definition} THEN 'same_expiry'
        WHEN c.expires_at = :expires_at THEN 'same_expiry'
    """,
}
ASSIGNMENTS: Mapping[JobKind, str] = {
    JobKind.REVOKE: "revoked_at = :now",
    JobKind.EXTEND: "expires_at = :expires_at, swept_at = NULL",
    JobKind.RESTORE: "revoked_at = NULL",
    JobKind.EXPIRY: "expires_at = :expires_at, swept_at = NULL",
}
# What the timeline of a coupon calls the change.
EVENT_KINDS: Mapping[JobKind, str] = {
    JobKind.REVOKE: "revoked",
    JobKind.EXTEND: "extended",
    JobKind.RESTORE: "restored",
    JobKind.EXPIRY: "expiry_changed",
}
UPDATE_COUPONS = """
    UPDATE coupon SET {assignments} WHERE tenant_id = :tenant_id AND coupon_id {{among}}
"""
# One event per coupon and job, so the job's ID identifies it. It is written before the
# change, which deletes the time of the revocation.
INSERT_EVENTS = """
    INSERT INTO coupon_event (tenant_id, coupon_id, event_id, kind, actor, user_id,
        occurred_at, expires_at, revoked_at)
    SELECT c.tenant_id, c.coupon_id, :event_id, :kind, :actor, :user_id, :now,
        :expires_at, c.revoked_at
    FROM coupon c WHERE c.tenant_id = :tenant_id AND c.coupon_id {among}
"""
SELECT_ASSIGNED = f"""
    {SELECT_ISSUED_COUPONS}
    WHERE c.tenant_id = :tenant_id AND c.user_id <> '' AND c.coupon_id {{among}}
    ORDER BY c.coupon_id
"""


@dataclass(frozen=True, slots=True)
class ChunkResult:
    """The result of a chunk, which ends with `last_key`; "" if it was empty."""

    last_key: str = ""
    examined_count: int = 0
    changed_ids: Sequence[str] = ()
    assigned_count: int = 0  # of imported coupons
    skipped_reasons: Mapping[str, int] = field(default_factory=dict)


def change_chunk(job: CodeJob, limit: int, now: datetime) -> ChunkResult:
    """Change the coupons of the next chunk of a job, and record it in their timelines.

    They are locked before it is decided which of them change, so that a redemption at
    the same time is either counted or refused.
    """
    parameters = _to_parameters(job, now)
    sql = f"""SELECT c.coupon_id, {_build_reason(job)} {_build_source(job)}
        AND c.coupon_id > :after_id ORDER BY c.coupon_id LIMIT :limit
        {coupon_lock_clause()}"""
    rows = execute(sql, parameters | {"limit": limit}).fetchall()
    if not rows:
        return ChunkResult()
    changed_ids = [coupon_id for coupon_id, reason in rows if not reason]
    # A job that revokes a batch shows in the timelines of its coupons by itself.
    if job.kind != JobKind.REVOKE or job.user_id:
        _insert_events(job, changed_ids, parameters)
    update = UPDATE_COUPONS.format(assignments=ASSIGNMENTS[job.kind])
    execute_for_values(update, "uuid", changed_ids, parameters)
    return ChunkResult(
        last_key=rows[-1][0],
        examined_count=len(rows),
        changed_ids=changed_ids,
        skipped_reasons=Counter(reason for _, reason in rows if reason),
    )


def count_outcomes(job: CodeJob, now: datetime) -> dict[str, int]:
    """Return how many coupons a job would leave alone by reason; "" would change."""
    sql = f"SELECT {_build_reason(job)}, count(*) {_build_source(job)} GROUP BY 1"
    return dict(execute(sql, _to_parameters(job, now)).fetchall())


def _build_reason(job: CodeJob) -> str:
    follows_definition = "true" if job.expires_at is None else "false"
    cases = SKIP_CASES[job.kind].format(follows_definition=follows_definition)
    return f"CASE {cases} ELSE '' END"


def _build_source(job: CodeJob) -> str:
    target = next(name for name in TARGET_CONDITIONS if getattr(job, name))
    return FROM_TARGETS.format(target=TARGET_CONDITIONS[target])


def _to_parameters(job: CodeJob, now: datetime) -> dict[str, Any]:
    return {
        "tenant_id": job.tenant_id,
        "batch_id": job.batch_id,
        "user_id": job.user_id,
        "definition_id": job.definition_id,
        "after_id": job.after_key or MIN_ID,
        "started_at": format_timestamp_milliseconds(job.created_at),
        "expires_at": format_timestamp_milliseconds(job.expires_at),
        "now": format_timestamp_milliseconds(now),
    }


def _insert_events(
    job: CodeJob, coupon_ids: Sequence[str], parameters: Mapping[str, Any]
) -> None:
    details = {"event_id": job.job_id, "kind": EVENT_KINDS[job.kind]}
    actor = {"actor": job.actor}
    execute_for_values(
        INSERT_EVENTS, "uuid", coupon_ids, {**parameters, **details, **actor}
    )


def list_assigned(tenant_id: str, coupon_ids: Sequence[str]) -> list[IssuedCoupon]:
    """Return those of the coupons that are assigned to a user."""
    rows = execute_for_values(
        SELECT_ASSIGNED, "uuid", coupon_ids, {"tenant_id": tenant_id}
    ).fetchall()
    return [to_issued_coupon(row) for row in rows]
