"""Follow what workers do in the background; beside the database, do it with them."""

import math
from collections.abc import Mapping
from typing import Any

from admin_gateway.cli.connections import find_connection
from admin_gateway.cli.names import Admin
from admin_gateway.cli.output import exit_with_failure, print_status
from admin_gateway.cli.progress import ProgressReporter, progress_bar
from admin_gateway.cli.tables import Document
from coupon_core.domain.models.inventory import SkipReason

REASON_TEXTS: Mapping[str, str] = {
    SkipReason.REVOKED: "revoked",
    SkipReason.NOT_REVOKED: "not revoked",
    SkipReason.RETURNED: "returned for points",
    SkipReason.REISSUED: "replaced by a re-issue",
    SkipReason.USED_UP: "used up",
    SkipReason.NO_EXPIRY: "without an expiry",
    SkipReason.VALID_LONGER: "valid at least as long already",
    SkipReason.SAME_EXPIRY: "with this expiry already",
}


def follow_batch(
    admin: Admin, batch: Document, *, helps_workers: bool = False
) -> Document:
    """Show the progress of a batch until it ends or Ctrl-C is pressed; return it."""
    batch_id = batch["batch_id"]
    try:
        with progress_bar("coupons", batch["requested"]) as report:
            if helps_workers and not find_connection():
                _generate_chunks(admin.tenant_id, batch_id, report)
            finished = admin.batches.wait(
                batch_id,
                progress=lambda current: report(current.generated),
                timeout=math.inf,
            )
            batch = dict(finished.raw)
    except KeyboardInterrupt:
        print_status(
            "The batch continues. Show its progress with: "
            f"couponctl batch watch --tenant {admin.tenant_id} {batch_id}"
        )
        batch = admin.call("GET", "batches", batch_id)
    if batch["state"] == "failed":
        exit_with_failure()
    return batch


def _generate_chunks(tenant_id: str, batch_id: str, report: ProgressReporter) -> None:
    from coupon_core.domain.models import utc_now
    from coupon_core.services import batches

    # Workers start with the first chunk, so this process starts with the last.
    for number in range(batches.get(tenant_id, batch_id).chunk_count, 0, -1):
        batches.generate_chunk((tenant_id, batch_id, number), utc_now())
        report(batches.get(tenant_id, batch_id).generated_count)


def finish_job(admin: Admin, job: Document) -> Document:
    """Show the progress of a job until it ends; return what it has become."""
    if job["state"] == "completed":
        return job
    with progress_bar(job["kind"], job["total"]) as report:
        if not find_connection():
            _run_job(admin.tenant_id, job["job_id"], report)
        finished = admin.jobs.wait(
            job["job_id"],
            progress=lambda current: report(current.done + current.skipped),
            timeout=math.inf,
        )
    return {**job, **finished.raw}


def _run_job(tenant_id: str, job_id: str, report: ProgressReporter) -> None:
    from coupon_core.services.codes import jobs

    jobs.run_to_completion(
        jobs.get(tenant_id, job_id),
        lambda job: report(job.done_count + job.skipped_count),
    )


def describe_job(job: Mapping[str, Any]) -> Document:
    """Return a job with a text that says why it has left codes alone."""
    reasons = [
        f"{count:,} {REASON_TEXTS.get(reason, reason)}"
        for reason, count in sorted(job["skipped_reasons"].items())
    ]
    return {**job, "skipped_reason": ", ".join(reasons) or None}
