"""The codes of a batch as QR codes, to print."""

from dataclasses import dataclass
from uuid import UUID

import segno
from flask import g, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from marshmallow import Schema

from admin_gateway.console import definition_choices
from admin_gateway.console.formats import format_number
from admin_gateway.console.forms import Form
from admin_gateway.console.page import Page
from admin_gateway.console.rendering import render, url_for_page
from admin_gateway.console.tables import CURSOR
from admin_gateway.requests.codes import format_cursor, parse_cursor
from coupon_core.domain.models import CouponStatus, Scope, utc_now
from coupon_core.domain.models.filters import CouponFilter
from coupon_core.schemas.fields import StrictQueryInteger, StrictString
from coupon_core.services import batches
from coupon_core.services.codes import csv_export
from coupon_core.web.slow_requests import slow_request

CODES_PER_SHEET, MAX_SHEETS = 200, 10
MAX_PREFIX_LENGTH = 200
SHEET_OPTIONS = (1, 2, 5, MAX_SHEETS)

page = Page("qr_sheets", title="", path="/batches/<uuid:batch_id>/qr")


class SheetQuerySchema(Schema):
    """How many sheets to show, and what comes before each code."""

    prefix = StrictString(max_length=MAX_PREFIX_LENGTH, load_default="")
    sheets = StrictQueryInteger(min_value=1, max_value=MAX_SHEETS, load_default=1)


@dataclass(frozen=True, slots=True)
class QrCode:
    """A code and its picture."""

    code: str
    picture: Markup


@page.view("", scope=Scope.EXPORT)
def index(batch_id: UUID) -> str:
    """Ask what the QR codes shall hold."""
    return _render_form(batch_id, Form())


@page.view("/sheets", mirrors="codes.export")
@slow_request
def show_sheets(batch_id: UUID) -> ResponseReturnValue:
    """Show the active codes of a batch, newest first, 200 on a sheet."""
    form = Form(request.args)
    coupon_filter = CouponFilter(batch_id=str(batch_id), status=CouponStatus.ACTIVE)
    query = form.submit(SheetQuerySchema(), lambda loaded: loaded)
    cursor = query and form.run(
        lambda: parse_cursor(
            request.args.get(CURSOR),
            query["sheets"] * CODES_PER_SHEET,
            coupon_filter=coupon_filter,
        )
    )
    if not query or not cursor:
        return _render_form(batch_id, form), 400
    batch = batches.get(g.principal.tenant_id, str(batch_id))
    rows, last_id = csv_export.list_printable(
        batch.tenant_id, coupon_filter, cursor, utc_now()
    )
    codes = [_draw(row.issued.coupon.code, query["prefix"]) for row in rows]
    more = {CURSOR: format_cursor(last_id, coupon_filter)} if last_id else {}
    return render(
        "qr_sheets/sheets.html",
        name=definition_choices.find_name(batch.definition_id),
        batch=batch,
        sheets=[
            codes[start : start + CODES_PER_SHEET]
            for start in range(0, len(codes), CODES_PER_SHEET)
        ],
        next_url=more
        and url_for_page("qr_sheets.show_sheets", batch_id=batch_id, **query, **more),
    )


def _draw(code: str, prefix: str) -> QrCode:
    picture = segno.make(prefix + code, error="m", micro=False)
    return QrCode(code, Markup(picture.svg_inline(border=2, omitsize=True)))  # noqa: S704 - paths only


def _render_form(batch_id: UUID, form: Form) -> str:
    batch = batches.get(g.principal.tenant_id, str(batch_id))
    return render(
        "qr_sheets/index.html",
        form=form,
        batch=batch,
        options=[
            (str(count), format_number(count * CODES_PER_SHEET))
            for count in SHEET_OPTIONS
        ],
    )
