"""Campaigns, their creators and their packages."""

from peewee import BigIntegerField, BooleanField, CompositeKey, IntegerField, TextField

from coupon_core.persistence.tables.base import (
    JsonText,
    Table,
    UtcTime,
    UuidText,
)


class Campaign(Table):
    """What creators promote."""

    tenant_id = TextField()
    campaign_id = TextField()
    names = JsonText()
    description = JsonText()
    status = TextField()
    starts_at = UtcTime(null=True)
    ends_at = UtcTime(null=True)
    created_at = UtcTime()
    updated_at = UtcTime()

    class Meta:
        table_name = "campaign"
        primary_key = CompositeKey("tenant_id", "campaign_id")


class Creator(Table):
    """Who hands out codes."""

    tenant_id = TextField()
    creator_key = TextField()
    creator_id = BigIntegerField()
    name = TextField()
    genre = TextField(null=True)
    status = TextField()
    created_at = UtcTime()
    updated_at = UtcTime()

    class Meta:
        table_name = "creator"
        primary_key = CompositeKey("tenant_id", "creator_key")


class CampaignCreator(Table):
    """Which creators take part in which campaign."""

    tenant_id = TextField()
    campaign_id = TextField()
    creator_key = TextField()

    class Meta:
        table_name = "campaign_creator"
        primary_key = CompositeKey("tenant_id", "campaign_id", "creator_key")
        indexes = ((("tenant_id", "creator_key"), False),)


class Package(Table):
    """A definition as part of a campaign, with what it grants in several languages."""

    tenant_id = TextField()
    package_id = BigIntegerField()
    definition_id = UuidText()
    campaign_id = TextField()
    package_no = IntegerField()
    item_name = JsonText()
    item_description = JsonText()
    rewards = JsonText()
    is_active = BooleanField()
    starts_at = UtcTime(null=True)
    ends_at = UtcTime(null=True)
    created_at = UtcTime()
    updated_at = UtcTime()

    class Meta:
        table_name = "package"
        primary_key = CompositeKey("tenant_id", "package_id")
        indexes = (
            (("tenant_id", "definition_id"), True),
            (("tenant_id", "campaign_id", "package_no"), True),
        )
