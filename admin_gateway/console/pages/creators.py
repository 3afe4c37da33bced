"""Creators: the list, forms, and each creator's codes."""

from typing import Any

from flask import g, request
from flask.typing import ResponseReturnValue

from admin_gateway.console.actions import (
    MAX_WITHOUT_TYPING,
    Question,
    ask,
    carry_out,
)
from admin_gateway.console.choices import list_campaign_filters, list_package_choices
from admin_gateway.console.forms import Form, fill_form, load_query, read_form
from admin_gateway.console.page import Page
from admin_gateway.console.rendering import redirect_to, render, url_for_page
from admin_gateway.console.tables import Column, read_by_offset, respond_with_table
from admin_gateway.console.texts import N_, ngettext
from admin_gateway.console.texts import gettext as _
from admin_gateway.requests.creators import (
    AssignCreatorCodesSchema,
    CreateCreatorSchema,
    CreatorQuerySchema,
    RevokeCreatorCodesSchema,
    UpdateCreatorSchema,
)
from coupon_core.domain.models import Page as ListPage
from coupon_core.domain.models import Scope, utc_now
from coupon_core.domain.models.creators import CodeStatus, Creator, CreatorStatus
from coupon_core.services.campaigns import creators

page = Page("creators", title=N_("Creators"), path="/creators", group=N_("Creators"))
STATUSES = {
    CreatorStatus.ACTIVE: (N_("active"), "good"),
    CreatorStatus.INACTIVE: (N_("receives no more codes"), "warning"),
}
CODE_STATUSES = {
    CodeStatus.ACTIVE: (N_("valid"), "good"),
    CodeStatus.USED: (N_("used up"), "warning"),
    CodeStatus.EXPIRED: (N_("expired"), "warning"),
    CodeStatus.INACTIVE: (N_("not in use"), "bad"),
}
COLUMNS = (
    Column("creator_key", N_("Key"), lambda creator: creator.creator_key),
    Column("name", N_("Name"), lambda creator: creator.name),
    Column("genre", N_("Genre"), lambda creator: creator.genre),
    Column("status", N_("State"), lambda creator: creator.status),
    Column("created_at", N_("Created"), lambda creator: creator.created_at),
)
CODE_COLUMNS = (
    Column("code", N_("Code"), lambda code: code.code),
    Column("campaign_id", N_("Campaign"), lambda code: code.campaign_id),
    Column("package_no", N_("Package"), lambda code: code.package_no),
    Column("status", N_("State"), lambda code: code.status),
    Column("revoked_at", N_("Revoked"), lambda code: code.revoked_at),
)


@page.view("", mirrors="creators.list_all")
def index() -> ResponseReturnValue:
    """List the creators by name."""
    filters, form = load_query(CreatorQuerySchema())
    return respond_with_table(
        "creators/index.html",
        COLUMNS,
        read_by_offset(
            lambda part: creators.list_creators(g.principal.tenant_id, part, **filters)
        ),
        form=form,
        statuses=STATUSES,
        campaigns=list_campaign_filters(g.principal.tenant_id),
    )


@page.view("/new", scope=Scope.COUPONS)
def show_form() -> str:
    """Show the form for a new creator."""
    return _render_form(Form())


@page.view("/new", mirrors="creators.create", method="POST")
def create() -> ResponseReturnValue:
    """Create a creator."""
    form = read_form()

    def insert(fields: dict[str, Any]) -> Creator:
        key = fields.pop("creator_key")
        return creators.create(g.principal.tenant_id, key, fields, now=utc_now())

    creator = form.submit(CreateCreatorSchema(), insert)
    if creator is None:
        return _render_form(form), 400
    notice = _("The creator %(name)s is created.") % {"name": creator.name}
    return redirect_to(_get_path(creator), notice)


@page.view("/<creator_key>", mirrors="creators.list_codes")
def show(creator_key: str) -> ResponseReturnValue:
    """Show a creator, the usage of the codes, and the codes."""
    creator = _get(creator_key)
    return respond_with_table(
        "creators/show.html",
        CODE_COLUMNS,
        read_by_offset(
            lambda part: creators.list_codes(
                creator.tenant_id, creator.creator_key, part, now=utc_now()
            )
        ),
        creator=creator,
        statuses=STATUSES,
        code_statuses=CODE_STATUSES,
        stats=creators.get_stats(creator.tenant_id, creator.creator_key),
    )


