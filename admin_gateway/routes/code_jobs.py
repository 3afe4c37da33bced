"""Routes for jobs on many codes: revoke, restore, extend, move the expiry, import."""

from collections.abc import Callable
from typing import Any

from flask import Response, g, request

from admin_gateway.requests.codes import (
    CodeExpirySchema,
    ExtendCodesSchema,
    ImportCodesQuerySchema,
    UserOrBatchSchema,
)
from admin_gateway.requests.csv_files import MAX_IMPORT_BYTES
from admin_gateway.requests.pagination import ListQuerySchema
from admin_gateway.responses import serializers
from admin_gateway.responses.codes import (
    BATCH_ID,
    COMPLETED_EXTENSION_JOB,
    COMPLETED_IMPORT,
    COMPLETED_RESTORATION_CHANGE,
    COMPLETED_REVOCATION,
    CSV_REQUEST_BODY,
    EXPIRY_DRY_RUN,
    EXPIRY_JOB,
    EXTENSION_JOB,
    RESTORATION_CHANGE,
    REVOCATION,
    RUNNING_IMPORT,
    CodeChangeSchema,
    CodeImportSchema,
    CodeJobListSchema,
    CodeJobSchema,
    ExpiryJobSchema,
)
from coupon_core.domain import serialization
from coupon_core.domain.models import utc_now
from coupon_core.domain.models.inventory import CodeJob, JobKind
from coupon_core.schemas.csv_import import read_rows
from coupon_core.services.codes import bulk_changes, csv_import, jobs
from coupon_core.services.codes.csv_import import ImportRejected
from coupon_core.web.blueprint import JsonBlueprint, limit_body
from coupon_core.web.idempotency import multi_transaction
from coupon_core.web.openapi.headers import LOCATION
from coupon_core.web.request_stream import parse_csv_options, stream_csv_body
from coupon_core.web.responses import json_response
from coupon_core.web.slow_requests import slow_request

routes = JsonBlueprint("code_jobs", __name__, description="Jobs on many codes")
imports = JsonBlueprint("imports", __name__, description="Import of existing codes")


@routes.route("/jobs")
@routes.response(200, CodeJobListSchema)
@routes.arguments(ListQuerySchema, location="query")
def list_all(query: dict[str, Any]) -> Response:
    """List jobs on many codes, newest first."""
    rows, total = jobs.list_jobs(g.principal.tenant_id, **query)
    documents = [serialization.serialize_code_job(row) for row in rows]
    return json_response({"jobs": documents, "total": total})


@routes.route("/jobs/<job_id>")
@routes.response(200, CodeJobSchema)
def get(job_id: str) -> Response:
    """Return a job and its progress."""
    job = jobs.get(g.principal.tenant_id, job_id)
    return json_response(serialization.serialize_code_job(job))


@routes.route("/revoke", methods=["POST"])
@routes.response(200, CodeChangeSchema, example=COMPLETED_REVOCATION, headers=LOCATION)
@routes.alt_response(202, schema=CodeChangeSchema, example=REVOCATION, headers=LOCATION)
@routes.arguments(UserOrBatchSchema, example={"batch_id": BATCH_ID})
@slow_request
def revoke(body: dict[str, Any]) -> Response:
    """Revoke all codes of a batch or of a user, except those used up.

    Answers 200 when the job is completed, and 202 when workers continue it. No redeem
    that starts after the job is completed succeeds for any of the codes. A dry run
    changes nothing and says how many codes would change, how many not, and why.
    """
    return _change(JobKind.REVOKE, bulk_changes.revoke, **body)


@routes.route("/restore", methods=["POST"])
@routes.response(
    200, CodeChangeSchema, example=COMPLETED_RESTORATION_CHANGE, headers=LOCATION
)
@routes.alt_response(
    202, schema=CodeChangeSchema, example=RESTORATION_CHANGE, headers=LOCATION
)
@routes.arguments(UserOrBatchSchema, example={"batch_id": BATCH_ID})
@slow_request
def restore(body: dict[str, Any]) -> Response:
    """Restore all revoked codes of a batch or of a user; they are valid as before.

    Left alone are codes that a re-issue replaced, codes returned for points, and codes
    revoked after the job began. A dry run changes nothing and says how many codes would
    change, how many not, and why.
    """
    return _change(JobKind.RESTORE, bulk_changes.restore, **body)


