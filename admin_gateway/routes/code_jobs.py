"""Work on many codes over HTTP: revoke a batch or a user's, extend, import."""

from typing import Any

from flask import Response, g, request

from admin_gateway import requests
from admin_gateway.responses import codes as documents
from admin_gateway.responses import serializers
from coupon_core.domain import serialization
from coupon_core.domain.models import utc_now
from coupon_core.schemas.csv_import import read_rows
from coupon_core.services.codes import csv_import, jobs
from coupon_core.services.codes.csv_import import BadFile
from coupon_core.web.blueprint import JsonBlueprint, body_limit
from coupon_core.web.idempotency import in_steps
from coupon_core.web.request_stream import csv_body
from coupon_core.web.responses import json_response

MOST_BYTES = 268_435_456  # a million of the longest rows

routes = JsonBlueprint("code_jobs", __name__, description="Work on many codes")
imports = JsonBlueprint("imports", __name__, description="Codes from elsewhere")


@routes.route("/jobs")
@routes.response(200, documents.Jobs, example=documents.JOBS)
@routes.arguments(requests.ListQuery, location="query")
def list_all(query: dict[str, Any]) -> Response:
    """List the work on many codes, newest first."""
    found = jobs.listed(g.principal.tenant_id, **query)
    return serializers.listed("jobs", found, serialization.code_job)


@routes.route("/jobs/<job_id>")
@routes.response(200, documents.Job, example=documents.JOB)
def get(job_id: str) -> Response:
    """Show how far a job is."""
    return json_response(
        serialization.code_job(jobs.get(g.principal.tenant_id, job_id))
    )


@routes.route("/revoke", methods=["POST"])
@routes.response(200, documents.Job, example=documents.DONE_JOB)
@routes.alt_response(202, schema=documents.Job, example=documents.JOB)
@routes.arguments(requests.RevokeCodesBody, example={"batch_id": documents.BATCH_ID})
def revoke(body: dict[str, str]) -> Response:
    """Take all codes of a batch, or of a user, out of use, but those used up.

    200 when it is done, 202 when workers go on with it. Once the job is completed, no
    redeem of any of them begins and succeeds.
    """
    caller, now = g.principal, utc_now()
    kind = jobs.revoke_batch if "batch_id" in body else jobs.revoke_user
    (named,) = body.values()
    return serializers.job(kind(caller.tenant_id, named, caller.key_id or "", now))


@routes.route("/extend", methods=["POST"])
@routes.response(200, documents.Job, example=documents.DONE_EXTENSION)
@routes.alt_response(202, schema=documents.Job, example=documents.EXTENSION)
@routes.arguments(
    requests.ExtendCodesBody,
    example={"batch_id": documents.BATCH_ID, "expires_at": "2025-12-31T23:59:59Z"},
)
def extend(body: dict[str, Any]) -> Response:
    """Let all codes of a batch expire later; none will expire sooner."""
    caller = g.principal
    by = {"actor": caller.key_id or "", "now": utc_now()}
    return serializers.job(jobs.extend_batch(caller.tenant_id, **body, **by))


@imports.route("/<definition_id>/import", methods=["POST"])
@imports.response(201, documents.Import, example=documents.IMPORT)
@imports.alt_response(202, schema=documents.Import, example=documents.RUNNING_IMPORT)
@imports.doc(requestBody=documents.BODY)
@imports.arguments(requests.ImportQuery, location="query")
@body_limit(MOST_BYTES)
@in_steps
def import_codes(query: dict[str, str], definition_id: str) -> Response:
    """Take codes that exist elsewhere, as CSV: all of the file, or none of it.

    Columns: code, and if wanted user_id and expires_at. 201 when they are there, 202
    when workers go on making them; then nothing can stop it any more.
    """
    rows = read_rows(csv_body(request))
    partial, caller = query["partial"] == "true", g.principal
    ids = caller.tenant_id, definition_id
    try:
        done = csv_import.receive(*ids, rows, partial, caller.key_id or "", utc_now)
    except BadFile as error:
        raise serializers.bad_file(error.report) from None
    return serializers.imported(*done)
