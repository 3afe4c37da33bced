"""How fast a batch is generated, and how long it will still take."""

from coupon_core.domain.models.batches import Batch, BatchState


def estimate_progress(batch: Batch) -> tuple[float | None, float | None]:
    """Return the coupons generated per second, and the seconds until completion.

    Both are None before the second chunk is finished. The second is None unless the
    batch is running.
    """
    # `started_at` and `updated_at` are both taken when a chunk begins, so the interval
    # between them covers one chunk less than are finished.
    chunks = batch.finished_chunk_count - 1
    if batch.started_at is None or chunks < 1:
        return None, None
    seconds = max(0.001, (batch.updated_at - batch.started_at).total_seconds())
    rate = batch.generated_count * chunks / batch.finished_chunk_count / seconds
    remaining_chunks = batch.chunk_count - batch.finished_chunk_count
    eta = seconds / chunks * remaining_chunks
    return rate, eta if batch.state == BatchState.RUNNING else None
