"""Work on many codes over HTTP: revoke a batch or a user's, extend, import."""

from typing import Any

from flask import Response, g, request

from admin_gateway import requests
from admin_gateway.responses import codes as code_responses
from admin_gateway.responses import serializers
from coupon_core.domain import serialization
from coupon_core.domain.models import utc_now
from coupon_core.schemas.csv_import import read_rows
from coupon_core.services.codes import csv_import, jobs
from coupon_core.services.codes.csv_import import ImportRejected
from coupon_core.web.blueprint import JsonBlueprint, limit_body
from coupon_core.web.idempotency import multi_transaction
from coupon_core.web.request_stream import stream_csv_body
from coupon_core.web.responses import json_response

MAX_BODY_BYTES = 268_435_456  # a million of the longest rows

routes = JsonBlueprint("code_jobs", __name__, description="Work on many codes")
imports = JsonBlueprint("imports", __name__, description="Codes from elsewhere")


@routes.route("/jobs")
@routes.response(200, code_responses.CodeJobListSchema, example=code_responses.JOBS)
@routes.arguments(requests.ListQuerySchema, location="query")
def list_all(query: dict[str, Any]) -> Response:
    """List the work on many codes, newest first."""
    rows_and_total = jobs.list_jobs(g.principal.tenant_id, **query)
    return serializers.page_response(
        "jobs", rows_and_total, serialization.serialize_code_job
    )


@routes.route("/jobs/<job_id>")
@routes.response(200, code_responses.CodeJobSchema, example=code_responses.JOB)
def get(job_id: str) -> Response:
    """Show how far a job is."""
    return json_response(
        serialization.serialize_code_job(jobs.get(g.principal.tenant_id, job_id))
    )


@routes.route("/revoke", methods=["POST"])
@routes.response(
    200, code_responses.CodeJobSchema, example=code_responses.COMPLETED_JOB
)
@routes.alt_response(
    202, schema=code_responses.CodeJobSchema, example=code_responses.JOB
)
@routes.arguments(
    requests.RevokeCodesSchema, example={"batch_id": code_responses.BATCH_ID}
)
def revoke(body: dict[str, Any]) -> Response:
    """Take all codes of a batch, or of a user, out of use, but those used up.

    200 when it is done, 202 when workers go on with it. Once the job is completed, no
    redeem of any of them begins and succeeds.
    """
    caller = g.principal
    start_job = jobs.revoke_batch if "batch_id" in body else jobs.revoke_user
    (target_id,) = body.values()
    job = start_job(
        caller.tenant_id, target_id, actor=caller.key_id or "", now=utc_now()
    )
    return serializers.job_response(job)


@routes.route("/extend", methods=["POST"])
@routes.response(
    200, code_responses.CodeJobSchema, example=code_responses.COMPLETED_EXTENSION_JOB
)
@routes.alt_response(
    202, schema=code_responses.CodeJobSchema, example=code_responses.EXTENSION_JOB
)
@routes.arguments(
    requests.ExtendCodesSchema,
    example={"batch_id": code_responses.BATCH_ID, "expires_at": "2025-12-31T23:59:59Z"},
)
def extend(body: dict[str, Any]) -> Response:
    """Let all codes of a batch expire later; none will expire sooner."""
    caller = g.principal
    job = jobs.extend_batch(
        caller.tenant_id, **body, actor=caller.key_id or "", now=utc_now()
    )
    return serializers.job_response(job)


@imports.route("/<definition_id>/import", methods=["POST"])
@imports.response(
    201, code_responses.CodeImportSchema, example=code_responses.COMPLETED_IMPORT
)
@imports.alt_response(
    202, schema=code_responses.CodeImportSchema, example=code_responses.RUNNING_IMPORT
)
@imports.doc(requestBody=code_responses.CSV_REQUEST_BODY)
@imports.arguments(requests.ImportCodesQuerySchema, location="query")
@limit_body(MAX_BODY_BYTES)
@multi_transaction
def import_codes(query: dict[str, str], definition_id: str) -> Response:
    """Take codes that exist elsewhere, as CSV: all of the file, or none of it.

    Columns: code, and if wanted user_id and expires_at. 201 when they are there, 202
    when workers go on making them; then nothing can stop it any more.
    """
    caller = g.principal
    try:
        job, report = csv_import.import_codes(
            caller.tenant_id,
            definition_id,
            rows=read_rows(stream_csv_body(request)),
            partial=query["allow_partial"] == "true",
            actor=caller.key_id or "",
            clock=utc_now,
        )
    except ImportRejected as error:
        raise serializers.invalid_file_error(error.report) from None
    return serializers.import_response(job, report)
