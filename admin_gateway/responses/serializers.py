"""Serializers from values of the core to JSON responses."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask import Response, request

from admin_gateway.responses.batches import serialize_batch
from coupon_core.domain import serialization
from coupon_core.domain.models import DefinitionStats, IssuedCoupon
from coupon_core.domain.models.batches import Batch, CodeCapacity
from coupon_core.domain.models.inventory import (
    CodeJob,
    CouponWithBatch,
    JobState,
    TimelineEntry,
)
from coupon_core.domain.timestamps import format_timestamp
from coupon_core.schemas.base import Document
from coupon_core.schemas.csv_options import SKIP_USED_HINT
from coupon_core.schemas.errors import ApiError, ErrorDetail
from coupon_core.services.codes.csv_import import ImportReport
from coupon_core.services.coupons.generation import GenerationResult
from coupon_core.web.responses import json_response


def build_location_header(new_id: str | int) -> dict[str, str]:
    """Return the Location of a created object: the request path plus the new id."""
    return {"Location": f"{request.path}/{new_id}"}


def to_page(name: str, rows_and_total: tuple[Sequence[Any], int]) -> Document:
    """Return a page of a list under a name; `total` counts all matches."""
    rows, total = rows_and_total
    return {name: rows, "total": total}


def serialize_coupons(
    coupons_and_total: tuple[Sequence[IssuedCoupon], int], now: datetime
) -> Document:
    """Return a list of coupons as JSON."""
    coupons, total = coupons_and_total
    return serialization.serialize_coupon_list("coupons", coupons, total=total, now=now)


def serialize_generation_result(result: GenerationResult, now: datetime) -> Document:
    """Return the requested coupons as JSON; `generated` counts the new ones.

    A user who already held the shared code keeps that coupon.
    """
    coupons_and_total = result.coupons, len(result.coupons)
    return {**serialize_coupons(coupons_and_total, now), "generated": result.new_count}


def serialize_definition_stats(definition_id: str, stats: DefinitionStats) -> Document:
    """Return the coupon counts of a definition as JSON."""
    counts = {status.value: count for status, count in stats.coupon_counts.items()}
    return {
        "definition_id": definition_id,
        "coupons": counts,
        "total": sum(counts.values()),
        "redemptions": stats.redemption_count,
    }


def serialize_code_capacity(definition_id: str, capacity: CodeCapacity) -> Document:
    """Return how full a code space is, and how likely a well-formed guess succeeds."""
    remaining = capacity.max_count - capacity.used_count - capacity.reserved_count
    return {
        "definition_id": definition_id,
        "space": capacity.code_space_size,
        "limit": capacity.max_count,
        "used": capacity.used_count,
        "reserved": capacity.reserved_count,
        "remaining": max(0, remaining),
        "used_share": capacity.used_count / capacity.code_space_size,
        "one_guess_in": capacity.code_space_size // capacity.used_count
        if capacity.used_count
        else None,
    }


def batch_accepted_response(batch: Batch) -> Response:
    """Return the 202 for coupons that workers will generate."""
    path = f"/v1/tenants/{batch.tenant_id}/batches/{batch.batch_id}"
    return json_response(serialize_batch(batch), 202, headers={"Location": path})


def serialize_coupon_with_batch(coupon: CouponWithBatch, now: datetime) -> Document:
    """Return a coupon with its batch and its metadata as JSON."""
    return {
        **serialization.serialize_coupon(coupon.issued, now),
        "batch_id": coupon.batch_id,
        "metadata": dict(coupon.metadata),
    }


def serialize_timeline(timeline: Sequence[TimelineEntry]) -> list[Document]:
    """Return the entries of a timeline as JSON."""
    return [
        {
            "at": format_timestamp(entry.occurred_at),
            "event": entry.event,
            "by": entry.actor or None,
            **(entry.details or {}),
        }
        for entry in timeline
    ]


def job_response(job: CodeJob, **members: Any) -> Response:
    """Return 200 for a completed job, 202 if workers continue it."""
    status = 200 if job.state == JobState.COMPLETED else 202
    return json_response(
        {**serialization.serialize_code_job(job), **members},
        status,
        headers=_build_job_location(job),
    )


def preview_response(preview: CodeJob) -> Response:
    """Return what a job would do; it is not stored, and therefore has no ID."""
    document = serialization.serialize_code_job(preview)
    return json_response({**document, "job_id": None, "dry_run": True})


def _build_job_location(job: CodeJob) -> dict[str, str]:
    return {"Location": f"/v1/tenants/{job.tenant_id}/codes/jobs/{job.job_id}"}


def import_response(job: CodeJob, report: ImportReport) -> Response:
    """Return 201 for a completed import, 202 if workers continue it."""
    body = serialize_import(job, report)
    status = 201 if job.state == JobState.COMPLETED else 202
    return json_response(body, status, headers=_build_job_location(job))


def serialize_import(job: CodeJob, report: ImportReport) -> Document:
    """Return an import job with its rejected lines as JSON."""
    return {
        **serialization.serialize_code_job(job),
        "rejected": report.rejected_count,
        "bad_rows": [
            {"line": row.line, "reason": row.reason} for row in report.rejected_rows
        ],
    }


def invalid_file_error(report: ImportReport) -> ApiError:
    """Return the 400 that names the first invalid lines."""
    details = [
        ErrorDetail(row.reason, f"line {row.line}", target="body")
        for row in report.rejected_rows
    ]
    if not details:
        text = "Invalid body: the file has no codes"
        if report.skipped_count:
            text += f" to import; {report.skipped_count:,} are used and were skipped"
        details = [ErrorDetail(text, "", target="body")]
        return ApiError(400, "NO_CODES", text, details)
    line_count = report.rejected_count + report.valid_count
    text = (
        f"Nothing imported, because {report.rejected_count:,} of {line_count:,} lines "
        f"are invalid: {details[0].path}: {details[0].message}"
    )
    if report.used_count > report.skipped_count:
        text += (
            f". {report.used_count:,} codes are redeemed, revoked or expired: "
            f"{SKIP_USED_HINT}"
        )
    return ApiError(400, "BAD_LINES", text, details)
