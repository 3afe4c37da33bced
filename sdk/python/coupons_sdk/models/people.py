"""Users, points, events and webhooks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from coupons_sdk.documents import Document


@dataclass(frozen=True, kw_only=True)
class User(Document):
    """A registered user."""

    user_id: str
    is_member: bool
    details: Mapping[str, Any]
    tags: tuple[str, ...]
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, kw_only=True)
class PersonalData(Document):
    """Everything that is stored about a user."""

    user_id: str
    exported_at: datetime
    data: Mapping[str, Sequence[Mapping[str, Any]]]


@dataclass(frozen=True, kw_only=True)
class Erasure(Document):
    """What the erasure of a user changed, or would change (`dry_run`)."""

    pseudonym: str | None
    rows: Mapping[str, int]
    documents: int
    dry_run: bool


@dataclass(frozen=True, kw_only=True)
class PointEntry(Document):
    """A change of a balance."""

    entry_id: str
    user_id: str
    point_id: str
    amount: int
    balance: int
    kind: str
    reference: str
    reason: str
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class Wallet(Document):
    """The balance of a user."""

    user_id: str
    point_id: str
    balance: int
    updated_at: datetime


@dataclass(frozen=True, kw_only=True)
class AcceptedEvent(Document):
    """An event that was stored."""

    status: str
    event_id: str


@dataclass(frozen=True, kw_only=True)
class AcceptedEvents(Document):
    """Events that were stored."""

    status: str
    accepted: int
    event_ids: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class AcceptedRequest(Document):
    """A request that is carried out in the background."""

    status: str


@dataclass(frozen=True, kw_only=True)
class DeadLetter(Document):
    """A message that could not be processed."""

    id: str
    tenant_id: str
    queue: str
    routing_key: str
    content_type: str
    reason: str
    body: str
    body_encoding: str
    received_at: datetime


@dataclass(frozen=True, kw_only=True)
class Webhook(Document):
    """A subscription to events."""

    id: int
    tenant_id: str
    event_type: str
    url: str
    signature: str
    retry_count: int
    timeout_ms: int
    is_active: bool
    inactive_reason: str | None
    failing_since: datetime | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, kw_only=True)
class NewWebhook(Document):
    """A webhook with its secret, which is shown only once."""

    id: int
    tenant_id: str
    event_type: str
    url: str
    signature: str
    retry_count: int
    timeout_ms: int
    is_active: bool
    inactive_reason: str | None
    failing_since: datetime | None
    created_at: datetime
    updated_at: datetime
    secret: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class WebhookLog(Document):
    """An attempt to deliver an event."""

    id: str
    webhook_id: int
    event_id: str
    event_type: str
    payload: Mapping[str, Any]
    status: str
    attempt: int
    max_attempts: int
    response_status: int | None
    response_body: str | None
    error: str | None
    created_at: datetime
    completed_at: datetime | None
    next_retry_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class WebhookTestResult(Document):
    """What the receiver answered to a sample."""

    success: bool
    response_status: int | None
    response_body: str | None
    error: str | None
