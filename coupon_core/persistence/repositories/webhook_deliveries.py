"""Webhook deliveries: stored once, and claimed fairly among tenants."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from coupon_core.domain.models.webhooks import (
    Delivery,
    SignatureScheme,
    Webhook,
)
from coupon_core.domain.timestamps import format_timestamp_milliseconds
from coupon_core.persistence.database import (
    execute,
    execute_many,
    is_postgresql,
    single_statement,
)
from coupon_core.persistence.id_generation import get_min_id_at
from coupon_core.persistence.purging import delete_by_tenant
from coupon_core.persistence.repositories.webhooks import to_webhook
from coupon_core.persistence.row_mapping import (
    build_conversions,
    convert_row,
    format_columns,
)
from coupon_core.persistence.tables import WebhookTable, to_datetime

DELIVERY_CONVERSIONS = build_conversions(
    Delivery, event_id=str, created_at=to_datetime, is_resend=bool
)
# The tenant, the webhook, the event type and the signature scheme.
Subscription = tuple[str, int, str, SignatureScheme]


def list_subscriptions(tenant_ids: Iterable[str]) -> list[Subscription]:
    """Return the active webhooks of tenants."""
    unique_ids = sorted(set(tenant_ids))
    if not unique_ids:
        return []
    query = WebhookTable.select(
        WebhookTable.tenant_id,
        WebhookTable.webhook_id,
        WebhookTable.event_type,
        WebhookTable.signature,
    ).where(WebhookTable.tenant_id.in_(unique_ids), WebhookTable.is_active)
    return [
        (tenant_id, webhook_id, event_type, SignatureScheme(scheme))
        for tenant_id, webhook_id, event_type, scheme in query.tuples()
    ]


# Selects from the webhook again, because it may have been deleted since the lookup.
INSERT_DELIVERY = """
    INSERT INTO webhook_delivery (tenant_id, webhook_id, event_id, event_type,
        payload, attempt_count, created_at, state, due_at, traceparent)
    SELECT tenant_id, webhook_id, {event_id}, :event_type, :payload, 0, {now},
        'pending', {now}, {traceparent}
    FROM webhook
    WHERE tenant_id = :tenant_id AND webhook_id = :webhook_id AND is_active
    ON CONFLICT (tenant_id, webhook_id, event_id) DO NOTHING
"""


def add(deliveries: Iterable[Delivery]) -> int:
    """Store new deliveries in the caller's transaction; return their number."""
    rows = [
        {
            **_to_key_parameters(delivery),
            "event_id": delivery.event_id,
            "event_type": delivery.event_type,
            "payload": delivery.payload,
            "traceparent": delivery.traceparent,
            "now": format_timestamp_milliseconds(delivery.created_at),
        }
        for delivery in deliveries
    ]
    return execute_many(_cast_parameters(INSERT_DELIVERY), rows) if rows else 0


def _cast_parameters(sql: str) -> str:
    """Cast the parameters, whose types PostgreSQL does not infer in a SELECT."""
    if is_postgresql():
        return sql.format(
            now="CAST(:now AS timestamptz)",
            event_id="CAST(:event_id AS uuid)",
            traceparent="CAST(:traceparent AS text)",
        )
    return sql.format(now=":now", event_id=":event_id", traceparent=":traceparent")


CANDIDATES_PER_CLAIM = 4
# Round robin over the tenants: first one webhook of each, then a second of each. The
# webhook that has waited longest is first among equals.
SELECT_DUE_WEBHOOKS_OF_ALL_TENANTS = f"""
    SELECT {format_columns(Webhook, "w")}
    FROM webhook w JOIN (
        SELECT tenant_id, webhook_id, row_number() OVER (
            PARTITION BY tenant_id ORDER BY next_turn_at, webhook_id) AS place
        FROM webhook c WHERE is_active AND next_turn_at <= :now AND EXISTS (
            SELECT 1 FROM webhook_delivery d
            WHERE d.tenant_id = c.tenant_id AND d.webhook_id = c.webhook_id
            AND d.state = 'pending' AND d.due_at <= :now)) AS due
    ON due.tenant_id = w.tenant_id AND due.webhook_id = w.webhook_id
    WHERE w.is_active AND w.next_turn_at <= :now AND due.place <= :share
    ORDER BY due.place, w.next_turn_at LIMIT :limit
"""
CLAIM_WEBHOOK = """
    UPDATE webhook SET next_turn_at = :until
    WHERE tenant_id = :tenant_id AND webhook_id = :webhook_id AND is_active
    AND next_turn_at <= :now
"""


