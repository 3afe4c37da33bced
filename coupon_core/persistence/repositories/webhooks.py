"""Webhooks as they are managed, and the log of what was sent to them."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from coupon_core.domain.models import Page
from coupon_core.domain.models.webhooks import (
    Attempt,
    AttemptStatus,
    SignatureForm,
    Webhook,
)
from coupon_core.persistence.database import execute, is_postgresql
from coupon_core.persistence.tables import Webhook as Table
from coupon_core.persistence.tables import as_time

COLUMNS = [getattr(Table, field.name) for field in fields(Webhook)]
Sealed = tuple[str, str, datetime | None]  # present, former, rotated at


def insert(webhook: Webhook, secret_sealed: str) -> None:
    """Add a webhook."""
    sealed = {"secret_sealed": secret_sealed, "former_sealed": ""}
    Table.insert({**asdict(webhook), **sealed}).execute()


def count(tenant_id: str) -> int:
    """How many webhooks a tenant has."""
    return int(Table.select().where(Table.tenant_id == tenant_id).count())


def find(tenant_id: str, webhook_id: int, lock: bool = False) -> Webhook | None:
    """One webhook; locked until the transaction ends, if asked."""
    query = Table.select(*COLUMNS).where(_this(tenant_id, webhook_id))
    if lock and is_postgresql():  # on SQLite the transaction itself is the lock
        query = query.for_update("FOR NO KEY UPDATE")
    row = query.tuples().first()
    return webhook_of(row) if row else None


def listed(tenant_id: str, page: Page) -> tuple[list[Webhook], int]:
    """A tenant's webhooks, newest first, and how many there are."""
    where = Table.tenant_id == tenant_id
    query = Table.select(*COLUMNS).where(where).order_by(Table.webhook_id.desc())
    rows = query.limit(page.limit).offset(page.offset).tuples()
    return [webhook_of(row) for row in rows], count(tenant_id)


def update(tenant_id: str, webhook_id: int, changes: Mapping[str, Any]) -> None:
    """Change members of a webhook."""
    Table.update(**changes).where(_this(tenant_id, webhook_id)).execute()


def delete(tenant_id: str, webhook_id: int) -> bool:
    """Remove a webhook with all that was to be sent to it; False if there is none."""
    return bool(Table.delete().where(_this(tenant_id, webhook_id)).execute())


def sealed(tenant_id: str, webhook_id: int) -> Sealed | None:
    """The secrets of a webhook, sealed, and when the former was replaced."""
    query = Table.select(Table.secret_sealed, Table.former_sealed, Table.rotated_at)
    row: Sealed | None = query.where(_this(tenant_id, webhook_id)).tuples().first()
    return row


def webhook_of(row: Sequence[Any]) -> Webhook:
    """A webhook from its columns in their order."""
    tenant_id, webhook_id, event_type, url, signature, *rest = row
    retries, timeout, is_active, reason, failures, since, *times = rest
    return Webhook(
        *(tenant_id, webhook_id, event_type, url, SignatureForm(signature)),
        *(retries, timeout, bool(is_active), reason, failures),
        since and as_time(since),
        *map(as_time, times),
    )


# A delivery that was tried is there once for each try; another once, as pending.
FROM_LOG = """
    FROM webhook_delivery d LEFT JOIN webhook_attempt a
        ON a.tenant_id = d.tenant_id AND a.webhook_id = d.webhook_id
        AND a.event_id = d.event_id
    WHERE d.tenant_id = :tenant_id AND d.webhook_id = :webhook_id
"""
LOG = f"""
    SELECT d.event_id, d.event_type, d.payload, a.number, a.status,
        a.response_status, a.response_body, a.error,
        COALESCE(a.created_at, d.created_at), a.completed_at, a.next_retry_at
    {FROM_LOG}
    ORDER BY d.event_id DESC, a.number DESC LIMIT :limit OFFSET :offset
"""
COUNT_LOG = f"SELECT count(*) {FROM_LOG}"


def log(webhook: Webhook, page: Page) -> tuple[list[Attempt], int]:
    """The tries of a webhook's deliveries, newest event first, and how many."""
    ids = {"tenant_id": webhook.tenant_id, "webhook_id": webhook.webhook_id}
    cut = {"limit": page.limit, "offset": page.offset}
    rows = execute(LOG, {**ids, **cut}).fetchall()
    (total,) = execute(COUNT_LOG, ids).fetchone()
    return [_attempt_of(webhook, row) for row in rows], total


def _attempt_of(webhook: Webhook, row: Sequence[Any]) -> Attempt:
    event_id, event_type, payload, number, status, code, body, error, *times = row
    return Attempt(
        webhook.tenant_id,
        webhook.webhook_id,
        str(event_id),
        event_type,
        payload,
        number or 0,
        webhook.most_attempts,
        AttemptStatus(status or AttemptStatus.PENDING),
        code,
        body or "",
        error or "",
        *(time and as_time(time) for time in times),
    )


def _this(tenant_id: str, webhook_id: int) -> Any:
    return (Table.tenant_id == tenant_id) & (Table.webhook_id == webhook_id)
