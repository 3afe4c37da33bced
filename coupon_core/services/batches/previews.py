"""Dry runs of batches: the checks of a request, without the batch."""

from datetime import datetime

from coupon_core.domain.models.batches import Batch
from coupon_core.persistence.database import discarded_transaction
from coupon_core.services.batches import requests
from coupon_core.services.batches.requests import BatchRequest


def preview(
    tenant_id: str, definition_id: str, batch_request: BatchRequest, now: datetime
) -> Batch:
    """Return the batch that a request would become; store nothing.

    Raises:
        Refused: The request would be refused.
    """
    with discarded_transaction():
        batch = requests.request(
            tenant_id, definition_id, batch_request=batch_request, now=now
        )
    return batch
