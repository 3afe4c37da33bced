"""Code inventory: bulk jobs on codes, imports, and the history of a coupon."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from coupon_core.domain.csv_columns import ExpirySource
from coupon_core.domain.entered_times import LocalTime
from coupon_core.domain.enums import CouponStatus
from coupon_core.domain.metadata import Metadata
from coupon_core.domain.models.coupons import IssuedCoupon


class JobKind(StrEnum):
    """What a job does to many codes, in chunks."""

    REVOKE = "revoke"
    EXTEND = "extend"
    IMPORT = "import"
    RESTORE = "restore"
    EXPIRY = "expiry"


class SkipReason(StrEnum):
    """Why a job leaves a coupon alone."""

    REVOKED = "revoked"
    NOT_REVOKED = "not_revoked"
    RETURNED = "returned"  # for its points
    REISSUED = "reissued"  # replaced by another coupon
    USED_UP = "used_up"
    NO_EXPIRY = "no_expiry"
    VALID_LONGER = "valid_longer"
    SAME_EXPIRY = "same_expiry"


class JobState(StrEnum):
    """Lifecycle of a job; an import is `receiving` while its file is read."""

    RECEIVING = "receiving"
    RUNNING = "running"
    COMPLETED = "completed"


@dataclass(frozen=True, slots=True)
class CodeJob:
    """A job on the codes of a batch, of a user, of a definition, or of a file."""

    tenant_id: str
    job_id: str
    kind: JobKind
    state: JobState
    definition_id: str | None  # whose codes change, or are imported
    batch_id: str | None  # for an import, its job ID
    user_id: str
    expires_at: datetime | None  # for an extension or a new expiry
    actor: str  # the API key's ID, or the program
    chunk_number: int  # the next one; chunks are processed in order
    after_key: str  # everything up to this coupon or code is done
    total_count: int
    done_count: int
    skipped_count: int  # left alone
    created_at: datetime
    updated_at: datetime
    finished_at: datetime | None
    skipped_reasons: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CodeTarget:
    """The codes that a job changes: of a batch, of a user, or of a definition."""

    batch_id: str | None = None
    user_id: str = ""
    definition_id: str | None = None


@dataclass(frozen=True, slots=True)
class CouponEvent:
    """An action on a coupon that the coupon's own row does not record."""

    tenant_id: str
    coupon_id: str
    event_id: str
    kind: str
    actor: str
    user_id: str
    occurred_at: datetime
    expires_at: datetime | None = None  # the new expiry
    revoked_at: datetime | None = None  # of the revocation that was undone
    related_coupon_id: str | None = None  # the replacement, or what it replaces


@dataclass(frozen=True, slots=True)
class CouponWithBatch:
    """A coupon and the batch in which it was generated."""

    issued: IssuedCoupon
    batch_id: str | None
    metadata: Metadata


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """An entry of a coupon's timeline; `actor` is None if it was not recorded."""

    occurred_at: datetime
    event: str
    actor: str | None = None
    details: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class ImportRow:
    """A code to import, from one line of a file."""

    line: int
    code: str
    user_id: str
    expires_at: datetime | None
    expires_from: ExpirySource | None = None  # None if the file does not say
    status: CouponStatus = CouponStatus.ACTIVE  # where the code comes from
    use_count: int = 0  # where the code comes from
    local_expiry: LocalTime | None = None  # instead of expires_at


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A line of a file that cannot be imported, and the reason."""

    line: int
    reason: str
