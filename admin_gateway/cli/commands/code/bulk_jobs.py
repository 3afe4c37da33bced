"""Complete a bulk job, and say what it has changed and what it has left alone."""

from collections.abc import Mapping
from typing import Any

from admin_gateway.cli.output import print_status
from admin_gateway.cli.progress import job_progress_reporter, progress_bar
from coupon_core.domain import serialization
from coupon_core.domain.models.inventory import CodeJob, SkipReason
from coupon_core.services.codes import jobs

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


def finish_job(started_job: CodeJob) -> dict[str, Any]:
    """Complete a job together with the workers, and return its document."""
    with progress_bar(
        started_job.kind.value, started_job.total_count or None
    ) as report_progress:
        finished_job = jobs.run_to_completion(
            started_job, job_progress_reporter(report_progress)
        )
    document = serialize_job(finished_job)
    done, skipped = finished_job.done_count, finished_job.skipped_count
    start = f"Codes changed: {done:,}" if done else "Nothing was changed"
    reason = f" ({document['skipped_reason']})" if document["skipped_reason"] else ""
    print_status(f"{start}; left alone: {skipped:,}{reason}.")
    return document


def serialize_job(job: CodeJob) -> dict[str, Any]:
    """Return a job with a text that says why it has left codes alone."""
    reasons = [
        f"{count:,} {REASON_TEXTS[reason]}"
        for reason, count in sorted(job.skipped_reasons.items())
    ]
    text = ", ".join(reasons) or None
    return {**serialization.serialize_code_job(job), "skipped_reason": text}
