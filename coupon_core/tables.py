"""The tables, and nothing else: `tenant_id` leads every key, so that any cluster fits.

Two directories are looked up before the tenant is known, `tenant` and `api_key`; all
other keys start with the tenant. The DDL itself is in `migrations/`.
"""

import json
from datetime import datetime
from typing import Any

from peewee import (
    BigIntegerField,
    BlobField,
    BooleanField,
    CompositeKey,
    DatabaseProxy,
    Field,
    IntegerField,
    Model,
    TextField,
)

database = DatabaseProxy()


def as_time(value: Any) -> datetime:
    """A stored moment: PostgreSQL gives datetimes, SQLite RFC 3339 text."""
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)


def as_json(value: Any) -> Any:
    """A stored JSON value, which raw SQL gives as text."""
    return json.loads(value) if isinstance(value, str) else value


def as_stored_time(value: datetime | None) -> str | None:
    """RFC 3339 in UTC with milliseconds: PostgreSQL reads it, SQLite sorts it."""
    if value is None:
        return None
    return value.isoformat(timespec="milliseconds")[:23] + "Z"


class UuidText(Field):
    """A UUID that is text in Python: `uuid` on PostgreSQL, `text` on SQLite."""

    field_type = "UUID"


class UtcTime(Field):
    """A moment in UTC, to the millisecond."""

    field_type = "TIMESTAMPTZ"

    def db_value(self, value: datetime | None) -> str | None:
        return as_stored_time(value)

    def python_value(self, value: Any) -> datetime | None:
        return None if value is None else as_time(value)


class JsonText(TextField):
    """A JSON value as it was written: `jsonb` would reorder its members."""

    def db_value(self, value: Any) -> str:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    def python_value(self, value: str) -> Any:
        return json.loads(value)


class Table(Model):
    """What all tables have in common."""

    class Meta:
        database = database
        legacy_table_names = False


class Tenant(Table):
    """A tenant: who pays, whose users redeem."""

    tenant_id = TextField(primary_key=True)
    created_at = UtcTime()


class TenantSecret(Table):
    """The secrets that sign a tenant's tokens and requests; two are active at most."""

    tenant_id = TextField()
    secret_id = UuidText()
    secret_sealed = TextField()
    created_at = UtcTime()

    class Meta:
        primary_key = CompositeKey("tenant_id", "secret_id")


class ApiKey(Table):
    """Admins' keys: found by hash; sealed, not hashed, for they sign admin JWTs."""

    tenant_id = TextField()
    key_id = UuidText(unique=True)
    name = TextField()
    scopes = JsonText()
    key_sha256 = TextField(unique=True)
    key_sealed = TextField()
    created_at = UtcTime()
    expires_at = UtcTime(null=True)
    revoked_at = UtcTime(null=True)

    class Meta:
        primary_key = CompositeKey("tenant_id", "key_id")


class RewardItem(Table):
    """What a redemption grants."""

    tenant_id = TextField()
    item_id = UuidText()
    name = TextField()
    description = TextField()
    reward_type = TextField()
    payload = JsonText()
    created_at = UtcTime()
    updated_at = UtcTime()

    class Meta:
        primary_key = CompositeKey("tenant_id", "item_id")


class Definition(Table):
    """Templates of coupons; `used_count` is kept only under a total limit."""

    tenant_id = TextField()
    definition_id = UuidText()
    name = TextField()
    description = TextField()
    status = TextField()
    reward_item_id = UuidText()
    code_format = TextField()
    code_alphabet = TextField()
    code_prefix = TextField()
    code_length = IntegerField()
    custom_code = TextField()
    case_sensitive = BooleanField()
    claimable = BooleanField()
    starts_at = UtcTime(null=True)
    expires_at = UtcTime(null=True)
    per_code_limit = IntegerField()
    total_limit = IntegerField()
    used_count = IntegerField()
    trigger_kind = TextField(null=True)
    trigger_enabled = BooleanField()
    trigger_source = TextField()
    trigger_threshold = IntegerField()
    created_at = UtcTime()
    updated_at = UtcTime()

    class Meta:
        primary_key = CompositeKey("tenant_id", "definition_id")
        indexes = (
            (("tenant_id", "name"), True),
            (("tenant_id", "reward_item_id"), False),
        )


class SharedCode(Table):
    """Codes that many coupons bear: a definition's custom code.

    `code_exact` is "" for a code that is compared without case, so that two such
    codes never differ by case alone, and the code itself for a case-sensitive one.
    """

    tenant_id = TextField()
    code_key = TextField()
    code_exact = TextField()
    code = TextField()
    definition_id = UuidText()

    class Meta:
        primary_key = CompositeKey("tenant_id", "code_key", "code_exact")
        indexes = ((("tenant_id", "definition_id"), False),)


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

    class Meta:
        primary_key = CompositeKey("tenant_id", "coupon_id")
        indexes = (
            (("tenant_id", "code_key", "code_scope"), True),
            (("tenant_id", "definition_id", "coupon_id"), False),
        )


Coupon.add_index(
    Coupon.tenant_id,
    Coupon.user_id,
    Coupon.coupon_id,
    where=(Coupon.user_id != ""),
    name="coupon_of_user",
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

    class Meta:
        primary_key = CompositeKey("tenant_id", "coupon_id", "use_number")


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
        primary_key = CompositeKey(
            "tenant_id", "definition_id", "user_id", "occurrence"
        )


class AcceptedEvent(Table):
    """The events taken over HTTP: an id is taken once."""

    tenant_id = TextField()
    event_id = TextField()
    accepted_at = UtcTime()

    class Meta:
        primary_key = CompositeKey("tenant_id", "event_id")


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
        primary_key = CompositeKey("tenant_id", "letter_id")


Definition.add_index(
    Definition.tenant_id,
    Definition.trigger_kind,
    Definition.trigger_source,
    where=Definition.trigger_kind.is_null(False),
    name="definition_of_trigger",
)

ALL = (
    Tenant,
    TenantSecret,
    ApiKey,
    RewardItem,
    Definition,
    SharedCode,
    Coupon,
    Redemption,
    Outbox,
    EarnedCoupon,
    AcceptedEvent,
    DeadLetter,
)
