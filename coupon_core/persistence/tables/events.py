"""The tables of outgoing events, accepted events and dead letters."""

from peewee import BlobField, BooleanField, CompositeKey, TextField

from coupon_core.persistence.tables.base import (
    BaseTable,
    UtcTimestampField,
    UuidTextField,
)


class OutboxTable(BaseTable):
    """Outgoing events, written in the transaction of the change that they announce.

    The relay claims events before it publishes them; a claim expires. `counted` says
    whether reports contain the event; it means nothing for types that are not counted.
    """

    tenant_id = TextField()
    event_id = UuidTextField()
    event_type = TextField()
    subject = TextField()
    occurred_at = UtcTimestampField()
    data = TextField()
    state = TextField()
    claimed_until = UtcTimestampField(null=True)
    counted = BooleanField(default=False)
    traceparent = TextField(null=True)

    class Meta:
        table_name = "outbox"
        primary_key = CompositeKey("tenant_id", "event_id")


OutboxTable.add_index(
    OutboxTable.event_id, where=(OutboxTable.state == "pending"), name="outbox_pending"
)


OutboxTable.add_index(
    OutboxTable.event_id, where=(OutboxTable.state == "sent"), name="outbox_sent"
)


OutboxTable.add_index(
    OutboxTable.tenant_id,
    OutboxTable.event_id,
    where=(OutboxTable.state == "pending"),
    name="outbox_pending_of_tenant",
)


COUNTED_TYPES = (
    "coupon.redeemed",
    "coupon.refunded",
    "redemption.reversed",
    "coupon.generated",
    "coupon.assigned",
)
"""The types of events that reports count; 0025_report_counts.py repeats them."""
OutboxTable.add_index(
    OutboxTable.tenant_id,
    OutboxTable.event_id,
    where=(OutboxTable.counted == False)  # noqa: E712
    & OutboxTable.event_type.in_(COUNTED_TYPES),
    name="outbox_uncounted",
)


class EarnedCouponTable(BaseTable):
    """Coupons earned by milestones; the key allows each occurrence only once."""

    tenant_id = TextField()
    definition_id = UuidTextField()
    user_id = TextField()
    occurrence = TextField()
    event_id = TextField()
    earned_at = UtcTimestampField()

    class Meta:
        table_name = "earned_coupon"
        primary_key = CompositeKey(
            "tenant_id", "definition_id", "user_id", "occurrence"
        )


class AcceptedEventTable(BaseTable):
    """Events accepted over HTTP; the key allows each event id only once."""

    tenant_id = TextField()
    event_id = TextField()
    accepted_at = UtcTimestampField()

    class Meta:
        table_name = "accepted_event"
        primary_key = CompositeKey("tenant_id", "event_id")
        indexes = ((("accepted_at",), False),)  # for the purge


class DeadLetterTable(BaseTable):
    """Messages that cannot be processed, unchanged, with the reason."""

    tenant_id = TextField()
    letter_id = UuidTextField()
    queue = TextField()
    routing_key = TextField()
    content_type = TextField()
    reason = TextField()
    body = BlobField()
    received_at = UtcTimestampField()

    class Meta:
        table_name = "dead_letter"
        primary_key = CompositeKey("tenant_id", "letter_id")
