"""The tables of offers, Mambo presentation, purchases and activities."""

from peewee import (
    BigIntegerField,
    BooleanField,
    CompositeKey,
    IntegerField,
    TextField,
)

from coupon_core.persistence.tables.base import (
    BaseTable,
    JsonTextField,
    UtcTimestampField,
    UuidTextField,
)


class OfferTable(BaseTable):
    """The terms of a definition: its price in points and its validity period."""

    tenant_id = TextField()
    definition_id = UuidTextField()
    point_id = TextField()
    points = BigIntegerField()
    mode = TextField()
    usage = TextField()
    refundable = BooleanField()
    period_type = TextField()
    period_value = IntegerField()

    class Meta:
        table_name = "offer"
        primary_key = CompositeKey("tenant_id", "definition_id")


class MamboCouponTable(BaseTable):
    """The presentation of a definition in the Mambo API."""

    tenant_id = TextField()
    definition_id = UuidTextField()
    coupon_type = TextField()
    amount = JsonTextField()
    custom = TextField()
    help_message = TextField()
    tags = JsonTextField()
    translations = JsonTextField()
    deleted_at = UtcTimestampField(null=True)
    name = TextField(default="")

    class Meta:
        table_name = "mambo_coupon"
        primary_key = CompositeKey("tenant_id", "definition_id")


class MamboTagTable(BaseTable):
    """The tags of definitions, as an index for searches."""

    tenant_id = TextField()
    tag = TextField()
    definition_id = UuidTextField()

    class Meta:
        table_name = "mambo_tag"
        primary_key = CompositeKey("tenant_id", "tag", "definition_id")
        indexes = ((("tenant_id", "definition_id"), False),)


class PurchaseTable(BaseTable):
    """A coupon that was paid for; it is refunded at most once."""

    tenant_id = TextField()
    coupon_id = UuidTextField()
    definition_id = UuidTextField()
    user_id = TextField()
    point_id = TextField()
    points = BigIntegerField()
    bought_at = UtcTimestampField()
    refunded_at = UtcTimestampField(null=True)

    class Meta:
        table_name = "purchase"
        primary_key = CompositeKey("tenant_id", "coupon_id")
        indexes = ((("tenant_id", "definition_id"), False),)


class ActivityTable(BaseTable):
    """The activities of users with coupons, in the terms of the Mambo API."""

    tenant_id = TextField()
    activity_id = UuidTextField()
    user_id = TextField()
    action = TextField()
    code = TextField()
    coupon_id = UuidTextField(null=True)
    definition_id = UuidTextField(null=True)
    status = TextField()
    exception = TextField()
    reason = TextField()
    attributes = JsonTextField()
    created_at = UtcTimestampField()

    class Meta:
        table_name = "activity"
        primary_key = CompositeKey("tenant_id", "activity_id")
        indexes = ((("tenant_id", "user_id", "activity_id"), False),)


class ActivityTagTable(BaseTable):
    """The tags of activities, as an index for searches."""

    tenant_id = TextField()
    tag = TextField()
    activity_id = UuidTextField()

    class Meta:
        table_name = "activity_tag"
        primary_key = CompositeKey("tenant_id", "tag", "activity_id")
        indexes = ((("tenant_id", "activity_id"), False),)
