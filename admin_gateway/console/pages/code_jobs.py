"""Jobs on many codes: imports, revocations, restorations, new expiries."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Response, g, request
from flask.typing import ResponseReturnValue

from admin_gateway.console import definition_choices
from admin_gateway.console.formats import DEFAULT_ZONE
from admin_gateway.console.page import Page
from admin_gateway.console.rendering import render, render_progress
from admin_gateway.console.tables import Column, read_by_offset, respond_with_table
from admin_gateway.console.texts import N_
from coupon_core.domain.models.inventory import CodeJob, JobState
from coupon_core.schemas.identifiers import is_uuid
from coupon_core.services import batches
from coupon_core.services.codes import jobs

page = Page("code_jobs", title=N_("Jobs"), path="/jobs", group=N_("Codes"), key="j")


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose codes a job changes: a definition's or a user's, and the zone of times."""

    name: str
    zone: str


COLUMNS = (
    Column("created_at", N_("Started"), lambda job: job.created_at),
    Column("kind", N_("Job"), lambda job: job.kind),
    Column("codes_of", N_("Codes of"), lambda job: _find_subject(job).name),
    Column("state", N_("State"), lambda job: job.state),
    Column("done", N_("Changed"), lambda job: job.done_count),
    Column("skipped", N_("Left alone"), lambda job: job.skipped_count),
)


@page.view("", mirrors="code_jobs.list_all")
def index() -> ResponseReturnValue:
    """List the jobs, newest first; with `definition_id`, those on its codes."""
    tenant_id = g.principal.tenant_id
    definition_id = request.args.get("definition_id", "")
    filters = {"definition_id": definition_id} if is_uuid(definition_id) else {}
    return respond_with_table(
        "code_jobs/index.html",
        COLUMNS,
        read_by_offset(lambda part: jobs.list_jobs(tenant_id, part, **filters)),
        describe_rows=_describe_rows,
    )


def _describe_rows(rows: Sequence[CodeJob]) -> dict[str, Any]:
    ids = (job.definition_id for job in rows if job.definition_id)
    definition_choices.read_definitions(ids)
    return {"subjects": {job.job_id: _find_subject(job) for job in rows}}


@page.view("/<uuid:job_id>", mirrors="code_jobs.get")
def show(job_id: UUID) -> str:
    """Show a job."""
    return render("code_jobs/show.html", **_describe(job_id))


@page.view("/<uuid:job_id>/progress", mirrors="code_jobs.get")
def progress(job_id: UUID) -> Response:
    """Return the part of the page that changes while the job runs."""
    return render_progress("code_jobs/progress.html", **_describe(job_id))


def _describe(job_id: UUID) -> dict[str, Any]:
    job = jobs.get(g.principal.tenant_id, str(job_id))
    is_active = job.state != JobState.COMPLETED
    return {"job": job, "is_active": is_active, "subject": _find_subject(job)}


def _find_subject(job: CodeJob) -> Subject:
    """Return whose codes a job changes; those of a user have several definitions."""
    if job.user_id:
        return Subject(job.user_id, DEFAULT_ZONE)
    definition_id = job.definition_id or ""
    if not definition_id and job.batch_id:
        definition_id = batches.get(job.tenant_id, job.batch_id).definition_id
    return Subject(
        definition_choices.find_name(definition_id),
        definition_choices.find_zone(definition_id),
    )
