"""Records the attempts of webhook deliveries."""

from collections.abc import Sequence
from datetime import datetime

from coupon_core.domain.models.webhooks import (
    AttemptStatus,
    Delivery,
    WebhookResponse,
)
from coupon_core.domain.timestamps import format_timestamp_milliseconds
from coupon_core.persistence.database import execute_many, is_postgresql

# Updates only the attempt that was read, so that only one of two workers records the
# delivery. A successful delivery is always recorded.
UPDATE_DELIVERY = """
    UPDATE webhook_delivery
    SET state = :state, attempt_count = attempt_count + 1, due_at = :due_at,
        is_resend = false
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
PARAMETER_TYPES = {
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
    """Record the result of a request for all its deliveries.

    Runs in the transaction of the caller. `times` are the start and the end of the
    request, and the time at which failed deliveries are due again.
    """
    began, ended, retry_at = times
    rows = [
        {
            "tenant_id": delivery.tenant_id,
            "webhook_id": delivery.webhook_id,
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
    execute_many(_build_insert_sql(), rows)


def _get_next_retry(status: AttemptStatus, retry_at: datetime) -> str | None:
    return (
        format_timestamp_milliseconds(retry_at)
        if status == AttemptStatus.RETRYING
        else None
    )


def _build_insert_sql() -> str:
    if not is_postgresql():
        return INSERT_ATTEMPT.format(**{name: f":{name}" for name in PARAMETER_TYPES})
    return INSERT_ATTEMPT.format(
        **{
            name: f"CAST(:{name} AS {sql_type})"
            for name, sql_type in PARAMETER_TYPES.items()
        }
    )
