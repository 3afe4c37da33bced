"""Work on many codes: the jobs, and one chunk of each kind of them."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from coupon_core.domain.models import IssuedCoupon, Page
from coupon_core.domain.models.inventory import CodeJob, JobKind, JobState
from coupon_core.persistence.database import execute, is_postgresql
from coupon_core.persistence.row_mapping import ISSUED, issued_of
from coupon_core.persistence.tables import CodeJob as Table
from coupon_core.persistence.tables import as_stored_time

OF_BATCH = "c.batch_id = :batch_id"
# Says again what the partial index says, so that it is used.
OF_USER = "c.user_id = :user_id AND c.user_id <> ''"
NEXT = """
    SELECT c.coupon_id FROM coupon c WHERE c.tenant_id = :tenant_id AND {chosen}
    AND c.coupon_id > :after_id ORDER BY c.coupon_id LIMIT :most
"""
RANGE = """
    c.tenant_id = :tenant_id AND {chosen}
    AND c.coupon_id > :after_id AND c.coupon_id <= :last_id
"""
# A use that is under way has the row; after it PostgreSQL looks at the condition anew.
# It does so rightly for a scalar subquery, but not for one that it makes a join of,
# such as NOT EXISTS: then a coupon that was used up meanwhile would be revoked.
REVOKE = f"""
    UPDATE coupon AS c SET revoked_at = :now
    WHERE {RANGE} AND c.revoked_at IS NULL AND c.redemption_count < (
        SELECT CASE d.per_code_limit WHEN 0 THEN 2147483647 ELSE d.per_code_limit END
        FROM definition d WHERE d.tenant_id = c.tenant_id
        AND d.definition_id = c.definition_id)
    RETURNING coupon_id
"""
# Never shortens; what has no end at all stays without one.
EXTEND = f"""
    UPDATE coupon AS c SET expires_at = :expires_at, swept_at = NULL
    WHERE {RANGE} AND c.revoked_at IS NULL AND COALESCE(c.expires_at, (
        SELECT d.expires_at FROM definition d WHERE d.tenant_id = c.tenant_id
        AND d.definition_id = c.definition_id)) < :expires_at
    RETURNING coupon_id
"""
HELD = f"""
    {ISSUED} WHERE {RANGE} AND c.user_id <> '' AND c.revoked_at = :now
"""
FIRST_ID = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True, slots=True)
class Done:
    """What a chunk did, after one key and up to another; "" when it found nothing."""

    first_key: str
    last_key: str = ""
    looked_at: int = 0
    changed: frozenset[str] = frozenset()  # ids of coupons


def insert(job: CodeJob) -> None:
    """Add a job."""
    Table.insert(asdict(job)).execute()


def update(job: CodeJob) -> None:
    """Overwrite a job."""
    Table.update(asdict(job)).where(_is(job.tenant_id, job.job_id)).execute()


def delete(tenant_id: str, job_id: str) -> None:
    """Forget a job."""
    Table.delete().where(_is(tenant_id, job_id)).execute()


def get(tenant_id: str, job_id: str, lock: bool = False) -> CodeJob | None:
    """One job; if locked, held until the transaction ends."""
    query = Table.select().where(_is(tenant_id, job_id))
    if lock and is_postgresql():
        query = query.for_update()
    row = query.tuples().first()
    return job_of(row) if row else None


def listed(tenant_id: str, page: Page) -> tuple[list[CodeJob], int]:
    """A tenant's jobs, newest first, and how many there are."""
    query = Table.select().where(Table.tenant_id == tenant_id)
    newest = query.order_by(Table.job_id.desc()).limit(page.limit).offset(page.offset)
    return [job_of(row) for row in newest.tuples()], query.count()


def of_batch(tenant_id: str, batch_id: str) -> list[CodeJob]:
    """What was done to a batch, in the order of time."""
    here = (Table.tenant_id == tenant_id) & (Table.batch_id == batch_id)
    rows = Table.select().where(here).order_by(Table.job_id).tuples()
    return [job_of(row) for row in rows]


