"""Query parameters of the list of batches."""

from admin_gateway.requests.fields import EnumField
from admin_gateway.requests.pagination import ListQuerySchema
from coupon_core.domain.models.batches import BatchState
from coupon_core.schemas.identifiers import UuidField


class BatchQuerySchema(ListQuerySchema):
    """Page and filters of the list of batches."""

    state = EnumField(BatchState)
    definition_id = UuidField()
