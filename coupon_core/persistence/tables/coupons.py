"""Coupons and their uses."""

from peewee import BigIntegerField, CompositeKey, IntegerField, TextField

from coupon_core.persistence.tables.base import Table, UtcTime, UuidText


class Coupon(Table):
    """One code in one user's hands; facts only, its status is told from them."""

    tenant_id = TextField()
    coupon_id = UuidText()
    definition_id = UuidText()
    user_id = TextField()
    code = TextField()
    generated_at = UtcTime()
    expires_at = UtcTime(null=True)
    redeemed_at = UtcTime(null=True)
    redemption_count = IntegerField()
    revoked_at = UtcTime(null=True)
    code_key = TextField()
    code_scope = TextField()
    returned_at = UtcTime(null=True)
    refund_count = IntegerField(default=0)
    copy_number = IntegerField(default=1)
    batch_id = UuidText(null=True)
    swept_at = UtcTime(null=True)

    class Meta:
        table_name = "coupon"
        primary_key = CompositeKey("tenant_id", "coupon_id")
        indexes = (
            (("tenant_id", "code_key", "code_scope", "copy_number"), True),
            (("tenant_id", "definition_id", "coupon_id"), False),
        )


Coupon.add_index(
    Coupon.tenant_id,
    Coupon.user_id,
    Coupon.coupon_id,
    where=(Coupon.user_id != ""),
    name="coupon_of_user",
)

Coupon.add_index(
    Coupon.tenant_id,
    Coupon.batch_id,
    Coupon.coupon_id,
    where=Coupon.batch_id.is_null(False),
    name="coupon_of_batch",
)

Coupon.add_index(
    Coupon.tenant_id,
    Coupon.expires_at,
    where=Coupon.expires_at.is_null(False) & Coupon.swept_at.is_null(),
    name="coupon_to_sweep",
)


class Redemption(Table):
    """The uses of coupons; the key lets a coupon's n-th use happen once."""

    tenant_id = TextField()
    coupon_id = UuidText()
    use_number = IntegerField()
    redemption_id = BigIntegerField()
    definition_id = UuidText()
    user_id = TextField()
    dialect = TextField()
    redeemed_at = UtcTime()
    refunded_at = UtcTime(null=True)

    class Meta:
        table_name = "redemption"
        primary_key = CompositeKey("tenant_id", "coupon_id", "use_number")


class UserUsage(Table):
    """Uses by one user over all codes of a definition that limits them."""

    tenant_id = TextField()
    definition_id = UuidText()
    user_id = TextField()
    used_count = IntegerField()

    class Meta:
        table_name = "user_usage"
        primary_key = CompositeKey("tenant_id", "definition_id", "user_id")