@page.view("/<creator_key>/edit", scope=Scope.COUPONS)
def show_edit(creator_key: str) -> str:
    """Show the form that changes a creator."""
    creator, schema = _get(creator_key), UpdateCreatorSchema()
    members = {name: getattr(creator, name) for name in schema.fields}
    return _render_form(fill_form(schema, members), creator)


@page.view("/<creator_key>/edit", mirrors="creators.change", method="POST")
def change(creator_key: str) -> ResponseReturnValue:
    """Change a creator."""
    form, creator = read_form(), _get(creator_key)

    def update(fields: dict[str, Any]) -> Creator:
        changes = {"genre": None, **fields}  # an empty field is no genre
        return creators.update(
            creator.tenant_id, creator.creator_key, changes, now=utc_now()
        )

    changed = form.submit(UpdateCreatorSchema(), update)
    if changed is None:
        return _render_form(form, creator), 400
    notice = _("The creator %(name)s is changed.") % {"name": changed.name}
    return redirect_to(_get_path(creator), notice)


@page.view("/<creator_key>/codes", scope=Scope.COUPONS)
def show_codes_form(creator_key: str) -> str:
    """Show the form that gives codes to a creator."""
    return _render_codes_form(Form(), _get(creator_key))


@page.view("/<creator_key>/codes", mirrors="creators.give", method="POST")
def give(creator_key: str) -> ResponseReturnValue:
    """Give codes of a package to a creator."""
    form, creator = read_form(), _get(creator_key)
    codes = form.submit(
        AssignCreatorCodesSchema(),
        lambda fields: creators.assign_or_generate_codes(
            creator.tenant_id, creator.creator_key, **fields
        ),
    )
    if codes is None:
        return _render_codes_form(form, creator), 400
    text = ngettext("%(num)d code is added.", "%(num)d codes are added.", len(codes))
    return redirect_to(_get_path(creator), text % {"num": len(codes)})


@page.view("/<creator_key>/codes/revoke", scope=Scope.COUPONS)
def confirm_revoke(creator_key: str) -> str:
    """Ask before the code in the query, or every code, is revoked."""
    return ask(_build_question(_get(creator_key), request.args.get("code", "")))


@page.view("/<creator_key>/codes/revoke", mirrors="creators.revoke", method="POST")
def revoke(creator_key: str) -> ResponseReturnValue:
    """Revoke the code in the query, or every code of a creator."""
    creator, code = _get(creator_key), request.args.get("code", "")

    def revoke_codes() -> int:
        body = RevokeCreatorCodesSchema().load({"codes": [code]} if code else {})
        return creators.revoke_codes(
            creator.tenant_id,
            creator.creator_key,
            codes_to_revoke=body.get("codes", ()),
            now=utc_now(),
        )

    notice = _("The code is revoked.") if code else _("The codes are revoked.")
    return carry_out(_build_question(creator, code), revoke_codes, notice)


def _build_question(creator: Creator, code: str) -> Question:
    title = _("Revoke the code %(code)s?") % {"code": code}
    count, typed_name = 1, ""
    if not code:
        _codes, count = creators.list_codes(
            creator.tenant_id, creator.creator_key, ListPage(limit=1), now=utc_now()
        )
        text = ngettext(
            "Revoke %(num)d code of %(name)s?", "Revoke all %(num)d codes of %(name)s?",
            count,
        )  # fmt: skip
        title = text % {"num": count, "name": creator.name}
        typed_name = creator.creator_key if count > MAX_WITHOUT_TYPING else ""
    return Question(
        title=title,
        text=_(
            "What is revoked is refused from now on, also for players who have claimed "
            "a coupon with it and not redeemed it. This cannot be undone."
        ),
        button=_("Revoke"),
        back=_get_path(creator),
        typed_name=typed_name,
    )


def _render_form(form: Form, creator: Creator | None = None) -> str:
    options = [(one.value, _(text)) for one, (text, _kind) in STATUSES.items()]
    return render("creators/form.html", form=form, creator=creator, statuses=options)


def _render_codes_form(form: Form, creator: Creator) -> str:
    packages = list_package_choices(creator.tenant_id)
    return render("creators/codes.html", form=form, creator=creator, packages=packages)


def _get(creator_key: str) -> Creator:
    return creators.get(g.principal.tenant_id, creator_key.upper())


def _get_path(creator: Creator) -> str:
    return url_for_page("creators.show", creator_key=creator.creator_key)
