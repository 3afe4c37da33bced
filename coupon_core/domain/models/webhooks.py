"""Webhooks: who wants to be told of which events, how, and how that went."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class SignatureScheme(StrEnum):
    """How a request is built and signed.

    PlayCamp's HMAC of the body in hex, the same with the time in it (CONTRACTS 3.4),
    or Standard Webhooks.
    """

    PLAYCAMP = "playcamp"
    PLAYCAMP_TIMESTAMPED = "playcamp_timestamped"
    STANDARD = "standard"


class AttemptStatus(StrEnum):
    """How a delivery stands, in the words of PlayCamp's log."""

    PENDING = "PENDING"
    SUCCESS = "SUCCESS"
    RETRYING = "RETRYING"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class Webhook:
    """A subscription: events of one type go to one URL.

    After a success or a rest `next_turn_at` is when it may be served; while a worker
    serves it, when others may suppose that worker dead.
    """

    tenant_id: str
    webhook_id: int
    event_type: str
    url: str
    signature: SignatureScheme
    retry_count: int  # tries after the first
    timeout_ms: int  # for all of a request, from looking up the name to its answer
    is_active: bool
    inactive_reason: str  # "" while active, and when its owner switched it off
    failure_count: int  # requests in a row that failed
    failing_since: datetime | None
    next_turn_at: datetime
    created_at: datetime
    updated_at: datetime

    @property
    def max_attempts(self) -> int:
        """The first try and those after it."""
        return self.retry_count + 1


@dataclass(frozen=True, slots=True)
class WebhookSecrets:
    """What signs: the present secret and, for a day after a rotation, the former."""

    current: str = field(repr=False)
    previous: str = field(default="", repr=False)

    @property
    def active(self) -> tuple[str, ...]:
        """Those there are, the present one first."""
        return (self.current, self.previous) if self.previous else (self.current,)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event on its way to one webhook; `payload` is JSON text in its form."""

    tenant_id: str
    webhook_id: int
    event_id: str
    event_type: str
    payload: str
    attempt_count: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class WebhookResponse:
    """What became of one request: a status and the first of the body, or an error."""

    status: int | None
    body: str = ""
    error: str = ""

    @property
    def is_success(self) -> bool:
        """Whether it was taken; all but 2xx is tried again."""
        return self.status is not None and 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class DeliveryAttempt:
    """A line of the log: a try, or with `number` 0 a delivery that awaits its first."""

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
        """What names the line among those of its webhook."""
        return f"{self.event_id}-{self.number}"