def forsaken(state: JobState, before: datetime) -> list[CodeJob]:
    """Some jobs in that state, of any tenant, that nobody has worked on since."""
    old = (Table.state == state) & (Table.updated_at < before)
    return [job_of(row) for row in Table.select().where(old).limit(100).tuples()]


def _is(tenant_id: str, job_id: str) -> Any:
    return (Table.tenant_id == tenant_id) & (Table.job_id == job_id)


def job_of(row: Sequence[Any]) -> CodeJob:
    """The value of a row, whose columns are in the order of the fields."""
    values = dict(zip((field.name for field in fields(CodeJob)), row, strict=True))
    kinds = {"kind": JobKind(values["kind"]), "state": JobState(values["state"])}
    return CodeJob(**{**values, **kinds})


def revoke(job: CodeJob, most: int, now: datetime) -> Done:
    """Take a chunk's coupons out of use, but those that are used up."""
    return _change(REVOKE, job, most, now)


def extend(job: CodeJob, most: int, now: datetime) -> Done:
    """Let a chunk's coupons expire later."""
    return _change(EXTEND, job, most, now)


def _change(sql: str, job: CodeJob, most: int, now: datetime) -> Done:
    chosen, parameters = _chosen(job), _parameters(job, now)
    found = execute(NEXT.format(chosen=chosen), parameters | {"most": most}).fetchall()
    if not found:
        return Done(job.after_key)
    last = {"last_id": found[-1][0]}
    rows = execute(sql.format(chosen=chosen), parameters | last).fetchall()
    changed = frozenset(coupon_id for (coupon_id,) in rows)
    return Done(job.after_key, found[-1][0], len(found), changed)


def _chosen(job: CodeJob) -> str:
    return OF_BATCH if job.batch_id else OF_USER


def _parameters(job: CodeJob, now: datetime) -> dict[str, Any]:
    return {
        "tenant_id": job.tenant_id,
        "batch_id": job.batch_id,
        "user_id": job.user_id,
        "after_id": job.after_key or FIRST_ID,
        "expires_at": as_stored_time(job.expires_at),
        "now": as_stored_time(now),
    }


def revoked(job: CodeJob, done: Done, now: datetime) -> list[IssuedCoupon]:
    """The coupons in users' hands that a chunk has just taken out of use."""
    if not done.changed:
        return []
    sql = HELD.format(chosen=_chosen(job))
    ends = {"after_id": done.first_key or FIRST_ID, "last_id": done.last_key}
    parameters = _parameters(job, now) | ends
    rows = map(issued_of, execute(sql, parameters).fetchall())
    return [one for one in rows if one.coupon.coupon_id in done.changed]


MAKE = """
    INSERT INTO coupon (tenant_id, coupon_id, definition_id, user_id, code,
        generated_at, expires_at, redemption_count, code_key, code_scope, batch_id)
    SELECT tenant_id, coupon_id, :definition_id, user_id, code,
        :now, expires_at, 0, code_key, '', :job_id
    FROM import_row WHERE {range} ORDER BY code_key
    ON CONFLICT (tenant_id, code_key, code_scope, copy_number) DO NOTHING
    RETURNING coupon_id
"""
NEXT_CODES = """
    SELECT code_key FROM import_row WHERE tenant_id = :tenant_id AND job_id = :job_id
    AND code_key > :after_key ORDER BY code_key LIMIT :most
"""
ROWS = """
    tenant_id = :tenant_id AND job_id = :job_id
    AND code_key > :after_key AND code_key <= :last_key
"""


def make(job: CodeJob, most: int, now: datetime) -> Done:
    """Make the coupons of a chunk of an import's rows, and let the rows go."""
    parameters = {
        "tenant_id": job.tenant_id,
        "job_id": job.job_id,
        "definition_id": job.definition_id,
        "after_key": job.after_key,
        "now": as_stored_time(now),
        "most": most,
    }
    found = execute(NEXT_CODES, parameters).fetchall()
    if not found:
        return Done(job.after_key)
    parameters["last_key"] = found[-1][0]
    made = execute(MAKE.format(range=ROWS), parameters).fetchall()
    execute(f"DELETE FROM import_row WHERE {ROWS}", parameters)
    return Done(
        job.after_key, found[-1][0], len(found), frozenset(one for (one,) in made)
    )
