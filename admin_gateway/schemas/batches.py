"""Which batches a list shows."""

from coupon_core.model.batches import BatchState
from coupon_core.web.identifiers import UuidText

from .lists import ListQuery
from .words import Word


class BatchQuery(ListQuery):
    """Which batches of a tenant a list shows."""

    state = Word(BatchState)
    definition_id = UuidText()
