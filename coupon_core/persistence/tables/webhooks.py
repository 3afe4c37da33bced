"""The tables of webhooks, their deliveries and the attempts."""

from peewee import (
    BigIntegerField,
    BooleanField,
    CompositeKey,
    IntegerField,
    TextField,
)

from coupon_core.persistence.tables.base import (
    BaseTable,
    UtcTimestampField,
    UuidTextField,
)


class WebhookTable(BaseTable):
    """A subscription to events; its secrets are stored encrypted."""

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
    failing_since = UtcTimestampField(null=True)
    next_turn_at = UtcTimestampField()
    created_at = UtcTimestampField()
    updated_at = UtcTimestampField()
    secret_sealed = TextField()
    former_sealed = TextField()
    rotated_at = UtcTimestampField(null=True)

    class Meta:
        table_name = "webhook"
        primary_key = CompositeKey("tenant_id", "webhook_id")


class WebhookDeliveryTable(BaseTable):
    """An event due to a webhook; the key allows each event only once per webhook."""

    tenant_id = TextField()
    webhook_id = BigIntegerField()
    event_id = UuidTextField()
    event_type = TextField()
    payload = TextField()
    attempt_count = IntegerField()
    created_at = UtcTimestampField()
    state = TextField()
    due_at = UtcTimestampField()
    is_resend = BooleanField(default=False)
    traceparent = TextField(null=True)

    class Meta:
        table_name = "webhook_delivery"
        primary_key = CompositeKey("tenant_id", "webhook_id", "event_id")
        indexes = ((("event_id",), False),)


WebhookDeliveryTable.add_index(
    WebhookDeliveryTable.tenant_id,
    WebhookDeliveryTable.webhook_id,
    WebhookDeliveryTable.due_at,
    where=(WebhookDeliveryTable.state == "pending"),
    name="webhook_delivery_pending",
)


class WebhookAttemptTable(BaseTable):
    """An attempt of a delivery, with the response."""

    tenant_id = TextField()
    webhook_id = BigIntegerField()
    event_id = UuidTextField()
    number = IntegerField()
    status = TextField()
    response_status = IntegerField(null=True)
    response_body = TextField()
    error = TextField()
    created_at = UtcTimestampField()
    completed_at = UtcTimestampField()
    next_retry_at = UtcTimestampField(null=True)

    class Meta:
        table_name = "webhook_attempt"
        primary_key = CompositeKey("tenant_id", "webhook_id", "event_id", "number")
