"""What goes out, and what came in."""

from peewee import BlobField, CompositeKey, TextField

from coupon_core.persistence.tables.base import Table, UtcTime, UuidText


class Outbox(Table):
    """Changes on their way out, written with the change itself.

    A relay claims what it is about to publish, for as long as that may take.
    """

    tenant_id = TextField()
    event_id = UuidText()
    event_type = TextField()
    subject = TextField()
    occurred_at = UtcTime()
    data = TextField()
    state = TextField()
    claimed_until = UtcTime(null=True)

    class Meta:
        table_name = "outbox"
        primary_key = CompositeKey("tenant_id", "event_id")


Outbox.add_index(
    Outbox.event_id, where=(Outbox.state == "pending"), name="outbox_pending"
)


Outbox.add_index(Outbox.event_id, where=(Outbox.state == "sent"), name="outbox_sent")


class EarnedCoupon(Table):
    """What users have earned by milestones: the key makes each earning happen once."""

    tenant_id = TextField()
    definition_id = UuidText()
    user_id = TextField()
    occurrence = TextField()
    event_id = TextField()
    earned_at = UtcTime()

    class Meta:
        table_name = "earned_coupon"
        primary_key = CompositeKey(
            "tenant_id", "definition_id", "user_id", "occurrence"
        )


class AcceptedEvent(Table):
    """The events taken over HTTP: an id is taken once."""

    tenant_id = TextField()
    event_id = TextField()
    accepted_at = UtcTime()

    class Meta:
        table_name = "accepted_event"
        primary_key = CompositeKey("tenant_id", "event_id")
        indexes = ((("accepted_at",), False),)  # for forgetting them


class DeadLetter(Table):
    """Messages that cannot be processed, with the reason, as they came."""

    tenant_id = TextField()
    letter_id = UuidText()
    queue = TextField()
    routing_key = TextField()
    content_type = TextField()
    reason = TextField()
    body = BlobField()
    received_at = UtcTime()

    class Meta:
        table_name = "dead_letter"
        primary_key = CompositeKey("tenant_id", "letter_id")
