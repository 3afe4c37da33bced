"""Create many creators of a campaign with their codes from a CSV file."""

from flask import g
from flask.typing import ResponseReturnValue

from admin_gateway.console import uploads
from admin_gateway.console.choices import list_campaign_choices
from admin_gateway.console.forms import Form, read_form
from admin_gateway.console.page import Page
from admin_gateway.console.rendering import redirect_to, render, url_for_page
from admin_gateway.console.texts import N_, ngettext
from admin_gateway.requests import creator_imports
from admin_gateway.requests.creator_imports import CreatorImport
from coupon_core.domain.models import Scope, utc_now
from coupon_core.schemas.csv_options import CsvHints, CsvOptions
from coupon_core.services.campaigns import creator_imports as creator_import_service
from coupon_core.services.campaigns.creator_imports import CreatorsRejected
from coupon_core.web.idempotency import safe_post

page = Page(
    "creator_import",
    title=N_("Add many creators"),
    path="/creator-import",
    group=N_("Creators"),
)
MAX_FORM_BYTES = creator_imports.MAX_BODY_BYTES + 65_536  # with the other fields
HINTS = CsvHints(
    encoding="save the file as UTF-8",
    no_header="write the names of the columns in the first line",
    ignore_columns="remove the other columns",
)


@page.view("", scope=Scope.COUPONS)
def index() -> str:
    """Show the form for a file or pasted lines."""
    return _render_form(Form())


@page.view("", mirrors="creators.create_all", method="POST")
@uploads.receive_file(MAX_FORM_BYTES)
def create() -> ResponseReturnValue:
    """Create all creators of the file, or none."""
    form = read_form()
    count = form.run(lambda: _import(form, dry_run=False))
    if count is None:
        return _render_form(form), 400
    text = ngettext(
        "%(num)d creator is created.", "%(num)d creators are created.", count
    )
    path = url_for_page("creators.index", campaign_id=form.value("campaign_id"))
    return redirect_to(path, text % {"num": count})


@page.view("/check", mirrors="creators.create_all", method="POST")
@safe_post
@uploads.receive_file(MAX_FORM_BYTES)
def check() -> ResponseReturnValue:
    """Check the file without creating anybody."""
    form = read_form()
    count = form.run(lambda: _import(form, dry_run=True))
    return _render_form(form, count), 400 if count is None else 200


def _import(form: Form, dry_run: bool) -> int:
    file = uploads.find_file()
    lines = form.value("lines").encode("utf-8", "replace")
    creator_import: CreatorImport = creator_imports.read_csv(
        form.value("campaign_id"),
        uploads.read_pieces(file) if file else [lines],
        CsvOptions(hints=HINTS),
    )
    try:
        creator_import_service.create_all(
            g.principal.tenant_id,
            creator_import.campaign_id,
            new_creators=creator_import.new_creators,
            now=utc_now(),
            dry_run=dry_run,
        )
    except CreatorsRejected as error:
        raise creator_import.to_api_error(error) from None
    return len(creator_import.new_creators)


def _render_form(form: Form, count: int | None = None) -> str:
    campaigns = list_campaign_choices(g.principal.tenant_id)
    return render(
        "creators/import.html", form=form, campaigns=campaigns, valid_count=count
    )
