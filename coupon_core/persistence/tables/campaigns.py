"""The tables of campaigns, their creators and their packages."""

from peewee import BigIntegerField, BooleanField, CompositeKey, IntegerField, TextField

from coupon_core.persistence.tables.base import (
    BaseTable,
    JsonTextField,
    UtcTimestampField,
    UuidTextField,
)


class CampaignTable(BaseTable):
    """A campaign that creators promote."""

    tenant_id = TextField()
    campaign_id = TextField()
    names = JsonTextField()
    description = JsonTextField()
    status = TextField()
    starts_at = UtcTimestampField(null=True)
    ends_at = UtcTimestampField(null=True)
    created_at = UtcTimestampField()
    updated_at = UtcTimestampField()
    metadata = JsonTextField(default=dict)
    suspended_at = UtcTimestampField(null=True)
    time_zone = TextField()

    class Meta:
        table_name = "campaign"
        primary_key = CompositeKey("tenant_id", "campaign_id")


class CreatorTable(BaseTable):
    """A creator, who distributes codes."""

    tenant_id = TextField()
    creator_key = TextField()
    creator_id = BigIntegerField()
    name = TextField()
    genre = TextField(null=True)
    status = TextField()
    created_at = UtcTimestampField()
    updated_at = UtcTimestampField()

    class Meta:
        table_name = "creator"
        primary_key = CompositeKey("tenant_id", "creator_key")
        indexes = ((("tenant_id", "creator_id"), True),)


class CampaignCreatorTable(BaseTable):
    """The participation of a creator in a campaign."""

    tenant_id = TextField()
    campaign_id = TextField()
    creator_key = TextField()

    class Meta:
        table_name = "campaign_creator"
        primary_key = CompositeKey("tenant_id", "campaign_id", "creator_key")
        indexes = ((("tenant_id", "creator_key"), False),)


class PackageTable(BaseTable):
    """A definition as part of a campaign, with its rewards in several languages."""

    tenant_id = TextField()
    package_id = BigIntegerField()
    definition_id = UuidTextField()
    campaign_id = TextField()
    package_no = IntegerField()
    item_name = JsonTextField()
    item_description = JsonTextField()
    rewards = JsonTextField()
    is_active = BooleanField()
    starts_at = UtcTimestampField(null=True)
    ends_at = UtcTimestampField(null=True)
    created_at = UtcTimestampField()
    updated_at = UtcTimestampField()

    class Meta:
        table_name = "package"
        primary_key = CompositeKey("tenant_id", "package_id")
        indexes = (
            (("tenant_id", "definition_id"), True),
            (("tenant_id", "campaign_id", "package_no"), True),
        )
