"""Generate codes: a number of them, or one for each user in a CSV file."""

from flask import g, request
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError

from admin_gateway.console import definition_choices, uploads
from admin_gateway.console.forms import Form, read_fields, read_form
from admin_gateway.console.page import Page
from admin_gateway.console.rendering import redirect_to, render, url_for_page
from admin_gateway.console.texts import N_
from admin_gateway.console.texts import gettext as _
from admin_gateway.requests.coupons import (
    GenerateCouponsQuerySchema,
    GenerateCouponsSchema,
)
from admin_gateway.requests.generation import MAX_BODY_BYTES
from coupon_core.domain.models import DefinitionStatus, Scope, utc_now
from coupon_core.domain.models.batches import Batch
from coupon_core.domain.rules.expiry import require_future_expiry
from coupon_core.domain.rules.generation import generation_violations
from coupon_core.schemas.csv_users import read_users
from coupon_core.services import batches
from coupon_core.services.batches import MAX_COUPONS, MAX_USERS, BatchRequest
from coupon_core.web.idempotency import mark_dry_run

page = Page(
    "generate",
    title=N_("Generate codes"),
    path="/generate",
    group=N_("Codes"),
    key="n",
)


@page.view("", scope=Scope.COUPONS)
def index() -> str:
    """Show the form; `definition_id` in the URL selects a definition."""
    return _render_form(Form())


@page.view("/check", mirrors="coupons.generate", method="POST")
@uploads.receive_file(MAX_BODY_BYTES)
def check() -> ResponseReturnValue:
    """Say what the form would generate; generate nothing."""
    mark_dry_run()
    form = read_form()
    now, tenant_id = utc_now(), g.principal.tenant_id
    batch = form.run(
        lambda: batches.preview(
            tenant_id,
            definition_choices.require_definition_id(form),
            _read_request(form),
            now,
        )
    )
    return _render_form(form, batch), 200 if batch else 400


@page.view("", mirrors="coupons.generate", method="POST")
@uploads.receive_file(MAX_BODY_BYTES)
def submit() -> ResponseReturnValue:
    """Start to generate the codes, and show the progress."""
    form = read_form()
    batch = form.run(lambda: _start(form))
    if batch is None:
        return _render_form(form), 400
    path = url_for_page("batches.show", batch_id=batch.batch_id)
    return redirect_to(path, _("Your codes are being generated."))


def _start(form: Form) -> Batch:
    definition_id, now = definition_choices.require_definition_id(form), utc_now()
    batch_request = _read_request(form)
    batch = batches.request(
        g.principal.tenant_id, definition_id, batch_request=batch_request, now=now
    )
    if batch_request.is_small:  # nobody waits for a worker
        batches.generate_chunk((batch.tenant_id, batch.batch_id, 1), now)
    return batch


def _read_request(form: Form) -> BatchRequest:
    has_count, has_file = bool(form.value("count").strip()), bool(uploads.find_file())
    if has_count == has_file:
        text = _("Enter a number or choose a file, one of the two.")
        raise ValidationError({"count": [text]})
    batch_request = _read_users(form) if has_file else _read_count(form)
    require_future_expiry(batch_request.expires_at, utc_now())
    return batch_request


def _read_count(form: Form) -> BatchRequest:
    schema = GenerateCouponsSchema(only=("count", "expires_at"))
    batch_request: BatchRequest = schema.load(read_fields(schema, form.entered))
    return batch_request


def _read_users(form: Form) -> BatchRequest:
    schema = GenerateCouponsQuerySchema()
    query = schema.load(read_fields(schema, form.entered))
    options = uploads.read_csv_options(form, query.get("ignore_columns", frozenset()))
    pieces = uploads.read_pieces(uploads.require_file())
    users = read_users(pieces, options, MAX_USERS)
    return BatchRequest(len(users), users, expires_at=query.get("expires_at"))


def _render_form(form: Form, preview: Batch | None = None) -> str:
    uploads.mark_file(form)
    return render(
        "generate/index.html",
        form=form,
        options=definition_choices.list_usable(
            lambda one: generation_violations(one, is_unassigned=False),
            status=DefinitionStatus.ACTIVE,
        ),
        selected=request.args.get("definition_id", ""),
        preview=preview,
        zone=definition_choices.find_zone(preview.definition_id) if preview else "",
        encodings=uploads.ENCODING_OPTIONS,
        max_count=MAX_COUPONS,
        max_users=MAX_USERS,
    )
