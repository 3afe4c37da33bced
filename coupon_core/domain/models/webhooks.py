"""Webhook subscriptions, deliveries and their results."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class SignatureScheme(StrEnum):
    """How a webhook request is built and signed.

    `playcamp` is PlayCamp's HMAC of the body in hex, `playcamp_timestamped` includes
    the time (docs/api-contracts.md 3.4), and `standard` is Standard Webhooks.
    """

    PLAYCAMP = "playcamp"
    PLAYCAMP_TIMESTAMPED = "playcamp_timestamped"
    STANDARD = "standard"


class AttemptStatus(StrEnum):
    """Status of a delivery attempt, in the terms of PlayCamp's log."""

    PENDING = "PENDING"
    SUCCESS = "SUCCESS"
    RETRYING = "RETRYING"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class Webhook:
    """A subscription: events of one type are sent to one URL.

    `next_turn_at` is the time of its next turn after a success or a pause. While a
    worker delivers, it is when other workers may assume that this worker is dead.
    """

    tenant_id: str
    webhook_id: int
    event_type: str
    url: str
    signature: SignatureScheme
    retry_count: int  # attempts after the first one
    timeout_ms: int  # for a complete request, including name resolution
    is_active: bool
    inactive_reason: str  # "" while active, or if its owner disabled it
    failure_count: int  # consecutive failed requests
    failing_since: datetime | None
    next_turn_at: datetime
    created_at: datetime
    updated_at: datetime

    @property
    def max_attempts(self) -> int:
        """Number of attempts, including the first one."""
        return self.retry_count + 1


@dataclass(frozen=True, slots=True)
class WebhookSecrets:
    """The signing secrets of a webhook.

    The previous secret also signs for one day after a rotation.
    """

    current: str = field(repr=False)
    previous: str = field(default="", repr=False)

    @property
    def active(self) -> tuple[str, ...]:
        """The secrets that sign, the current one first."""
        return (self.current, self.previous) if self.previous else (self.current,)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event for one webhook; `payload` is the serialized JSON of its scheme.

    A resend was requested by a person: it is tried once, without retries.
    `traceparent` names the trace in which the event was stored, if one is recorded.
    """

    tenant_id: str
    webhook_id: int
    event_id: str
    event_type: str
    payload: str
    attempt_count: int
    created_at: datetime
    is_resend: bool = False
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class WebhookResponse:
    """Result of one request: status and beginning of the body, or an error."""

    status: int | None
    body: str = ""
    error: str = ""

    @property
    def is_success(self) -> bool:
        """True for a 2xx status; all other results are retried."""
        return self.status is not None and 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class DeliveryAttempt:
    """An entry of the delivery log.

    `number` is 0 for a delivery that awaits its first attempt.
    """

    tenant_id: str
    webhook_id: int
    event_id: str
    event_type: str
    payload: str
    number: int
    max_attempts: int
    status: AttemptStatus
    response_status: int | None
    response_body: str
    error: str
    created_at: datetime
    completed_at: datetime | None
    next_retry_at: datetime | None

    @property
    def log_id(self) -> str:
        """ID of the entry, unique within its webhook."""
        return f"{self.event_id}-{self.number}"