def claim_webhooks(
    limit: int,
    now: datetime,
    margin: timedelta,
    max_per_tenant: int,
    active_counts: Mapping[str, int],
) -> list[Webhook]:
    """Claim up to `limit` webhooks that have due deliveries, for the caller alone.

    A tenant gets at most `max_per_tenant` webhooks, including `active_counts`, those
    that the caller serves already. A claim lasts for the timeout of a request plus
    `margin`.
    """
    # The webhooks in progress may exceed the share of their tenants, and other workers
    # may claim some first, so select more.
    parameters = {
        "limit": CANDIDATES_PER_CLAIM * limit + sum(active_counts.values()),
        "share": max_per_tenant,
        "now": format_timestamp_milliseconds(now),
    }
    rows = execute(SELECT_DUE_WEBHOOKS_OF_ALL_TENANTS, parameters).fetchall()
    candidates = _limit_per_tenant(rows, max_per_tenant, active_counts=active_counts)
    claimed = (webhook for webhook in candidates if _claim(webhook, now, margin))
    return list(islice(claimed, limit))


def _claim(webhook: Webhook, now: datetime, margin: timedelta) -> bool:
    """Claim a webhook; return False if another worker has done so."""
    parameters = {
        **_to_key_parameters(webhook),
        "now": format_timestamp_milliseconds(now),
        "until": _get_claim_end(webhook, now + margin),
    }
    with single_statement():
        return bool(execute(CLAIM_WEBHOOK, parameters).rowcount == 1)


def _get_claim_end(webhook: Webhook, start: datetime) -> str | None:
    timeout = timedelta(milliseconds=webhook.timeout_ms)
    return format_timestamp_milliseconds(start + timeout)


def _limit_per_tenant(
    rows: Iterable[Sequence[Any]], max_per_tenant: int, active_counts: Mapping[str, int]
) -> list[Webhook]:
    """Return the first webhooks of each tenant, up to its maximum."""
    counts, webhooks = Counter(active_counts), []
    for webhook in map(to_webhook, rows):
        counts[webhook.tenant_id] += 1
        if counts[webhook.tenant_id] <= max_per_tenant:
            webhooks.append(webhook)
    return webhooks


DELIVERY_COLUMNS = format_columns(Delivery, "webhook_delivery")
SELECT_DUE_DELIVERIES = f"""
    SELECT {DELIVERY_COLUMNS}
    FROM webhook_delivery
    WHERE tenant_id = :tenant_id AND webhook_id = :webhook_id
    AND state = 'pending' AND due_at <= :now
    ORDER BY due_at, event_id LIMIT :limit
"""


def list_due_deliveries(webhook: Webhook, limit: int, now: datetime) -> list[Delivery]:
    """Return the deliveries that are due to a webhook, oldest first."""
    parameters = {
        **_to_key_parameters(webhook),
        "limit": limit,
        "now": format_timestamp_milliseconds(now),
    }
    return [
        _to_delivery(row)
        for row in execute(SELECT_DUE_DELIVERIES, parameters).fetchall()
    ]


def _to_delivery(row: Sequence[Any]) -> Delivery:
    return Delivery(*convert_row(row, DELIVERY_CONVERSIONS))


# One that still has retries keeps them; any other gets one attempt.
REQUEUE_DELIVERY = f"""
    UPDATE webhook_delivery
    SET state = 'pending', due_at = :now, is_resend = is_resend OR state <> 'pending'
    WHERE tenant_id = :tenant_id AND webhook_id = :webhook_id AND event_id = :event_id
    RETURNING {DELIVERY_COLUMNS}
"""


def requeue(webhook: Webhook, event_id: str, now: datetime) -> Delivery | None:
    """Make a delivery due now, whatever its state; return None if it is unknown."""
    parameters = {
        **_to_key_parameters(webhook),
        "event_id": event_id,
        "now": format_timestamp_milliseconds(now),
    }
    rows = execute(REQUEUE_DELIVERY, parameters).fetchall()
    return _to_delivery(rows[0]) if rows else None


SELECT_OLD_OF_ALL_TENANTS = """
    SELECT tenant_id, event_id FROM webhook_delivery
    WHERE event_id < :first_kept ORDER BY event_id LIMIT :limit
"""
DELETE_OLD = """
    DELETE FROM webhook_delivery WHERE tenant_id = :tenant_id AND event_id {among}
"""


def purge(before: datetime, limit: int) -> int:
    """Delete all deliveries of up to `limit` events before a time; return the count."""
    parameters = {"first_kept": get_min_id_at(before), "limit": limit}
    return delete_by_tenant(
        SELECT_OLD_OF_ALL_TENANTS, DELETE_OLD, key_type="uuid", parameters=parameters
    )


def _to_key_parameters(source: Webhook | Delivery) -> dict[str, Any]:
    return {"tenant_id": source.tenant_id, "webhook_id": source.webhook_id}
