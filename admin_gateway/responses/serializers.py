"""The answers of the admin gateway: values of the core in, JSON out."""

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
from coupon_core.domain.models.batches import Batch, Room
from coupon_core.domain.models.inventory import (
    CodeJob,
    JobState,
    Moment,
    StockedCoupon,
)
from coupon_core.schemas.errors import Detail, Problem
from coupon_core.services import batches
from coupon_core.services.codes.csv_import import Report
from coupon_core.services.coupons.generation import Made
from coupon_core.services.events import dead_letters
from coupon_core.web.responses import json_response

Document = dict[str, Any]


def created(body: Document, new_id: str) -> Response:
    """The 201 for something that is now to be found below the path asked for."""
    return json_response(body, 201, {"Location": f"{request.path}/{new_id}"})


def listed(
    name: str, found: tuple[Sequence[Any], int], shown: Callable[[Any], Document]
) -> Response:
    """A page of a list; `total` counts all matches."""
    rows, total = found
    return json_response({name: [shown(row) for row in rows], "total": total})


def coupons(found: tuple[Sequence[IssuedCoupon], int], now: datetime) -> Document:
    """A list of coupons."""
    return serialization.coupons("coupons", *found, now)


def generated(made: Made, now: datetime) -> Document:
    """The coupons asked for; a user who held the shared code keeps it, so not new."""
    found = made.coupons, len(made.coupons)
    return {**coupons(found, now), "generated": made.new_count}


def stats(definition_id: str, of: DefinitionStats) -> Document:
    """How the coupons of a definition stand."""
    counts = {status.value: count for status, count in of.coupon_counts.items()}
    return {
        "definition_id": definition_id,
        "coupons": counts,
        "total": sum(counts.values()),
        "redemptions": of.redemption_count,
    }


def room(definition_id: str, of: Room) -> Document:
    """How full a code space is, and how likely a guess of the right form hits."""
    left = of.most - of.used_count - of.reserved_count
    return {
        "definition_id": definition_id,
        "space": of.space,
        "limit": of.most,
        "used": of.used_count,
        "reserved": of.reserved_count,
        "remaining": max(0, left),
        "used_share": of.used_count / of.space,
        "one_guess_in": of.space // of.used_count if of.used_count else None,
    }


def api_key(key: ApiKey) -> Document:
    """An API key without the key itself."""
    return {
        "key_id": key.key_id,
        "name": key.name,
        "scopes": sorted(scope.value for scope in key.scopes),
        "created_at": serialization.time_text(key.created_at),
        "expires_at": serialization.time_text(key.expires_at),
        "revoked_at": serialization.time_text(key.revoked_at),
    }


def secret(of: TenantSecret) -> Document:
    """A tenant's secret without the secret itself."""
    return {
        "secret_id": of.secret_id,
        "created_at": serialization.time_text(of.created_at),
    }


def batch(of: Batch) -> Document:
    """How far a batch is."""
    rate, eta = batches.pace(of)
    return {
        "batch_id": of.batch_id,
        "tenant_id": of.tenant_id,
        "definition_id": of.definition_id,
        "kind": of.kind,
        "state": of.state.value,
        "requested": of.requested_count,
        "generated": of.generated_count,
        "rate_per_second": rate and round(rate, 1),
        "eta_seconds": eta and round(eta, 1),
        "error": of.error or None,
        "expires_at": serialization.time_text(of.expires_at),
        "created_at": serialization.time_text(of.created_at),
        "started_at": serialization.time_text(of.started_at),
        "updated_at": serialization.time_text(of.updated_at),
        "finished_at": serialization.time_text(of.finished_at),
    }


def accepted_batch(of: Batch) -> Response:
    """The 202 for coupons that workers make."""
    path = f"/v1/tenants/{of.tenant_id}/batches/{of.batch_id}"
    return json_response(batch(of), 202, {"Location": path})


def dead_letter(of: DeadLetter) -> Document:
    """A dead letter; what is no text is in base64."""
    text = dead_letters.text_of(of)
    return {
        "id": of.letter_id,
        "tenant_id": of.tenant_id,
        "queue": of.queue,
        "routing_key": of.routing_key,
        "content_type": of.content_type,
        "reason": of.reason,
        "body": base64.b64encode(of.body).decode() if text is None else text,
        "body_encoding": "base64" if text is None else "text",
        "received_at": serialization.time_text(of.received_at),
    }


def stocked(of: StockedCoupon, now: datetime) -> Document:
    """A coupon with the batch that it was made in."""
    return {**serialization.coupon(of.issued, now), "batch_id": of.batch_id}


def told(of: StockedCoupon, moments: Sequence[Moment], now: datetime) -> Document:
    """A coupon with all that became of it."""
    entries = [
        {
            "at": serialization.time_text(moment.at),
            "event": moment.event,
            "by": moment.by or None,
            **(moment.more or {}),
        }
        for moment in moments
    ]
    return {**stocked(of, now), "timeline": entries}


def job(of: CodeJob) -> Response:
    """Work that is done, or that workers go on with."""
    is_done = of.state == JobState.COMPLETED
    return json_response(
        serialization.code_job(of), 200 if is_done else 202, _found_at(of)
    )


def _found_at(of: CodeJob) -> dict[str, str]:
    return {"Location": f"/v1/tenants/{of.tenant_id}/codes/jobs/{of.job_id}"}


def imported(of: CodeJob, report: Report) -> Response:
    """Codes that are imported, or that workers go on making."""
    body = import_document(of, report)
    status = 201 if of.state == JobState.COMPLETED else 202
    return json_response(body, status, _found_at(of))


def import_document(of: CodeJob, report: Report) -> Document:
    """The job of an import, with the lines that were left out."""
    bad = [{"line": row.line, "reason": row.reason} for row in report.bad_rows]
    return {**serialization.code_job(of), "rejected": report.bad_count, "bad_rows": bad}


def bad_file(report: Report) -> Problem:
    """The 400 that names the first bad lines."""
    bad = [Detail(row.reason, f"line {row.line}", "body") for row in report.bad_rows]
    if not bad:
        text = "Invalid body: the file has no codes"
        return Problem(400, "NO_CODES", text, [Detail(text, "", "body")])
    lines = f"{report.bad_count:,} of {report.bad_count + report.good_count:,} lines"
    text = f"Nothing imported, for {lines} cannot be: {bad[0].path}: {bad[0].message}"
    return Problem(400, "BAD_LINES", text, bad)
