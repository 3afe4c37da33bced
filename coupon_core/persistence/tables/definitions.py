"""The tables of reward items, definitions and shared codes."""

from peewee import (
    BooleanField,
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

# Above every limit, so that the previous release does not raise it. That release may
# lower it, for uses that it gives back.
SLOTTED_COUNT = 2_000_000_000
MIN_SLOTTED_COUNT = 1_500_000_000


class RewardItemTable(BaseTable):
    """The reward that a redemption grants."""

    tenant_id = TextField()
    item_id = UuidTextField()
    name = TextField()
    description = TextField()
    reward_type = TextField()
    payload = JsonTextField()
    created_at = UtcTimestampField()
    updated_at = UtcTimestampField()
    metadata = JsonTextField(default=dict)

    class Meta:
        table_name = "reward_item"
        primary_key = CompositeKey("tenant_id", "item_id")


class DefinitionTable(BaseTable):
    """A template of coupons; `used_count` is maintained only under a total limit.

    While the uses are counted in slots, `used_count` is `SLOTTED_COUNT`, less the uses
    that the previous release has given back.
    `name_key` is null for rows of earlier releases, and for older definitions whose
    name is another one's but for blanks or composition.
    """

    tenant_id = TextField()
    definition_id = UuidTextField()
    name = TextField()
    description = TextField()
    status = TextField()
    reward_item_id = UuidTextField()
    code_format = TextField()
    code_alphabet = TextField()
    code_prefix = TextField()
    code_length = IntegerField()
    code_pattern = TextField()
    code_check = BooleanField()
    custom_code = TextField()
    case_sensitive = BooleanField()
    claimable = BooleanField()
    starts_at = UtcTimestampField(null=True)
    expires_at = UtcTimestampField(null=True)
    per_code_limit = IntegerField()
    per_user_limit = IntegerField()
    total_limit = IntegerField()
    awarded_only = BooleanField()
    used_count = IntegerField()
    trigger_kind = TextField(null=True)
    trigger_enabled = BooleanField()
    trigger_source = TextField()
    trigger_threshold = IntegerField()
    created_at = UtcTimestampField()
    updated_at = UtcTimestampField()
    name_key = TextField(null=True)
    metadata = JsonTextField(default=dict)
    user_period_limit = IntegerField(default=0)
    user_period = TextField(null=True)
    suspended_at = UtcTimestampField(null=True)
    campaign_id = TextField(default="")
    time_zone = TextField(default="")
    refill_count = IntegerField(default=0)
    refill_below = IntegerField(default=0)
    has_reservations = BooleanField(default=False)
    hot = BooleanField(default=False)

    class Meta:
        table_name = "definition"
        primary_key = CompositeKey("tenant_id", "definition_id")
        indexes = (
            (("tenant_id", "name"), True),
            (("tenant_id", "name_key"), True),
            (("tenant_id", "reward_item_id"), False),
        )


class UsageSlotTable(BaseTable):
    """A part of the uses of a hot definition, and the share of its limit for them."""

    tenant_id = TextField()
    definition_id = UuidTextField()
    slot = SmallIntegerField()
    used_count = IntegerField()
    max_count = IntegerField()

    class Meta:
        table_name = "definition_usage_slot"
        primary_key = CompositeKey("tenant_id", "definition_id", "slot")


class SharedCodeTable(BaseTable):
    """Codes that many coupons share: a custom code, or the code of a creator.

    `code_exact` is "" for a case-insensitive code, so that two such codes never differ
    by case alone, and the code itself for a case-sensitive one.
    """

    tenant_id = TextField()
    code_key = TextField()
    code_exact = TextField()
    code = TextField()
    definition_id = UuidTextField()
    creator_key = TextField(default="")
    revoked_at = UtcTimestampField(null=True)

    class Meta:
        table_name = "shared_code"
        primary_key = CompositeKey("tenant_id", "code_key", "code_exact")
        indexes = ((("tenant_id", "definition_id"), False),)


class DefinitionNoticeTable(BaseTable):
    """What was announced about a definition, and the batch that refilled it last.

    `has_stock` is true once it had unassigned codes, which can run out.
    """

    tenant_id = TextField()
    definition_id = UuidTextField()
    has_stock = BooleanField(default=False)
    exhausted_at = UtcTimestampField(null=True)
    announced_expiry = UtcTimestampField(null=True)
    refill_batch_id = UuidTextField(null=True)

    class Meta:
        table_name = "definition_notice"
        primary_key = CompositeKey("tenant_id", "definition_id")


class CheckedStemTable(BaseTable):
    """A code prefix of a tenant; codes with it need a valid check character."""

    tenant_id = TextField()
    stem = TextField()
    definition_id = UuidTextField()

    class Meta:
        table_name = "checked_stem"
        primary_key = CompositeKey("tenant_id", "stem")


SharedCodeTable.add_index(
    SharedCodeTable.tenant_id,
    SharedCodeTable.creator_key,
    where=(SharedCodeTable.creator_key != ""),
    name="shared_code_of_creator",
)

DefinitionTable.add_index(
    DefinitionTable.tenant_id,
    DefinitionTable.trigger_kind,
    DefinitionTable.trigger_source,
    where=DefinitionTable.trigger_kind.is_null(False),
    name="definition_of_trigger",
)

DefinitionTable.add_index(
    DefinitionTable.tenant_id,
    DefinitionTable.campaign_id,
    where=(DefinitionTable.campaign_id != ""),
    name="definition_of_campaign",
)
