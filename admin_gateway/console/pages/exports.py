"""Export codes as a CSV file."""

from itertools import chain, islice

from flask import Response, g, request
from flask.typing import ResponseReturnValue

from admin_gateway.console import definition_choices
from admin_gateway.console.forms import Form
from admin_gateway.console.page import Page
from admin_gateway.console.rendering import render
from admin_gateway.console.texts import N_
from admin_gateway.requests.codes import CodeFilterSchema
from coupon_core.domain.models import Scope, utc_now
from coupon_core.services.codes import csv_export
from coupon_core.web.slow_requests import slow_request

page = Page(
    "exports", title=N_("Export codes"), path="/export", group=N_("Codes"), key="x"
)


@page.view("", scope=Scope.EXPORT)
def index() -> str:
    """Show the form; filters in the URL are kept."""
    return _render_form(Form(request.args) if request.args else Form())


@page.view("/codes.csv", mirrors="codes.export")
@slow_request
def download() -> ResponseReturnValue:
    """Send the codes that match the filters, newest first, as the API does."""
    form = Form(request.args)
    query = form.submit(CodeFilterSchema(), lambda loaded: loaded)
    if query is None:
        return _render_form(form), 400
    pages = csv_export.export_pages(
        g.principal.tenant_id, query["coupon_filter"], now=utc_now()
    )
    # Read before the status is sent, so that an error can still set it.
    first_pages = list(islice(pages, 2))
    return Response(
        chain(first_pages, pages),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="codes.csv"'},
    )


def _render_form(form: Form) -> str:
    return render(
        "exports/index.html", form=form, options=definition_choices.list_all()
    )
