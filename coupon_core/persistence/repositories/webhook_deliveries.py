"""What is to be delivered to webhooks: stored once, taken in turns, settled."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any

from coupon_core.domain.models.webhooks import (
    AttemptStatus,
    Delivery,
    SignatureScheme,
    Webhook,
    WebhookResponse,
)
from coupon_core.domain.timestamps import format_timestamp_milliseconds
from coupon_core.persistence.database import (
    execute,
    execute_many,
    is_postgresql,
    transaction,
)
from coupon_core.persistence.id_generation import get_min_id_at
from coupon_core.persistence.repositories.webhooks import to_webhook
from coupon_core.persistence.tables import WebhookTable, to_datetime

Subscription = tuple[
    str, int, str, SignatureScheme
]  # tenant, webhook, event type, form


def list_subscriptions(tenant_ids: Iterable[str]) -> list[Subscription]:
    """The active webhooks of some tenants."""
    unique_ids = sorted(set(tenant_ids))
    if not unique_ids:
        return []
    query = WebhookTable.select(
        WebhookTable.tenant_id,
        WebhookTable.webhook_id,
        WebhookTable.event_type,
        WebhookTable.signature,
    ).where(WebhookTable.tenant_id.in_(unique_ids), WebhookTable.is_active)
    return [(*ids, SignatureScheme(form)) for *ids, form in query.tuples()]


# Again from the webhook: since it was looked up it may have gone.
INSERT_DELIVERY = """
    INSERT INTO webhook_delivery (tenant_id, webhook_id, event_id, event_type,
        payload, attempt_count, created_at, state, due_at)
    SELECT tenant_id, webhook_id, {event_id}, :event_type, :payload, 0, {now},
        'pending', {now}
    FROM webhook
    WHERE tenant_id = :tenant_id AND webhook_id = :webhook_id AND is_active
    ON CONFLICT (tenant_id, webhook_id, event_id) DO NOTHING
"""


def add(deliveries: Iterable[Delivery]) -> int:
    """Store deliveries that are new, in the caller's transaction; gives how many."""
    rows = [
        {
            "tenant_id": one.tenant_id,
            "webhook_id": one.webhook_id,
            "event_id": one.event_id,
            "event_type": one.event_type,
            "payload": one.payload,
            "now": format_timestamp_milliseconds(one.created_at),
        }
        for one in deliveries
    ]
    return execute_many(_cast_parameters(INSERT_DELIVERY), rows) if rows else 0


def _cast_parameters(sql: str) -> str:
    """PostgreSQL does not guess what a parameter in a SELECT is."""
    if is_postgresql():
        types = {"event_id": "CAST(:event_id AS uuid)"}
        return sql.format(now="CAST(:now AS timestamptz)", **types)
    return sql.format(now=":now", event_id=":event_id")


# Each tenant's first before any tenant's second; what waited longest comes first.
SELECT_DUE_WEBHOOKS = f"""
    SELECT {", ".join(f"w.{field.name}" for field in fields(Webhook))}
    FROM webhook w JOIN (
        SELECT tenant_id, webhook_id, row_number() OVER (
            PARTITION BY tenant_id ORDER BY next_turn_at, webhook_id) AS place
        FROM webhook one WHERE is_active AND next_turn_at <= :now AND EXISTS (
            SELECT 1 FROM webhook_delivery d
            WHERE d.tenant_id = one.tenant_id AND d.webhook_id = one.webhook_id
            AND d.state = 'pending' AND d.due_at <= :now)) AS due
    ON due.tenant_id = w.tenant_id AND due.webhook_id = w.webhook_id
    WHERE w.is_active AND w.next_turn_at <= :now AND due.place <= :share
    ORDER BY due.place, w.next_turn_at LIMIT :most
"""
CLAIM_WEBHOOK = """
    UPDATE webhook SET next_turn_at = :until
    WHERE tenant_id = :tenant_id AND webhook_id = :webhook_id AND is_active
"""


def claim_webhooks(
    limit: int,
    now: datetime,
    margin: timedelta,
    max_per_tenant: int,
    active_counts: Mapping[str, int],
) -> list[Webhook]:
    """Up to `limit` webhooks that something is due to, for the caller alone to serve.

    Of a tenant no more than its share, which those that the caller is `active_counts` are a
    part of. Others leave each alone for as long as a request to it may take, and a
    margin.
    """
    # As many as are being served may be found beyond their tenants' shares.
    limits = {"most": limit + sum(active_counts.values()), "share": max_per_tenant}
    parameters = {**limits, "now": format_timestamp_milliseconds(now)}
    # Only a read while there is nothing to do: writers of SQLite queue.
    if not _limit_per_tenant(
        max_per_tenant,
        active_counts,
        execute(SELECT_DUE_WEBHOOKS, parameters).fetchall(),
    ):
        return []
    lock_clause = "FOR NO KEY UPDATE OF w SKIP LOCKED" if is_postgresql() else ""
    with transaction():
        rows = execute(f"{SELECT_DUE_WEBHOOKS} {lock_clause}", parameters).fetchall()
        claimed = _limit_per_tenant(max_per_tenant, active_counts, rows)[:limit]
        claims = [
            {**_to_key_parameters(one), "until": _get_claim_end(one, now, margin)}
            for one in claimed
        ]
        if claims:
            execute_many(CLAIM_WEBHOOK, claims)
    return claimed


