"""The table of reservations."""

from peewee import CompositeKey, SmallIntegerField, TextField

from coupon_core.persistence.tables.base import (
    BaseTable,
    JsonTextField,
    UtcTimestampField,
    UuidTextField,
)


class ReservationTable(BaseTable):
    """Uses of coupons that are or were held; only those in state `held` are counted."""

    tenant_id = TextField()
    reservation_id = UuidTextField()
    coupon_id = UuidTextField()
    definition_id = UuidTextField()
    user_id = TextField()
    state = TextField()
    reserved_at = UtcTimestampField()
    expires_at = UtcTimestampField()
    ended_at = UtcTimestampField(null=True)
    period_key = TextField(default="")
    reference = TextField(null=True)
    metadata = JsonTextField(null=True)
    usage_slot = SmallIntegerField(null=True)  # null unless it raised a slot

    class Meta:
        table_name = "reservation"
        primary_key = CompositeKey("tenant_id", "reservation_id")
        indexes = (
            (("tenant_id", "coupon_id"), False),
            (("tenant_id", "user_id"), False),
        )


ReservationTable.add_index(
    ReservationTable.tenant_id,
    ReservationTable.expires_at,
    where=(ReservationTable.state == "held"),
    name="reservation_held",
)
