"""What is to be delivered to webhooks: stored once, taken in turns, settled."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any

from coupon_core.domain.models.webhooks import (
    Answer,
    AttemptStatus,
    Delivery,
    SignatureForm,
    Webhook,
)
from coupon_core.persistence.database import (
    execute,
    execute_many,
    is_postgresql,
    transaction,
)
from coupon_core.persistence.id_generation import first_id_of
from coupon_core.persistence.repositories.webhooks import webhook_of
from coupon_core.persistence.tables import Webhook as Table
from coupon_core.persistence.tables import as_stored_time, as_time

Listener = tuple[str, int, str, SignatureForm]  # tenant, webhook, event type, form


def listeners(tenant_ids: Iterable[str]) -> list[Listener]:
    """The active webhooks of some tenants."""
    asked = sorted(set(tenant_ids))
    if not asked:
        return []
    query = Table.select(
        Table.tenant_id, Table.webhook_id, Table.event_type, Table.signature
    ).where(Table.tenant_id.in_(asked), Table.is_active)
    return [(*ids, SignatureForm(form)) for *ids, form in query.tuples()]


# Again from the webhook: since it was looked up it may have gone.
ADD = """
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
            "now": as_stored_time(one.created_at),
        }
        for one in deliveries
    ]
    return execute_many(_typed(ADD), rows) if rows else 0


def _typed(sql: str) -> str:
    """PostgreSQL does not guess what a parameter in a SELECT is."""
    if is_postgresql():
        types = {"event_id": "CAST(:event_id AS uuid)"}
        return sql.format(now="CAST(:now AS timestamptz)", **types)
    return sql.format(now=":now", event_id=":event_id")


# Each tenant's first before any tenant's second; what waited longest comes first.
DUE_WEBHOOKS = f"""
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
HOLD = """
    UPDATE webhook SET next_turn_at = :until
    WHERE tenant_id = :tenant_id AND webhook_id = :webhook_id AND is_active
"""


def take(
    most: int, now: datetime, margin: timedelta, share: int, serving: Mapping[str, int]
) -> list[Webhook]:
    """Up to `most` webhooks that something is due to, for the caller alone to serve.

    Of a tenant no more than its share, which those that the caller is `serving` are a
    part of. Others leave each alone for as long as a request to it may take, and a
    margin.
    """
    # As many as are being served may be found beyond their tenants' shares.
    found = {"most": most + sum(serving.values()), "share": share}
    given = {**found, "now": as_stored_time(now)}
    # Only a read while there is nothing to do: writers of SQLite queue.
    if not _within(share, serving, execute(DUE_WEBHOOKS, given).fetchall()):
        return []
    skipping = "FOR NO KEY UPDATE OF w SKIP LOCKED" if is_postgresql() else ""
    with transaction():
        rows = execute(f"{DUE_WEBHOOKS} {skipping}", given).fetchall()
        taken = _within(share, serving, rows)[:most]
        held = [{**_key(one), "until": _until(one, now, margin)} for one in taken]
        if held:
            execute_many(HOLD, held)
    return taken


def _within(
    share: int, serving: Mapping[str, int], rows: Iterable[Sequence[Any]]
) -> list[Webhook]:
    """The first of each tenant, as far as its share goes."""
    counts, found = Counter(serving), []
    for webhook in map(webhook_of, rows):
        counts[webhook.tenant_id] += 1
        if counts[webhook.tenant_id] <= share:
            found.append(webhook)
    return found


def _until(webhook: Webhook, now: datetime, margin: timedelta) -> str | None:
    timeout = timedelta(milliseconds=webhook.timeout_ms)
    return as_stored_time(now + timeout + margin)


DUE = """
    SELECT tenant_id, webhook_id, event_id, event_type, payload, attempt_count,
        created_at
    FROM webhook_delivery
    WHERE tenant_id = :tenant_id AND webhook_id = :webhook_id
    AND state = 'pending' AND due_at <= :now
    ORDER BY due_at, event_id LIMIT :most
