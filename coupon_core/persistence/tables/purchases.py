"""What coupons cost, how they are shown in Mambo, who bought them, what was done."""

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
    """How the coupons of a definition are come by: for points, and for how long."""

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
    """How a definition is shown in the Mambo dialect."""

    tenant_id = TextField()
    definition_id = UuidTextField()
    coupon_type = TextField()
    amount = JsonTextField()
    custom = TextField()
    help_message = TextField()
    tags = JsonTextField()
    translations = JsonTextField()
    deleted_at = UtcTimestampField(null=True)

    class Meta:
        table_name = "mambo_coupon"
        primary_key = CompositeKey("tenant_id", "definition_id")


class MamboTagTable(BaseTable):
    """The tags of definitions, to find them by."""

    tenant_id = TextField()
    tag = TextField()
    definition_id = UuidTextField()

    class Meta:
        table_name = "mambo_tag"
        primary_key = CompositeKey("tenant_id", "tag", "definition_id")
        indexes = ((("tenant_id", "definition_id"), False),)


class PurchaseTable(BaseTable):
    """Coupons that were paid for; the refund of one happens once."""

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
    """What users did with coupons, in Mambo's words."""

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
