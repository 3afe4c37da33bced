"""Webhooks, and the log of their delivery attempts."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from coupon_core.domain.models import Page
from coupon_core.domain.models.webhooks import (
    AttemptStatus,
    DeliveryAttempt,
    SignatureScheme,
    Webhook,
)
from coupon_core.persistence.database import execute
from coupon_core.persistence.row_locks import lock_rows
from coupon_core.persistence.row_mapping import build_conversions, convert_row
from coupon_core.persistence.tables import WebhookTable, to_datetime

COLUMNS = [getattr(WebhookTable, field.name) for field in fields(Webhook)]
CONVERSIONS = build_conversions(
    Webhook,
    signature=SignatureScheme,
    is_active=bool,
    failing_since=to_datetime,
    next_turn_at=to_datetime,
    created_at=to_datetime,
    updated_at=to_datetime,
)
# The current secret, the previous secret, and the time of the last rotation.
EncryptedSecrets = tuple[str, str, datetime | None]


def insert(webhook: Webhook, secret_sealed: str) -> None:
    """Insert a webhook."""
    sealed = {"secret_sealed": secret_sealed, "former_sealed": ""}
    WebhookTable.insert({**asdict(webhook), **sealed}).execute()


def count(tenant_id: str) -> int:
    """Return how many webhooks a tenant has."""
    return int(WebhookTable.select().where(WebhookTable.tenant_id == tenant_id).count())


def find(tenant_id: str, webhook_id: int, lock: bool = False) -> Webhook | None:
    """Return a webhook, or None; `lock` locks it until the transaction ends."""
    query = WebhookTable.select(*COLUMNS).where(
        WebhookTable.match_key(tenant_id, webhook_id)
    )
    row = (lock_rows(query) if lock else query).tuples().first()
    return to_webhook(row) if row else None


def list_webhooks(tenant_id: str, page: Page) -> tuple[list[Webhook], int]:
    """Return the webhooks of a tenant, newest first, and their total."""
    where = WebhookTable.tenant_id == tenant_id
    query = (
        WebhookTable.select(*COLUMNS)
        .where(where)
        .order_by(WebhookTable.webhook_id.desc())
    )
    rows = query.limit(page.limit).offset(page.offset).tuples()
    return [to_webhook(row) for row in rows], count(tenant_id)


def update(tenant_id: str, webhook_id: int, changes: Mapping[str, Any]) -> None:
    """Update columns of a webhook."""
    WebhookTable.update(**changes).where(
        WebhookTable.match_key(tenant_id, webhook_id)
    ).execute()


def delete(tenant_id: str, webhook_id: int) -> None:
    """Delete a webhook with its deliveries."""
    WebhookTable.delete().where(WebhookTable.match_key(tenant_id, webhook_id)).execute()


def get_encrypted_secrets(tenant_id: str, webhook_id: int) -> EncryptedSecrets | None:
    """Return the encrypted secrets of a webhook, and the time of the last rotation."""
    query = WebhookTable.select(
        WebhookTable.secret_sealed, WebhookTable.former_sealed, WebhookTable.rotated_at
    )
    row: EncryptedSecrets | None = (
        query.where(WebhookTable.match_key(tenant_id, webhook_id)).tuples().first()
    )
    return row


def to_webhook(row: Sequence[Any]) -> Webhook:
    """Return the value of a row whose columns are in field order."""
    return Webhook(*convert_row(row, CONVERSIONS))


# One row per attempt; a delivery without attempts has one row, as pending.
FROM_DELIVERIES = """
    FROM webhook_delivery d LEFT JOIN webhook_attempt a
        ON a.tenant_id = :tenant_id AND a.webhook_id = d.webhook_id
        AND a.event_id = d.event_id
    WHERE d.tenant_id = :tenant_id AND d.webhook_id = :webhook_id
"""
SELECT_ATTEMPTS = f"""
    SELECT d.event_id, d.event_type, d.payload, a.number, a.status,
        a.response_status, a.response_body, a.error,
        COALESCE(a.created_at, d.created_at), a.completed_at, a.next_retry_at,
        d.attempt_count
    {FROM_DELIVERIES}
    ORDER BY d.event_id DESC, a.number DESC LIMIT :limit OFFSET :offset
"""
COUNT_ATTEMPTS = f"SELECT count(*) {FROM_DELIVERIES}"


def list_attempts(webhook: Webhook, page: Page) -> tuple[list[DeliveryAttempt], int]:
    """Return the delivery attempts of a webhook, newest event first, and their total.

    A delivery without attempts is included once, as pending. While the webhook is
    inactive nothing is retried, so that the last attempt of a delivery has failed.
    """
    key = {"tenant_id": webhook.tenant_id, "webhook_id": webhook.webhook_id}
    page_parameters = {"limit": page.limit, "offset": page.offset}
    rows = execute(SELECT_ATTEMPTS, {**key, **page_parameters}).fetchall()
    (total,) = execute(COUNT_ATTEMPTS, key).fetchone()
    return [_to_attempt(webhook, row) for row in rows], total


def _to_attempt(webhook: Webhook, row: Sequence[Any]) -> DeliveryAttempt:
    event_id, event_type, payload, number, status, code, body, error = row[:8]
    created_at, completed_at, next_retry_at = (
        timestamp and to_datetime(timestamp) for timestamp in row[8:11]
    )
    attempt_status = AttemptStatus(status or AttemptStatus.PENDING)
    is_last_attempt = number == row[11]
    if (
        attempt_status == AttemptStatus.RETRYING
        and is_last_attempt
        and not webhook.is_active
    ):
        attempt_status, next_retry_at = AttemptStatus.FAILED, None
    return DeliveryAttempt(
        tenant_id=webhook.tenant_id,
        webhook_id=webhook.webhook_id,
        event_id=str(event_id),
        event_type=event_type,
        payload=payload,
        number=number or 0,
        max_attempts=webhook.max_attempts,
        status=attempt_status,
        response_status=code,
        response_body=body or "",
        error=error or "",
        created_at=created_at,
        completed_at=completed_at,
        next_retry_at=next_retry_at,
    )
