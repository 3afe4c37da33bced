"""Which batches a list shows."""

from admin_gateway.requests.fields import Word
from admin_gateway.requests.pagination import ListQuery
from coupon_core.domain.models.batches import BatchState
from coupon_core.schemas.identifiers import UuidText


class BatchQuery(ListQuery):
    """Which batches of a tenant a list shows."""

    state = Word(BatchState)
    definition_id = UuidText()
