"""Request schemas for reward items (docs/api-contracts.md 1.3)."""

from admin_gateway.requests.pagination import ListQuerySchema
from coupon_core.schemas.base import StrictSchema
from coupon_core.schemas.fields import StrictObject, StrictString
from coupon_core.schemas.metadata import MetadataField
from coupon_core.schemas.names import NameField

MAX_DESCRIPTION_LENGTH = 2_000
MAX_REWARD_TYPE_LENGTH = 64
PAYLOAD_METADATA = {
    "description": "Data that the game needs to grant the reward; stored as sent."
}
REWARD_TYPE_METADATA = {
    "description": "Your own type, such as points, currency, item or badge."
}


class UpdateRewardItemSchema(StrictSchema):
    """PATCH: the members of a reward item to change."""

    name = NameField()
    description = StrictString(
        min_length=0, max_length=MAX_DESCRIPTION_LENGTH, multiline=True
    )
    reward_type = StrictString(
        max_length=MAX_REWARD_TYPE_LENGTH, metadata=REWARD_TYPE_METADATA
    )
    payload = StrictObject(metadata=PAYLOAD_METADATA)
    metadata = MetadataField()


class CreateRewardItemSchema(UpdateRewardItemSchema):
    """POST and PUT: a complete reward item."""

    name = NameField(required=True)
    description = StrictString(
        min_length=0, max_length=MAX_DESCRIPTION_LENGTH, multiline=True, load_default=""
    )
    reward_type = StrictString(
        max_length=MAX_REWARD_TYPE_LENGTH, required=True, metadata=REWARD_TYPE_METADATA
    )
    payload = StrictObject(load_default=dict, metadata=PAYLOAD_METADATA)
    metadata = MetadataField(load_default=dict)


class RewardItemQuerySchema(ListQuerySchema):
    """Page and filters of the list of reward items."""

    reward_type = StrictString(max_length=MAX_REWARD_TYPE_LENGTH)
