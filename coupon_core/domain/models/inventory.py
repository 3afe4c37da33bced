"""The stock of codes: work on many of them at once, and what became of each."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from coupon_core.domain.models.coupons import IssuedCoupon


class JobKind(StrEnum):
    """What is done to many codes, a chunk at a time."""

    REVOKE = "revoke"
    EXTEND = "extend"
    IMPORT = "import"


class JobState(StrEnum):
    """Life of a job; an import is `receiving` while its file is read."""

    RECEIVING = "receiving"
    RUNNING = "running"
    COMPLETED = "completed"


@dataclass(frozen=True, slots=True)
class CodeJob:
    """Work on the codes of a batch, of a user, or of an imported file."""

    tenant_id: str
    job_id: str
    kind: JobKind
    state: JobState
    definition_id: str | None  # of an import
    batch_id: str | None  # an import's is its own id
    user_id: str
    expires_at: datetime | None  # of an extension
    actor: str  # the API key's id, or the program
    chunk_number: int  # the next one; chunks are worked off in order
    after_key: str  # all up to this coupon or code is done
    total_count: int
    done_count: int
    skipped_count: int  # used up, revoked before, or good for longer already
    created_at: datetime
    updated_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class CouponEvent:
    """What somebody did to one coupon that its own row does not tell."""

    tenant_id: str
    coupon_id: str
    event_id: str
    kind: str
    actor: str
    user_id: str
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class CouponWithBatch:
    """A coupon with the batch that it was made in."""

    issued: IssuedCoupon
    batch_id: str | None


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """An entry of a coupon's timeline; `actor` is None where nobody noted it."""

    occurred_at: datetime
    event: str
    actor: str | None = None
    details: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class ImportRow:
    """A code that is to be imported, from a line of a file."""

    line: int
    code: str
    user_id: str
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A line of a file that cannot be imported, and why."""

    line: int
    reason: str
