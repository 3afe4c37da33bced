"""Attempts to use a code, and what repeated failures signal."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple


class AttemptAction(StrEnum):
    """What a caller wanted to do with a code or a reservation."""

    VALIDATE = "validate"
    REDEEM = "redeem"
    RESERVE = "reserve"
    CONFIRM = "confirm"
    BUY = "buy"
    REFUND = "refund"


class SignalKind(StrEnum):
    """What happened suspiciously often within an hour."""

    CODE_SHARED = "code_shared"
    USER_FAILURES = "user_failures"
    REFERENCE_REUSED = "reference_reused"


class Outcome(NamedTuple):
    """How attempts ended that are counted together.

    `quarter` is the number of quarter hours since 1970: every call to validate looks an
    outcome up, and the hash of a datetime takes longer than everything else.
    `definition_id` is "" if the code is unknown. `code_key` is set for codes that
    creators may hand out. `reason` is the error code of the answer, "" if a code is
    valid.
    """

    tenant_id: str
    quarter: int
    definition_id: str
    code_key: str
    dialect: str
    action: str
    reason: str


@dataclass(frozen=True, slots=True)
class FailedAttempt:
    """A refused attempt with the code as it was entered, which is never stored."""

    tenant_id: str
    attempted_at: datetime
    user_id: str
    code: str
    definition_id: str | None
    action: str
    reason: str
    dialect: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """A failed attempt as it is stored: only its masked code can be read."""

    attempt_id: str
    attempted_at: datetime
    user_id: str
    masked_code: str
    definition_id: str | None
    action: str
    reason: str
    dialect: str


@dataclass(frozen=True, slots=True)
class AttemptFilter:
    """A filter of failed attempts; None matches any. `until` is exclusive."""

    code: str | None = None
    user_id: str | None = None
    reason: str | None = None
    action: AttemptAction | None = None
    definition_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class GuessingBlock:
    """A user, credential or tenant that has used up its limit of unknown codes."""

    tenant_id: str
    limit: str
    subject: str
    amount: int
    window_seconds: int
    blocked_at: datetime
    blocked_until: datetime


@dataclass(frozen=True, slots=True)
class Signal:
    """Something that happened suspiciously often within the hour from `hour_at`."""

    hour_at: datetime
    kind: str
    subject: str
    count: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class SignalFilter:
    """A filter of signals by kind and hour; None matches any. `until` is exclusive."""

    kind: SignalKind | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class SignalThresholds:
    """From how many events within an hour on a signal is raised; 0 means never."""

    code_users: int = 0
    user_failures: int = 0
    reference_uses: int = 0