def _limit_per_tenant(
    max_per_tenant: int, active_counts: Mapping[str, int], rows: Iterable[Sequence[Any]]
) -> list[Webhook]:
    """The first of each tenant, as far as its share goes."""
    counts, found = Counter(active_counts), []
    for webhook in map(to_webhook, rows):
        counts[webhook.tenant_id] += 1
        if counts[webhook.tenant_id] <= max_per_tenant:
            found.append(webhook)
    return found


def _get_claim_end(webhook: Webhook, now: datetime, margin: timedelta) -> str | None:
    timeout = timedelta(milliseconds=webhook.timeout_ms)
    return format_timestamp_milliseconds(now + timeout + margin)


SELECT_DUE_DELIVERIES = """
    SELECT tenant_id, webhook_id, event_id, event_type, payload, attempt_count,
        created_at
    FROM webhook_delivery
    WHERE tenant_id = :tenant_id AND webhook_id = :webhook_id
    AND state = 'pending' AND due_at <= :now
    ORDER BY due_at, event_id LIMIT :most
"""


def list_due_deliveries(webhook: Webhook, limit: int, now: datetime) -> list[Delivery]:
    """What is to be sent to a webhook now, oldest first."""
    parameters = {
        **_to_key_parameters(webhook),
        "most": limit,
        "now": format_timestamp_milliseconds(now),
    }
    return [
        _to_delivery(row)
        for row in execute(SELECT_DUE_DELIVERIES, parameters).fetchall()
    ]


def _to_delivery(row: Sequence[Any]) -> Delivery:
    tenant_id, webhook_id, event_id, event_type, payload, attempts, created_at = row
    ids = tenant_id, webhook_id, str(event_id), event_type
    return Delivery(*ids, payload, attempts, to_datetime(created_at))


# Only the try that was seen: of two workers at the same delivery one settles it. But
# what was taken is delivered, whoever says so.
UPDATE_DELIVERY = """
    UPDATE webhook_delivery
    SET state = :state, attempt_count = attempt_count + 1, due_at = :due_at
    WHERE tenant_id = :tenant_id AND webhook_id = :webhook_id
    AND event_id = :event_id AND state <> 'delivered'
    AND (attempt_count = :seen OR :state = 'delivered')
"""
INSERT_ATTEMPT = """
    INSERT INTO webhook_attempt (tenant_id, webhook_id, event_id, number, status,
        response_status, response_body, error, created_at, completed_at, next_retry_at)
    SELECT tenant_id, webhook_id, event_id, attempt_count, {status}, {code}, {body},
        {error}, {began}, {ended}, {retry}
    FROM webhook_delivery
    WHERE tenant_id = :tenant_id AND webhook_id = :webhook_id
    AND event_id = :event_id
    ON CONFLICT (tenant_id, webhook_id, event_id, number) DO NOTHING
"""
DELIVERY_STATES = {
    AttemptStatus.SUCCESS: "delivered",
    AttemptStatus.FAILED: "failed",
    AttemptStatus.RETRYING: "pending",
}
ATTEMPT_PARAMETER_TYPES = {
    "status": "text",
    "code": "integer",
    "body": "text",
    "error": "text",
    "began": "timestamptz",
    "ended": "timestamptz",
    "retry": "timestamptz",
}


def record_attempts(
    deliveries: Sequence[Delivery],
    statuses: Sequence[AttemptStatus],
    response: WebhookResponse,
    times: tuple[datetime, datetime, datetime],
) -> None:
    """Note how a request went for all that was in it, in the caller's transaction.

    `times` are when it began, when it ended, and when what failed is due again.
    """
    began, ended, retry_at = times
    rows = [
        {
            **_to_key_parameters(delivery),
            "event_id": delivery.event_id,
            "seen": delivery.attempt_count,
            "state": DELIVERY_STATES[status],
            "status": status.value,
            "code": response.status,
            "body": response.body,
            "error": response.error,
            "began": format_timestamp_milliseconds(began),
            "ended": format_timestamp_milliseconds(ended),
            "due_at": format_timestamp_milliseconds(retry_at),
            "retry": _get_next_retry(status, retry_at),
        }
        for delivery, status in zip(deliveries, statuses, strict=True)
    ]
    execute_many(UPDATE_DELIVERY, rows)
    execute_many(_build_attempt_sql(), rows)


def _get_next_retry(status: AttemptStatus, retry_at: datetime) -> str | None:
    return (
        format_timestamp_milliseconds(retry_at)
        if status == AttemptStatus.RETRYING
        else None
    )


def _build_attempt_sql() -> str:
    if not is_postgresql():
        return INSERT_ATTEMPT.format(
            **{name: f":{name}" for name in ATTEMPT_PARAMETER_TYPES}
        )
    return INSERT_ATTEMPT.format(
        **{
            name: f"CAST(:{name} AS {it})"
            for name, it in ATTEMPT_PARAMETER_TYPES.items()
        }
    )


PURGE = """
    DELETE FROM webhook_delivery WHERE (tenant_id, webhook_id, event_id) IN (
        SELECT tenant_id, webhook_id, event_id FROM webhook_delivery
        WHERE event_id < :first_kept ORDER BY event_id LIMIT :most)
"""


def purge(before: datetime, limit: int) -> int:
    """Forget up to `limit` deliveries of events before then; gives how many."""
    parameters = {"first_kept": get_min_id_at(before), "most": limit}
    with transaction():
        return int(execute(PURGE, parameters).rowcount)


def _to_key_parameters(source: Webhook | Delivery) -> dict[str, Any]:
    return {"tenant_id": source.tenant_id, "webhook_id": source.webhook_id}
