"""Import codes that exist already, from a CSV file."""

from dataclasses import dataclass

from flask import g, request
from flask.typing import ResponseReturnValue

from admin_gateway.console import definition_choices, uploads
from admin_gateway.console.formats import format_number
from admin_gateway.console.forms import Form, read_fields, read_form
from admin_gateway.console.page import Page
from admin_gateway.console.rendering import redirect_to, render, url_for_page
from admin_gateway.console.texts import N_, ngettext
from admin_gateway.console.texts import gettext as _
from admin_gateway.requests.codes import ImportCodesQuerySchema
from admin_gateway.requests.csv_files import MAX_IMPORT_BYTES
from coupon_core.domain.models import DefinitionStatus, Scope, utc_now
from coupon_core.domain.models.inventory import CodeJob
from coupon_core.domain.rules.generation import import_violations
from coupon_core.schemas.csv_import import read_rows
from coupon_core.schemas.errors import ApiError, ErrorDetail
from coupon_core.services.codes import csv_import
from coupon_core.services.codes.csv_import import ImportRejected, ImportReport
from coupon_core.web.idempotency import mark_dry_run

page = Page(
    "imports", title=N_("Import codes"), path="/import", group=N_("Codes"), key="i"
)


@dataclass(frozen=True, slots=True)
class Imported:
    """What was imported, or would be."""

    job: CodeJob
    report: ImportReport


@page.view("", scope=Scope.COUPONS)
def index() -> str:
    """Show the form; `definition_id` in the URL selects a definition."""
    return _render_form(Form())


@page.view("/check", mirrors="imports.import_codes", method="POST")
@uploads.receive_file(MAX_IMPORT_BYTES)
def check() -> ResponseReturnValue:
    """Check a file as an import does; import nothing."""
    mark_dry_run()
    form = read_form()
    imported = form.run(lambda: _import(form, is_dry_run=True))
    report = imported.report if imported else None
    return _render_form(form, report), 200 if report else 400


@page.view("", mirrors="imports.import_codes", method="POST")
@uploads.receive_file(MAX_IMPORT_BYTES)
def submit() -> ResponseReturnValue:
    """Import a file, and show the job."""
    form = read_form()
    imported = form.run(lambda: _import(form, is_dry_run=False))
    if imported is None:
        return _render_form(form), 400
    notice = _("The file is accepted. Codes: %(valid)s. Lines left out: %(left)s.")
    report = imported.report
    counts = {
        "valid": format_number(report.valid_count),
        "left": format_number(report.rejected_count + report.skipped_count),
    }
    path = url_for_page("code_jobs.show", job_id=imported.job.job_id)
    return redirect_to(path, notice % counts)


def _import(form: Form, *, is_dry_run: bool) -> Imported:
    definition_id = definition_choices.require_definition_id(form)
    upload, schema = uploads.require_file(), ImportCodesQuerySchema()
    query = schema.load(read_fields(schema, form.entered))
    options = uploads.read_csv_options(form, query["ignore_columns"])
    try:
        job, report = csv_import.import_codes(
            g.principal.tenant_id,
            definition_id,
            rows=read_rows(uploads.read_pieces(upload), options),
            partial=query["allow_partial"] == "true",
            actor=g.principal.key_id or "",
            clock=utc_now,
            skip_used=query["skip_used"] == "true",
            dry_run=is_dry_run,
        )
    except ImportRejected as error:
        form.message = _describe_rejection(error.report)
        raise _to_api_error(error.report) from None
    return Imported(job, report)


def _describe_rejection(report: ImportReport) -> str:
    count = report.rejected_count
    if not count:
        return _("Nothing was imported: the file has no code that is left to import.")
    return ngettext(
        "Nothing was imported: %(num)s line is wrong.",
        "Nothing was imported: %(num)s lines are wrong.",
        count,
    ) % {"num": count}


def _to_api_error(report: ImportReport) -> ApiError:
    details = [
        ErrorDetail(row.reason, f"line {row.line}", target="body")
        for row in report.rejected_rows
    ]
    return ApiError(400, "BAD_LINES", _describe_rejection(report), details)


def _render_form(form: Form, report: ImportReport | None = None) -> str:
    uploads.mark_file(form)
    return render(
        "imports/index.html",
        form=form,
        options=definition_choices.list_usable(
            import_violations, status=DefinitionStatus.ACTIVE
        ),
        selected=request.args.get("definition_id", ""),
        report=report,
        encodings=uploads.ENCODING_OPTIONS,
    )
