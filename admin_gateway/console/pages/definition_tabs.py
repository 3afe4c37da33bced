"""The tabs of a definition: codes, redemptions, failed attempts, jobs and so on."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import g
from flask.typing import ResponseReturnValue

from admin_gateway.console import audit_words, code_words, definition_forms
from admin_gateway.console.code_tables import get_status, read_by_id, read_codes
from admin_gateway.console.definition_words import get_state, get_zone
from admin_gateway.console.forms import Form, read_form
from admin_gateway.console.page import Page
from admin_gateway.console.rendering import redirect_to, render, url_for_page
from admin_gateway.console.report_words import describe
from admin_gateway.console.tables import (
    Column,
    ReadRows,
    read_by_offset,
    respond_with_table,
)
from admin_gateway.console.texts import N_
from admin_gateway.console.texts import gettext as _
from coupon_core.domain.models import Definition, Scope, utc_now
from coupon_core.domain.models.audit import AuditFilter
from coupon_core.domain.models.filters import CouponFilter, RedemptionFilter
from coupon_core.services import audit
from coupon_core.services.batches import requests as batch_requests
from coupon_core.services.catalog import definitions
from coupon_core.services.coupons import code_capacity, redemption_records
from coupon_core.services.insight import attempts
from coupon_core.services.operators import memberships

MAX_ID_DIGITS = 15
page = Page("definition_tabs", title="", path="/definitions/<uuid:definition_id>")
CODE_COLUMNS = (
    Column("code", N_("Code"), lambda row: row.issued.coupon.code),
    Column("user_id", N_("Player"), lambda row: row.issued.coupon.user_id),
    Column("status", N_("State"), lambda row: get_status(row.issued)),
    Column("uses", N_("Uses"), lambda row: row.issued.coupon.redemption_count),
    Column("generated_at", N_("Created"), lambda row: row.issued.coupon.generated_at),
    Column("expires_at", N_("Ends"), lambda row: row.issued.expires_at),
)
USE_COLUMNS = (
    Column("redeemed_at", N_("Time"), lambda row: row.redeemed_at),
    Column("code", N_("Code"), lambda row: row.code),
    Column("user_id", N_("Player"), lambda row: row.user_id),
    Column("reference", N_("Reference"), lambda row: row.reference),
    Column("reversed_at", N_("Given back"), lambda row: row.reversed_at),
)
ATTEMPT_COLUMNS = (
    Column("attempted_at", N_("Time"), lambda row: row.attempted_at),
    Column("code", N_("Code"), lambda row: row.masked_code),
    Column("user_id", N_("Player"), lambda row: row.user_id),
    Column("wanted", N_("Wanted to"), lambda row: row.action),
    Column("reason", N_("Refused because"), lambda row: row.reason),
)
JOB_COLUMNS = (
    Column("created_at", N_("Requested"), lambda row: row.created_at),
    Column("kind", N_("From"), lambda row: row.kind),
    Column("batch_state", N_("State"), lambda row: row.state.value),
    Column("generated", N_("Codes"), lambda row: row.generated_count),
    Column("requested", N_("of"), lambda row: row.requested_count),
    Column("batch_id", N_("ID"), lambda row: row.batch_id),
)
HISTORY_COLUMNS = (
    Column("happened_at", N_("Time"), lambda row: row.happened_at),
    Column("actor", N_("Actor"), lambda row: row.actor),
    Column("action", N_("Action"), lambda row: row.action),
    Column("changes", N_("Details"), lambda row: dict(row.changes or row.detail)),
)


@page.view("/codes", mirrors="coupons.list_all")
def codes(definition_id: UUID) -> ResponseReturnValue:
    """List the codes, newest first."""
    read_rows = read_codes(CouponFilter(definition_id=str(definition_id)))
    text = _("There are no codes yet. Generate some, or wait until players claim one.")
    return _show_table(definition_id, CODE_COLUMNS, read_rows, text)


@page.view("/redemptions", mirrors="redemptions.list_all")
def redemptions(definition_id: UUID) -> ResponseReturnValue:
    """List the redemptions, newest first."""

    def list_rows(before_id: str | None, limit: int) -> tuple[Sequence[Any], Any]:
        redemption_filter = RedemptionFilter(
            definition_id=str(definition_id),
            before_id=int(before_id) if before_id else None,
        )
        return redemption_records.list_redemptions(
            g.principal.tenant_id, redemption_filter, limit
        )

    text = _("No code of this definition has been redeemed yet.")
    return _show_table(
        definition_id, USE_COLUMNS, read_by_id(list_rows, _is_integer_id), text
    )


@page.view("/attempts", mirrors="attempts.list_all")
def attempts_of_codes(definition_id: UUID) -> ResponseReturnValue:
    """List the failed attempts, newest first."""
    read_rows = read_by_id(
        lambda cursor, limit: attempts.list_attempts(
            g.principal.tenant_id,
            limit=limit,
            cursor=cursor,
            definition_id=str(definition_id),
        )
    )
    text = _("No attempt to use a code of this definition was refused.")
    return _show_table(definition_id, ATTEMPT_COLUMNS, read_rows, text)


@page.view("/jobs", mirrors="batches.list_all")
def jobs(definition_id: UUID) -> ResponseReturnValue:
    """List the batches of codes, newest first."""
    read_rows = read_by_offset(
        lambda part: batch_requests.list_batches(
            g.principal.tenant_id, part, definition_id=str(definition_id)
        )
    )
    text = _("No batch of codes was generated or imported.")
    return _show_table(definition_id, JOB_COLUMNS, read_rows, text)


@page.view("/history", mirrors="audit.list_all")
def history(definition_id: UUID) -> ResponseReturnValue:
    """List who changed the definition, newest first."""
    audit_filter = AuditFilter(object_id=str(definition_id))
    read_rows = read_by_offset(
        lambda part: audit.list_entries(g.principal.tenant_id, audit_filter, part)
    )
    text = _("No change has been recorded.")
    return _show_table(
        definition_id,
        HISTORY_COLUMNS,
        read_rows,
        text,
        describe_rows=lambda rows: {
            "emails": memberships.list_emails({row.actor for row in rows})
        },
    )


def _is_integer_id(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= MAX_ID_DIGITS


def _show_table(
    definition_id: UUID,
    columns: Sequence[Column],
    read_rows: ReadRows,
    text: str,
    **options: Any,
) -> ResponseReturnValue:
    definition = _get(definition_id)
    return respond_with_table(
        "definition_tabs/table.html",
        columns,
        read_rows,
        definition=definition,
        state=get_state(definition, utc_now()),
        zone=get_zone(definition),
        empty_text=text,
        words=code_words,
        audit_words=audit_words,
        describe=describe,
        **options,
    )


@page.view("/settings", scope=Scope.DEFINITIONS)
def show_form(definition_id: UUID) -> str:
    """Show the settings in a form, with what can no longer change."""
    definition = _get(definition_id)
    return _render_form(definition_forms.fill(definition), definition)


@page.view("/settings", mirrors="definitions.change", method="POST")
def change(definition_id: UUID) -> ResponseReturnValue:
    """Change the settings."""
    form, definition = read_form(), _get(definition_id)
    changed = form.run(
        lambda: definitions.update(
            definition.tenant_id,
            definition.definition_id,
            definition_forms.read_changes(form, definition, _is_frozen(definition)),
            now=utc_now(),
        )
    )
    if changed is None:
        return _render_form(form, definition), 400
    path = url_for_page("definitions.show", definition_id=definition.definition_id)
    return redirect_to(path, _('"%(name)s" is changed.') % {"name": changed.name})


def _get(definition_id: UUID) -> Definition:
    return definitions.get(g.principal.tenant_id, str(definition_id))


def _is_frozen(definition: Definition) -> bool:
    """Return True if codes exist, so that the rules of codes stay."""
    is_predefined = definition.code_format not in ("random", "custom")
    return is_predefined or code_capacity.has_more_coupons(
        definition.tenant_id, definition.definition_id, 0
    )


def _render_form(form: Form, definition: Definition) -> str:
    return render(
        "definitions/form.html",
        form=form,
        choices=definition_forms.list_choices(definition.tenant_id),
        definition=definition,
        campaign_id="",
        is_frozen=_is_frozen(definition),
        draft=None,
    )
