"""Change all codes of a batch: revoke, restore, and move the expiry."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import g
from flask.typing import ResponseReturnValue

from admin_gateway.console import definition_choices
from admin_gateway.console.actions import MAX_WITHOUT_TYPING, Question, ask, carry_out
from admin_gateway.console.formats import format_number
from admin_gateway.console.forms import Form, read_fields, read_form
from admin_gateway.console.page import Page
from admin_gateway.console.rendering import redirect_to, render, url_for_page
from admin_gateway.console.texts import gettext as _
from admin_gateway.requests.codes import CodeExpirySchema
from coupon_core.domain.models import Scope, utc_now
from coupon_core.domain.models.inventory import CodeJob, CodeTarget, JobKind
from coupon_core.services import batches
from coupon_core.services.codes import bulk_changes
from coupon_core.web.idempotency import mark_dry_run
from coupon_core.web.slow_requests import slow_request

page = Page("batch_changes", title="", path="/batches/<uuid:batch_id>")


@page.view("/expiry", scope=Scope.COUPONS)
def index(batch_id: UUID) -> str:
    """Show the form for another expiry."""
    return _render_form(batch_id, Form())


@page.view("/expiry/check", mirrors="code_jobs.change_expiry", method="POST")
@slow_request
def check_expiry(batch_id: UUID) -> ResponseReturnValue:
    """Say how many codes would change, and how many would not and why."""
    mark_dry_run()
    form = read_form()
    preview = form.run(lambda: _preview_expiry(batch_id, form))
    return _render_form(batch_id, form, preview), 200 if preview else 400


@page.view("/expiry", mirrors="code_jobs.change_expiry", method="POST")
@slow_request
def change_expiry(batch_id: UUID) -> ResponseReturnValue:
    """Move the expiry of the codes, and show the job."""
    form = read_form()
    preview = form.run(lambda: _preview_expiry(batch_id, form))
    if preview is None:
        return _render_form(batch_id, form), 400
    name = _find_typed_name(batch_id, preview)
    if name and form.value("typed_name").strip() != name:
        form.errors["typed_name"] = _('Type "%(name)s".') % {"name": name}
        return _render_form(batch_id, form, preview), 400
    job = form.run(lambda: _start(bulk_changes.change_expiry, **_load_expiry(form)))
    if job is None:
        return _render_form(batch_id, form, preview), 400
    path = url_for_page("code_jobs.show", job_id=job.job_id)
    return redirect_to(path, _("The expiry is being changed."))


def _load_expiry(form: Form) -> dict[str, Any]:
    schema = CodeExpirySchema(exclude=("definition_id", "user_id"))
    fields = read_fields(schema, form.entered)
    if "follow_definition" in form.entered:
        fields["expires_at"] = None
    options: dict[str, Any] = schema.load(fields)
    del options["dry_run"]  # which button was pressed says that
    return options


def _preview_expiry(batch_id: UUID, form: Form) -> CodeJob:
    form.entered = form.entered.copy()
    form.entered["batch_id"] = str(batch_id)
    options = _load_expiry(form)
    tenant_id, now = g.principal.tenant_id, utc_now()
    return bulk_changes.preview(tenant_id, JobKind.EXPIRY, **options, now=now)


def _render_form(batch_id: UUID, form: Form, preview: CodeJob | None = None) -> str:
    batch = batches.get(g.principal.tenant_id, str(batch_id))
    return render(
        "batch_changes/expiry.html",
        form=form,
        batch=batch,
        preview=preview,
        typed_name=_find_typed_name(batch_id, preview) if preview else "",
        zone=definition_choices.find_zone(batch.definition_id),
    )


@page.view("/revoke", scope=Scope.COUPONS)
@slow_request
def confirm_revoke(batch_id: UUID) -> str:
    """Ask before all codes of a batch are revoked."""
    return ask(_build_revoke_question(batch_id))


@page.view("/revoke", mirrors="code_jobs.revoke", method="POST")
@slow_request
def revoke(batch_id: UUID) -> ResponseReturnValue:
    """Revoke all codes of a batch, and show the job."""
    return _run_job(_build_revoke_question(batch_id), bulk_changes.revoke, batch_id)


def _build_revoke_question(batch_id: UUID) -> Question:
    preview = _preview(batch_id, JobKind.REVOKE)
    text = _(
        "Codes that can no longer be redeemed: %(done)s. Codes that stay as they are, "
        "because they are used up or revoked already: %(skipped)s. You can restore the "
        "codes later."
    )
    return Question(
        title=_("Revoke all codes of the batch?"),
        text=text % _format_counts(preview),
        button=_("Revoke the codes"),
        back=url_for_page("batches.show", batch_id=batch_id),
        typed_name=_find_typed_name(batch_id, preview),
    )


@page.view("/restore", scope=Scope.COUPONS)
@slow_request
def confirm_restore(batch_id: UUID) -> str:
    """Ask before the revoked codes of a batch are restored."""
    return ask(_build_restore_question(batch_id))


@page.view("/restore", mirrors="batches.restore", method="POST")
@slow_request
def restore(batch_id: UUID) -> ResponseReturnValue:
    """Restore the revoked codes of a batch, and show the job."""
    return _run_job(_build_restore_question(batch_id), bulk_changes.restore, batch_id)


def _build_restore_question(batch_id: UUID) -> Question:
    preview = _preview(batch_id, JobKind.RESTORE)
    text = _(
        "Codes that become as valid as before they were revoked: %(done)s. Codes that "
        "stay as they are: %(skipped)s."
    )
    return Question(
        title=_("Restore the revoked codes of the batch?"),
        text=text % _format_counts(preview),
        button=_("Restore the codes"),
        back=url_for_page("batches.show", batch_id=batch_id),
        typed_name=_find_typed_name(batch_id, preview),
    )


def _format_counts(preview: CodeJob) -> dict[str, str]:
    return {
        "done": format_number(preview.done_count),
        "skipped": format_number(preview.skipped_count),
    }


def _preview(batch_id: UUID, kind: JobKind) -> CodeJob:
    target = CodeTarget(str(batch_id))
    return bulk_changes.preview(g.principal.tenant_id, kind, target, utc_now())


def _find_typed_name(batch_id: UUID, preview: CodeJob) -> str:
    """Return what has to be typed before so many codes change, or ""."""
    if preview.done_count <= MAX_WITHOUT_TYPING:
        return ""
    batch = batches.get(g.principal.tenant_id, str(batch_id))
    return definition_choices.find_name(batch.definition_id)


def _run_job(
    question: Question, start_job: Callable[..., CodeJob], batch_id: UUID
) -> ResponseReturnValue:
    started: list[CodeJob] = []
    target = CodeTarget(str(batch_id))
    response = carry_out(
        question, lambda: started.append(_start(start_job, target=target)), ""
    )
    if not started:
        return response
    path = url_for_page("code_jobs.show", job_id=started[0].job_id)
    return redirect_to(path, _("The codes are being changed."))


def _start(start_job: Callable[..., CodeJob], **options: Any) -> CodeJob:
    caller = g.principal
    actor = caller.key_id or ""
    return start_job(caller.tenant_id, **options, actor=actor, now=utc_now())
