"""Which batches a list shows."""

from admin_gateway.requests.fields import EnumField
from admin_gateway.requests.pagination import ListQuerySchema
from coupon_core.domain.models.batches import BatchState
from coupon_core.schemas.identifiers import UuidField


class BatchQuerySchema(ListQuerySchema):
    """Which batches of a tenant a list shows."""

    state = EnumField(BatchState)
    definition_id = UuidField()
