"""What goes out, and what came in."""

from peewee import BlobField, CompositeKey, TextField

from coupon_core.persistence.tables.base import (
    BaseTable,
    UtcTimestampField,
    UuidTextField,
)


class OutboxTable(BaseTable):
    """Changes on their way out, written with the change itself.

    A relay claims what it is about to publish, for as long as that may take.
    """

    tenant_id = TextField()
    event_id = UuidTextField()
    event_type = TextField()
    subject = TextField()
    occurred_at = UtcTimestampField()
    data = TextField()
    state = TextField()
    claimed_until = UtcTimestampField(null=True)

    class Meta:
        table_name = "outbox"
        primary_key = CompositeKey("tenant_id", "event_id")


OutboxTable.add_index(
    OutboxTable.event_id, where=(OutboxTable.state == "pending"), name="outbox_pending"
)


OutboxTable.add_index(
    OutboxTable.event_id, where=(OutboxTable.state == "sent"), name="outbox_sent"
)


class EarnedCouponTable(BaseTable):
    """What users have earned by milestones: the key makes each earning happen once."""

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
    """The events taken over HTTP: an id is taken once."""

    tenant_id = TextField()
    event_id = TextField()
    accepted_at = UtcTimestampField()

    class Meta:
        table_name = "accepted_event"
        primary_key = CompositeKey("tenant_id", "event_id")
        indexes = ((("accepted_at",), False),)  # for forgetting them


class DeadLetterTable(BaseTable):
    """Messages that cannot be processed, with the reason, as they came."""

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
