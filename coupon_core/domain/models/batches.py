"""Batches: many coupons that are asked for at once and made by workers."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class BatchState(StrEnum):
    """Life of a batch (CONTRACTS 0.20)."""

    PENDING = "pending"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


ACTIVE_STATES = frozenset({BatchState.PENDING, BatchState.RUNNING})


class BatchKind(StrEnum):
    """What a batch was made of: a number of coupons, or a list of users."""

    COUNT = "count"
    USERS = "users"


@dataclass(frozen=True, slots=True)
class Batch:
    """What was asked for in one request, and how far it is."""

    tenant_id: str
    batch_id: str
    definition_id: str
    kind: str
    state: BatchState
    requested_count: int
    generated_count: int
    chunk_count: int
    finished_chunk_count: int
    expires_at: datetime | None  # of its coupons
    error: str  # why it failed, or what it waits for
    created_at: datetime
    started_at: datetime | None
    updated_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class CodeCapacity:
    """How full a definition's code space is: all codes, those made, those to come."""

    code_space_size: int
    used_count: int
    reserved_count: int  # by batches that are not finished

    @property
    def max_count(self) -> int:
        """So many may be made: half of all (CONTRACTS 0.15)."""
        return self.code_space_size // 2


@dataclass(frozen=True, slots=True)
class BatchChunk:
    """A part of a batch that is made in one transaction; numbered from 1.

    `user_ids` is empty when nobody holds its coupons yet.
    """

    tenant_id: str
    batch_id: str
    chunk_number: int
    coupon_count: int
    user_ids: tuple[str, ...] = ()
