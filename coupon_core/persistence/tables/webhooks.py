"""Webhooks, what is to be delivered to them, and every try to do so."""

from peewee import (
    BigIntegerField,
    BooleanField,
    CompositeKey,
    IntegerField,
    TextField,
)

from coupon_core.persistence.tables.base import Table, UtcTime, UuidText


class Webhook(Table):
    """Subscriptions; the secrets are sealed."""

    tenant_id = TextField()
    webhook_id = BigIntegerField()
    event_type = TextField()
    url = TextField()
    signature = TextField()
    retry_count = IntegerField()
    timeout_ms = IntegerField()
    is_active = BooleanField()
    inactive_reason = TextField()
    failure_count = IntegerField()
    failing_since = UtcTime(null=True)
    next_turn_at = UtcTime()
    created_at = UtcTime()
    updated_at = UtcTime()
    secret_sealed = TextField()
    former_sealed = TextField()
    rotated_at = UtcTime(null=True)

    class Meta:
        table_name = "webhook"
        primary_key = CompositeKey("tenant_id", "webhook_id")


class WebhookDelivery(Table):
    """Events for webhooks: the key lets each event be due to a webhook once."""

    tenant_id = TextField()
    webhook_id = BigIntegerField()
    event_id = UuidText()
    event_type = TextField()
    payload = TextField()
    attempt_count = IntegerField()
    created_at = UtcTime()
    state = TextField()
    due_at = UtcTime()

    class Meta:
        table_name = "webhook_delivery"
        primary_key = CompositeKey("tenant_id", "webhook_id", "event_id")
        indexes = ((("event_id",), False),)


WebhookDelivery.add_index(
    WebhookDelivery.tenant_id,
    WebhookDelivery.webhook_id,
    WebhookDelivery.due_at,
    where=(WebhookDelivery.state == "pending"),
    name="webhook_delivery_pending",
)


class WebhookAttempt(Table):
    """Every try of a delivery, with what was answered."""

    tenant_id = TextField()
    webhook_id = BigIntegerField()
    event_id = UuidText()
    number = IntegerField()
    status = TextField()
    response_status = IntegerField(null=True)
    response_body = TextField()
    error = TextField()
    created_at = UtcTime()
    completed_at = UtcTime()
    next_retry_at = UtcTime(null=True)

    class Meta:
        table_name = "webhook_attempt"
        primary_key = CompositeKey("tenant_id", "webhook_id", "event_id", "number")
