"""The form of a definition: read as the API would, filled in, and tried."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from marshmallow import Schema, ValidationError

from admin_gateway.console.definition_words import get_zone
from admin_gateway.console.formats import format_entered_time
from admin_gateway.console.forms import Form, fill_form, read_fields
from admin_gateway.console.texts import gettext as _
from admin_gateway.requests.campaigns import CreateCampaignSchema
from admin_gateway.requests.coupons import GenerateCouponsSchema
from admin_gateway.requests.definitions import (
    CreateDefinitionSchema,
    UpdateDefinitionSchema,
)
from admin_gateway.requests.reward_items import CreateRewardItemSchema
from coupon_core.domain.models import Definition, Page
from coupon_core.domain.models.batches import Batch
from coupon_core.domain.serialization import serialize_definition_config
from coupon_core.schemas.base import StrictSchema
from coupon_core.schemas.entered_times import EnteredTimeField
from coupon_core.schemas.identifiers import UserIdField
from coupon_core.services import launch
from coupon_core.services.campaigns import campaigns
from coupon_core.services.catalog import definition_drafts, reward_items
from coupon_core.services.catalog.definition_drafts import DefinitionDraft
from coupon_core.services.launch import Launch

MAX_CHOICES = 500
CODE_FIELDS = ("code_prefix", "code_length", "code_pattern", "code_alphabet")
RANDOM_FIELDS = (*CODE_FIELDS, "code_check", "refill")
FROZEN_FIELDS = ("code_format", "custom_code", "case_sensitive")
NULLABLE_FIELDS = ("code_prefix", "code_pattern", "time_zone", "starts_at")
# What is created together with the definition if its fields are filled in.
NEW_REWARD, NEW_CAMPAIGN, FIRST_CODES = "reward", "campaign", "codes"
UNKNOWN_ID = "00000000-0000-0000-0000-000000000000"


class TrySchema(StrictSchema):
    """Who would try a code, and when."""

    try_user_id = UserIdField()
    try_at = EnteredTimeField("The time with which dates are compared.")


@dataclass(frozen=True, slots=True)
class Choices:
    """What the selects of the form offer."""

    rewards: list[tuple[str, str]]
    campaigns: list[tuple[str, str]]


def list_campaign_choices(tenant_id: str, first: str) -> list[tuple[str, str]]:
    """Return the newest campaigns, after a choice that stands for none or all."""
    found, _total = campaigns.list_campaigns(tenant_id, Page(limit=MAX_CHOICES))
    return [("", first), *((one.campaign_id, one.name) for one in found)]


def list_choices(tenant_id: str) -> Choices:
    """Return the newest rewards and campaigns."""
    items, _total = reward_items.list_reward_items(tenant_id, Page(limit=MAX_CHOICES))
    rewards = [(item.item_id, f"{item.name} ({item.reward_type})") for item in items]
    return Choices(
        [("", _("A new reward, described below")), *rewards],
        list_campaign_choices(tenant_id, _("None")),
    )


def create(
    tenant_id: str, form: Form, now: datetime
) -> tuple[Definition, Batch | None]:
    """Create the definition of a form, and what it describes along with it."""
    return launch.create(tenant_id, _load(form), now)


def try_out(tenant_id: str, form: Form, now: datetime) -> DefinitionDraft:
    """Return what the definition of a form would do; nothing is stored."""
    fields = _load(form).definition
    entered = TrySchema().load(read_fields(TrySchema(), form.entered))
    return definition_drafts.build(
        tenant_id,
        fields,
        user_id=entered.get("try_user_id", ""),
        at=entered.get("try_at"),
        now=now,
    )


def _load(form: Form) -> Launch:
    """Return the definition of a form, and what is to be created with it."""
    members = _read_members(form)
    config = members["config"]
    reward = None if config.get("reward_item_id") else _load_reward(form)
    config.setdefault("reward_item_id", UNKNOWN_ID)
    fields: dict[str, Any] = CreateDefinitionSchema().load(members)
    if reward is not None:
        fields["reward_item_id"] = ""  # that of the reward that will be created
    return Launch(fields, reward, _load_campaign(form, config), _load_count(form))


def _load_reward(form: Form) -> Any:
    """Return the new reward of a form.

    Raises:
        ValidationError: The form names no reward, or it is invalid.
    """
    schema = CreateRewardItemSchema()
    members = read_fields(schema, form.entered, f"{NEW_REWARD}.")
    if not members:
        text = _("Choose a reward, or describe a new one.")
        raise ValidationError({"config": {"reward_item_id": [text]}})
    return _load_part(NEW_REWARD, schema, members)


def _load_campaign(form: Form, config: Mapping[str, Any]) -> Any:
    """Return the new campaign of a form with the dates of the definition, or None."""
    name = form.value(f"{NEW_CAMPAIGN}.name").strip()
    if not name:
        return None
    if form.value("campaign_id"):
        text = _("Choose a campaign above or name a new one here, not both.")
        raise ValidationError({NEW_CAMPAIGN: {"name": [text]}})
    members = {
        "name": name,
        "starts_at": config.get("starts_at"),
        "ends_at": config.get("expires_at"),
        "time_zone": config.get("time_zone"),
    }
    return _load_part(NEW_CAMPAIGN, CreateCampaignSchema(), members)


def _load_count(form: Form) -> int:
    """Return how many codes to generate at once."""
    schema = GenerateCouponsSchema(only=("count",))
    members = read_fields(schema, form.entered, f"{FIRST_CODES}.")
    return _load_part(FIRST_CODES, schema, members).count if members else 0


def _load_part(name: str, schema: Schema, members: Mapping[str, Any]) -> Any:
    """Load what is created with the definition; its fields are named `NAME.…`."""
    try:
        return schema.load(members)
    except ValidationError as error:
        raise ValidationError({name: error.messages}) from None


def _read_members(form: Form, code_format: str = "") -> dict[str, Any]:
    """Return what was entered; `code_format` is that of a form without this field."""
    members = read_fields(CreateDefinitionSchema(), form.entered)
    config = members.setdefault("config", {})
    if code_format:
        config.setdefault("code_format", code_format)
    # Absent limits would be one use of each code; here, empty fields are no limit.
    config.setdefault("limits", {})
    config.pop("auto_generate", None)
    if config.get("code_format") == "custom":
        for name in RANDOM_FIELDS:
            config.pop(name, None)
    else:
        config.pop("claimable", None)
    return members


def read_changes(form: Form, definition: Definition, is_frozen: bool) -> dict[str, Any]:
    """Return the changes of a definition; what is emptied is reset.

    The rules of its codes are left out if they are frozen.
    """
    members = _read_members(form, definition.code_format.value)
    config = members["config"]
    for name in (*FROZEN_FIELDS, "code_check") if is_frozen else ("code_check",):
        config.pop(name, None)
    for name in (*NULLABLE_FIELDS, "expires_at"):
        if f"config.{name}" in form.entered:
            config.setdefault(name, None)
    for name in ("description", "campaign_id"):
        members.setdefault(name, None)
    loaded: dict[str, Any] = UpdateDefinitionSchema().load(members)
    return loaded


def fill(definition: Definition, name: str = "") -> Form:
    """Return a form with a definition; with another name, to copy it."""
    zone = get_zone(definition)
    config = {
        **serialize_definition_config(definition),
        "starts_at": format_entered_time(definition.starts_at, zone),
        "expires_at": format_entered_time(definition.expires_at, zone),
    }
    members = {
        "name": name or definition.name,
        "description": definition.description,
        "campaign_id": definition.campaign_id,
        "metadata": dict(definition.metadata) or None,
        "config": config,
    }
    return fill_form(CreateDefinitionSchema(), members)