@routes.route("/expiry", methods=["POST"])
@routes.response(200, ExpiryJobSchema, example=EXPIRY_DRY_RUN, headers=LOCATION)
@routes.alt_response(202, schema=ExpiryJobSchema, example=EXPIRY_JOB, headers=LOCATION)
@routes.arguments(
    CodeExpirySchema,
    example={"batch_id": BATCH_ID, "expires_at": "2025-12-31T23:59:59Z"},
)
@slow_request
def change_expiry(body: dict[str, Any]) -> Response:
    """Move the expiry of the codes of a batch, a user or a definition.

    The new expiry may be earlier or later; null is that of the definition. Left alone
    are codes that are revoked, used up, or have that expiry already. A dry run changes
    nothing and says how many codes would change, and how many would not and why.
    """
    return _change(JobKind.EXPIRY, bulk_changes.change_expiry, **body)


def _change(
    kind: JobKind, start_job: Callable[..., CodeJob], dry_run: bool, **options: Any
) -> Response:
    if not dry_run:
        return serializers.job_response(_start(start_job, **options), dry_run=False)
    tenant_id = g.principal.tenant_id
    preview = bulk_changes.preview(tenant_id, kind, **options, now=utc_now())
    return serializers.preview_response(preview)


def _start(start_job: Callable[..., CodeJob], **options: Any) -> CodeJob:
    caller = g.principal
    actor = caller.key_id or ""
    return start_job(caller.tenant_id, **options, actor=actor, now=utc_now())


@routes.route("/extend", methods=["POST"])
@routes.response(200, CodeJobSchema, example=COMPLETED_EXTENSION_JOB, headers=LOCATION)
@routes.alt_response(202, schema=CodeJobSchema, example=EXTENSION_JOB, headers=LOCATION)
@routes.arguments(
    ExtendCodesSchema,
    example={"batch_id": BATCH_ID, "expires_at": "2025-12-31T23:59:59Z"},
)
def extend(body: dict[str, Any]) -> Response:
    """Extend the expiry of all codes of a batch. No code will expire sooner."""
    return serializers.job_response(_start(bulk_changes.extend_batch, **body))


@imports.route("/<definition_id>/import", methods=["POST"])
@imports.response(201, CodeImportSchema, example=COMPLETED_IMPORT, headers=LOCATION)
@imports.alt_response(
    202, schema=CodeImportSchema, example=RUNNING_IMPORT, headers=LOCATION
)
@imports.doc(requestBody=CSV_REQUEST_BODY)
@imports.arguments(ImportCodesQuerySchema, location="query")
@limit_body(MAX_IMPORT_BYTES)
@multi_transaction
@slow_request
def import_codes(query: dict[str, Any], definition_id: str) -> Response:
    """Import existing codes from CSV: the whole file, or nothing.

    Columns: code, and optionally user_id and expires_at, or those of an export. UTF-8
    or UTF-16; comma, semicolon or tab. Codes that an export shows as redeemed, revoked
    or expired are refused, unless `skip_used` leaves them out. An expiry that comes
    from a definition (`expires_from`) is not imported: the codes follow their new
    definition. Answers 201 when all codes are imported, and 202 when workers continue;
    the import can then not be stopped.
    """
    caller = g.principal
    options = parse_csv_options(request, query["ignore_columns"])
    try:
        job, report = csv_import.import_codes(
            caller.tenant_id,
            definition_id,
            rows=read_rows(stream_csv_body(request), options),
            partial=query["allow_partial"] == "true",
            actor=caller.key_id or "",
            clock=utc_now,
            skip_used=query["skip_used"] == "true",
        )
    except ImportRejected as error:
        raise serializers.invalid_file_error(error.report) from None
    return serializers.import_response(job, report)