"""


def due(webhook: Webhook, most: int, now: datetime) -> list[Delivery]:
    """What is to be sent to a webhook now, oldest first."""
    given = {**_key(webhook), "most": most, "now": as_stored_time(now)}
    return [_delivery_of(row) for row in execute(DUE, given).fetchall()]


def _delivery_of(row: Sequence[Any]) -> Delivery:
    tenant_id, webhook_id, event_id, event_type, payload, attempts, created_at = row
    ids = tenant_id, webhook_id, str(event_id), event_type
    return Delivery(*ids, payload, attempts, as_time(created_at))


# Only the try that was seen: of two workers at the same delivery one settles it. But
# what was taken is delivered, whoever says so.
SETTLE = """
    UPDATE webhook_delivery
    SET state = :state, attempt_count = attempt_count + 1, due_at = :due_at
    WHERE tenant_id = :tenant_id AND webhook_id = :webhook_id
    AND event_id = :event_id AND state <> 'delivered'
    AND (attempt_count = :seen OR :state = 'delivered')
"""
LOG = """
    INSERT INTO webhook_attempt (tenant_id, webhook_id, event_id, number, status,
        response_status, response_body, error, created_at, completed_at, next_retry_at)
    SELECT tenant_id, webhook_id, event_id, attempt_count, {status}, {code}, {body},
        {error}, {began}, {ended}, {retry}
    FROM webhook_delivery
    WHERE tenant_id = :tenant_id AND webhook_id = :webhook_id
    AND event_id = :event_id
    ON CONFLICT (tenant_id, webhook_id, event_id, number) DO NOTHING
"""
STATES = {
    AttemptStatus.SUCCESS: "delivered",
    AttemptStatus.FAILED: "failed",
    AttemptStatus.RETRYING: "pending",
}
TYPES = {
    "status": "text",
    "code": "integer",
    "body": "text",
    "error": "text",
    "began": "timestamptz",
    "ended": "timestamptz",
    "retry": "timestamptz",
}


def settle(
    deliveries: Sequence[Delivery],
    statuses: Sequence[AttemptStatus],
    answer: Answer,
    times: tuple[datetime, datetime, datetime],
) -> None:
    """Note how a request went for all that was in it, in the caller's transaction.

    `times` are when it began, when it ended, and when what failed is due again.
    """
    began, ended, retry_at = times
    rows = [
        {
            **_key(delivery),
            "event_id": delivery.event_id,
            "seen": delivery.attempt_count,
            "state": STATES[status],
            "status": status.value,
            "code": answer.status,
            "body": answer.body,
            "error": answer.error,
            "began": as_stored_time(began),
            "ended": as_stored_time(ended),
            "due_at": as_stored_time(retry_at),
            "retry": _retry(status, retry_at),
        }
        for delivery, status in zip(deliveries, statuses, strict=True)
    ]
    execute_many(SETTLE, rows)
    execute_many(_log_sql(), rows)


def _retry(status: AttemptStatus, retry_at: datetime) -> str | None:
    return as_stored_time(retry_at) if status == AttemptStatus.RETRYING else None


def _log_sql() -> str:
    if not is_postgresql():
        return LOG.format(**{name: f":{name}" for name in TYPES})
    return LOG.format(**{name: f"CAST(:{name} AS {it})" for name, it in TYPES.items()})


PURGE = """
    DELETE FROM webhook_delivery WHERE (tenant_id, webhook_id, event_id) IN (
        SELECT tenant_id, webhook_id, event_id FROM webhook_delivery
        WHERE event_id < :first_kept ORDER BY event_id LIMIT :most)
"""


def purge(before: datetime, most: int) -> int:
    """Forget up to `most` deliveries of events before then; gives how many."""
    given = {"first_kept": first_id_of(before), "most": most}
    with transaction():
        return int(execute(PURGE, given).rowcount)


def _key(of: Webhook | Delivery) -> dict[str, Any]:
    return {"tenant_id": of.tenant_id, "webhook_id": of.webhook_id}
