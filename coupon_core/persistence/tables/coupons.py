"""The tables of coupons and their redemptions."""

from peewee import (
    BigIntegerField,
    CompositeKey,
    IntegerField,
    SmallIntegerField,
    TextField,
)

from coupon_core.persistence.tables.base import (
    BaseTable,
    JsonTextField,
    UtcTimestampField,
    UuidTextField,
)


class CouponTable(BaseTable):
    """One code of one user, or unassigned; the status is derived from the columns."""

    tenant_id = TextField()
    coupon_id = UuidTextField()
    definition_id = UuidTextField()
    user_id = TextField()
    code = TextField()
    generated_at = UtcTimestampField()
    expires_at = UtcTimestampField(null=True)
    redeemed_at = UtcTimestampField(null=True)
    redemption_count = IntegerField()
    revoked_at = UtcTimestampField(null=True)
    code_key = TextField()
    code_scope = TextField()
    returned_at = UtcTimestampField(null=True)
    refund_count = IntegerField(default=0)
    copy_number = IntegerField(default=1)
    batch_id = UuidTextField(null=True)
    swept_at = UtcTimestampField(null=True)
    replaced_by = UuidTextField(null=True)
    metadata = JsonTextField(null=True)
    reserved_count = IntegerField(default=0)

    class Meta:
        table_name = "coupon"
        primary_key = CompositeKey("tenant_id", "coupon_id")
        indexes = (
            (("tenant_id", "code_key", "code_scope", "copy_number"), True),
            (("tenant_id", "definition_id", "coupon_id"), False),
        )


CouponTable.add_index(
    CouponTable.tenant_id,
    CouponTable.user_id,
    CouponTable.coupon_id,
    where=(CouponTable.user_id != ""),
    name="coupon_of_user",
)

CouponTable.add_index(
    CouponTable.tenant_id,
    CouponTable.batch_id,
    CouponTable.coupon_id,
    where=CouponTable.batch_id.is_null(False),
    name="coupon_of_batch",
)

CouponTable.add_index(
    CouponTable.tenant_id,
    CouponTable.expires_at,
    where=CouponTable.expires_at.is_null(False) & CouponTable.swept_at.is_null(),
    name="coupon_to_sweep",
)

CouponTable.add_index(
    CouponTable.tenant_id,
    CouponTable.definition_id,
    CouponTable.expires_at,
    where=(CouponTable.user_id == "") & CouponTable.revoked_at.is_null(),
    name="coupon_available",
)


class RedemptionTable(BaseTable):
    """The redemptions; the key allows the n-th use of a coupon only once."""

    tenant_id = TextField()
    coupon_id = UuidTextField()
    use_number = IntegerField()
    redemption_id = BigIntegerField()
    definition_id = UuidTextField()
    user_id = TextField()
    dialect = TextField()
    redeemed_at = UtcTimestampField()
    refunded_at = UtcTimestampField(null=True)
    reference = TextField(null=True)
    metadata = JsonTextField(null=True)
    reversed_at = UtcTimestampField(null=True)
    reversal_reason = TextField(null=True)
    period_key = TextField(default="")
    usage_slot = SmallIntegerField(null=True)  # null unless it raised a slot

    class Meta:
        table_name = "redemption"
        primary_key = CompositeKey("tenant_id", "coupon_id", "use_number")
        indexes = ((("tenant_id", "redemption_id"), True),)


RedemptionTable.add_index(
    RedemptionTable.tenant_id,
    RedemptionTable.reference,
    RedemptionTable.redemption_id,
    where=RedemptionTable.reference.is_null(False),
    name="redemption_of_reference",
)


class UserUsageTable(BaseTable):
    """The number of uses per user, kept for definitions with a per-user limit."""

    tenant_id = TextField()
    definition_id = UuidTextField()
    user_id = TextField()
    used_count = IntegerField()

    class Meta:
        table_name = "user_usage"
        primary_key = CompositeKey("tenant_id", "definition_id", "user_id")


class UserPeriodUsageTable(BaseTable):
    """The number of uses per user and period, under a limit per user and period."""

    tenant_id = TextField()
    definition_id = UuidTextField()
    user_id = TextField()
    period_key = TextField()
    used_count = IntegerField()

    class Meta:
        table_name = "user_period_usage"
        primary_key = CompositeKey(
            "tenant_id", "definition_id", "user_id", "period_key"
        )
