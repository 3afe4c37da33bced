"""Batches: codes that were generated or imported together."""

from typing import Any
from uuid import UUID

from flask import Response, g
from flask.typing import ResponseReturnValue

from admin_gateway.console import definition_choices
from admin_gateway.console.actions import Question, ask, carry_out, perform
from admin_gateway.console.formats import format_number
from admin_gateway.console.forms import load_query
from admin_gateway.console.page import Page
from admin_gateway.console.rendering import render, render_progress, url_for_page
from admin_gateway.console.tables import Column, read_by_key, respond_with_table
from admin_gateway.console.texts import N_
from admin_gateway.console.texts import gettext as _
from admin_gateway.requests.batches import BatchQuerySchema
from coupon_core.domain.models import Page as ListPage
from coupon_core.domain.models import Scope, utc_now
from coupon_core.domain.models.batches import ACTIVE_STATES, Batch
from coupon_core.domain.rules.batch_progress import estimate_progress
from coupon_core.services import batches, suspension

page = Page("batches", title=N_("Batches"), path="/batches", group=N_("Codes"), key="b")
COLUMNS = (
    Column("created_at", N_("Requested"), lambda batch: batch.created_at),
    Column("definition_id", N_("Definition"), lambda batch: batch.definition_id),
    Column("kind", N_("Origin"), lambda batch: batch.kind),
    Column("state", N_("State"), lambda batch: batch.state),
    Column("generated", N_("Codes"), lambda batch: batch.generated_count),
    Column("requested", N_("of"), lambda batch: batch.requested_count),
    Column("expires_at", N_("Expires"), lambda batch: batch.expires_at),
    Column("suspended_at", N_("Suspended"), lambda batch: batch.suspended_at),
    Column("batch_id", N_("ID"), lambda batch: batch.batch_id),
)


@page.view("", mirrors="batches.list_all")
def index() -> ResponseReturnValue:
    """List the batches that match the filters in the URL, newest first."""
    filters, form = load_query(BatchQuerySchema())

    def list_batches(part: ListPage) -> tuple[list[Batch], int]:
        return batches.list_batches(g.principal.tenant_id, part, **filters)

    return respond_with_table(
        "batches/index.html",
        COLUMNS,
        read_by_key(list_batches, lambda batch: batch.batch_id),
        form=form,
        describe_rows=_describe_rows,
        options=definition_choices.list_all(),
    )


def _describe_rows(rows: Any) -> dict[str, Any]:
    ids = {batch.definition_id for batch in rows}
    definition_choices.read_definitions(ids)
    return {
        "names": {one: definition_choices.find_name(one) for one in ids},
        "zones": {one: definition_choices.find_zone(one) for one in ids},
    }


@page.view("/<uuid:batch_id>", mirrors="batches.get")
def show(batch_id: UUID) -> str:
    """Show a batch and what can be done with it."""
    return render("batches/show.html", **_describe(batch_id))


@page.view("/<uuid:batch_id>/progress", mirrors="batches.get")
def progress(batch_id: UUID) -> Response:
    """Return the part of the page that changes while codes are generated."""
    return render_progress("batches/progress.html", **_describe(batch_id))


def _describe(batch_id: UUID) -> dict[str, Any]:
    batch = batches.get(g.principal.tenant_id, str(batch_id))
    rate, seconds_left = estimate_progress(batch)
    return {
        "batch": batch,
        "name": definition_choices.find_name(batch.definition_id),
        "zone": definition_choices.find_zone(batch.definition_id),
        "is_active": batch.state in ACTIVE_STATES,
        "rate": rate and round(rate),
        "seconds_left": seconds_left and round(seconds_left),
    }


@page.view("/<uuid:batch_id>/cancel", scope=Scope.COUPONS)
def confirm_cancel(batch_id: UUID) -> str:
    """Ask before the generation of codes is cancelled."""
    return ask(_build_cancel_question(batch_id))


@page.view("/<uuid:batch_id>/cancel", mirrors="batches.cancel", method="POST")
def cancel(batch_id: UUID) -> ResponseReturnValue:
    """Cancel the generation of codes; those that exist are kept."""
    return carry_out(
        _build_cancel_question(batch_id),
        lambda: batches.cancel(g.principal.tenant_id, str(batch_id), now=utc_now()),
        _("The batch is cancelled. Codes generated before remain valid."),
    )


def _build_cancel_question(batch_id: UUID) -> Question:
    batch = batches.get(g.principal.tenant_id, str(batch_id))
    text = _(
        "%(done)s of %(total)s codes are generated. They remain valid; no more are "
        "generated. This cannot be undone."
    )
    return Question(
        title=_("Cancel the generation?"),
        text=text
        % {
            "done": format_number(batch.generated_count),
            "total": format_number(batch.requested_count),
        },
        button=_("Cancel the generation"),
        back=_get_path(batch_id),
    )


@page.view("/<uuid:batch_id>/suspend", scope=Scope.COUPONS)
def confirm_suspend(batch_id: UUID) -> str:
    """Ask before the codes of a batch are suspended."""
    return ask(_build_suspend_question(batch_id))


@page.view("/<uuid:batch_id>/suspend", mirrors="batches.suspend", method="POST")
def suspend(batch_id: UUID) -> ResponseReturnValue:
    """Suspend a batch: none of its codes is valid until it is resumed."""
    return carry_out(
        _build_suspend_question(batch_id),
        lambda: suspension.suspend(
            suspension.BATCHES, g.principal.tenant_id, str(batch_id), now=utc_now()
        ),
        _("The batch is suspended: none of its codes is valid."),
    )


def _build_suspend_question(batch_id: UUID) -> Question:
    batch = batches.get(g.principal.tenant_id, str(batch_id))
    text = _(
        "Codes of the batch: %(count)s. None of them can be redeemed, and no more are "
        "generated, until you resume the batch. Nothing else changes."
    )
    return Question(
        title=_("Suspend the batch?"),
        text=text % {"count": format_number(batch.generated_count)},
        button=_("Suspend the batch"),
        back=_get_path(batch_id),
    )


@page.view("/<uuid:batch_id>/resume", mirrors="batches.resume", method="POST")
def resume(batch_id: UUID) -> Response:
    """Resume a suspended batch."""
    return perform(
        lambda: suspension.resume(
            suspension.BATCHES, g.principal.tenant_id, str(batch_id), now=utc_now()
        ),
        _get_path(batch_id),
        _("The batch is resumed: its codes are as valid as before."),
    )


def _get_path(batch_id: UUID) -> str:
    return url_for_page("batches.show", batch_id=batch_id)
