"""Serializers from values of the core to JSON responses."""

import base64
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from flask import Response, request

from coupon_core.domain import serialization
from coupon_core.domain.models import (
    ApiKey,
    DeadLetter,
    DefinitionStats,
    IssuedCoupon,
    TenantSecret,
)
from coupon_core.domain.models.batches import Batch, CodeCapacity
from coupon_core.domain.models.inventory import (
    CodeJob,
    CouponWithBatch,
    JobState,
    TimelineEntry,
)
from coupon_core.domain.timestamps import format_timestamp
from coupon_core.schemas.errors import ApiError, ErrorDetail
from coupon_core.services import batches
from coupon_core.services.codes.csv_import import ImportReport
from coupon_core.services.coupons.generation import GenerationResult
from coupon_core.services.events import dead_letters
from coupon_core.web.responses import json_response

Document = dict[str, Any]


def created_response(body: Document, new_id: str) -> Response:
    """Return a 201 whose Location is the request path plus the new id."""
    return json_response(body, 201, headers={"Location": f"{request.path}/{new_id}"})


def page_response(
    name: str,
    rows_and_total: tuple[Sequence[Any], int],
    serialize: Callable[[Any], Document],
) -> Response:
    """Return a page of a list; `total` counts all matches."""
    rows, total = rows_and_total
    return json_response({name: [serialize(row) for row in rows], "total": total})


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


def serialize_api_key(key: ApiKey) -> Document:
    """Return an API key without the key itself as JSON."""
    return {
        "key_id": key.key_id,
        "name": key.name,
        "scopes": sorted(scope.value for scope in key.scopes),
        "created_at": format_timestamp(key.created_at),
        "expires_at": format_timestamp(key.expires_at),
        "revoked_at": format_timestamp(key.revoked_at),
    }


def serialize_tenant_secret(secret: TenantSecret) -> Document:
    """Return a tenant's secret without the secret itself as JSON."""
    return {
        "secret_id": secret.secret_id,
        "created_at": format_timestamp(secret.created_at),
    }


def serialize_batch(batch: Batch) -> Document:
    """Return a batch and its progress as JSON."""
    rate, eta = batches.estimate_progress(batch)
    return {
        "batch_id": batch.batch_id,
        "tenant_id": batch.tenant_id,
        "definition_id": batch.definition_id,
        "kind": batch.kind,
        "state": batch.state.value,
        "requested": batch.requested_count,
        "generated": batch.generated_count,
        "rate_per_second": rate and round(rate, 1),
        "eta_seconds": eta and round(eta, 1),
        "error": batch.error or None,
        "expires_at": format_timestamp(batch.expires_at),
        "created_at": format_timestamp(batch.created_at),
        "started_at": format_timestamp(batch.started_at),
        "updated_at": format_timestamp(batch.updated_at),
        "finished_at": format_timestamp(batch.finished_at),
    }


def batch_accepted_response(batch: Batch) -> Response:
    """Return the 202 for coupons that workers will generate."""
    path = f"/v1/tenants/{batch.tenant_id}/batches/{batch.batch_id}"
    return json_response(serialize_batch(batch), 202, headers={"Location": path})


def serialize_dead_letter(letter: DeadLetter) -> Document:
    """Return a dead letter as JSON; a body that is not text is in base64."""
    text = dead_letters.decode_body(letter)
    return {
        "id": letter.letter_id,
        "tenant_id": letter.tenant_id,
        "queue": letter.queue,
        "routing_key": letter.routing_key,
        "content_type": letter.content_type,
        "reason": letter.reason,
        "body": base64.b64encode(letter.body).decode() if text is None else text,
        "body_encoding": "base64" if text is None else "text",
        "received_at": format_timestamp(letter.received_at),
    }


def serialize_coupon_with_batch(coupon: CouponWithBatch, now: datetime) -> Document:
    """Return a coupon with the batch that it was generated in as JSON."""
    return {
        **serialization.serialize_coupon(coupon.issued, now),
        "batch_id": coupon.batch_id,
    }


def serialize_coupon_with_timeline(
    coupon: CouponWithBatch, timeline: Sequence[TimelineEntry], now: datetime
) -> Document:
    """Return a coupon with its timeline as JSON."""
    entries = [
        {
            "at": format_timestamp(entry.occurred_at),
            "event": entry.event,
            "by": entry.actor or None,
            **(entry.details or {}),
        }
        for entry in timeline
    ]
    return {**serialize_coupon_with_batch(coupon, now), "timeline": entries}


def job_response(job: CodeJob) -> Response:
    """Return 200 for a completed job, 202 if workers continue it."""
    status = 200 if job.state == JobState.COMPLETED else 202
    return json_response(
        serialization.serialize_code_job(job),
        status,
        headers=_build_location_header(job),
    )


def _build_location_header(job: CodeJob) -> dict[str, str]:
    return {"Location": f"/v1/tenants/{job.tenant_id}/codes/jobs/{job.job_id}"}


def import_response(job: CodeJob, report: ImportReport) -> Response:
    """Return 201 for a completed import, 202 if workers continue it."""
    body = serialize_import(job, report)
    status = 201 if job.state == JobState.COMPLETED else 202
    return json_response(body, status, headers=_build_location_header(job))


def serialize_import(job: CodeJob, report: ImportReport) -> Document:
    """Return an import job with its rejected lines as JSON."""
    return {
        **serialization.serialize_code_job(job),
        "rejected": report.rejected_count,
        "bad_rows": [
            {"line": row.line, "reason": row.reason} for row in report.rejected_rows
        ],
    }


def invalid_file_error(report: ImportReport, skip_used_hint: str) -> ApiError:
    """Return the 400 that names the first invalid lines.

    `skip_used_hint` says how to leave used codes out, in the words of the interface.
    """
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
            f"{skip_used_hint}"
        )
    return ApiError(400, "BAD_LINES", text, details)
