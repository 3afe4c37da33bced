"""Packages: what the codes of creators grant; the list, and a form for each."""

from typing import Any

from flask import g
from flask.typing import ResponseReturnValue

from admin_gateway.console.choices import (
    list_campaign_choices,
    list_campaign_filters,
)
from admin_gateway.console.formats import format_entered_time
from admin_gateway.console.forms import Form, fill_form, load_query, read_form
from admin_gateway.console.page import INTEGER_ID, Page
from admin_gateway.console.rendering import redirect_to, render, url_for_page
from admin_gateway.console.tables import Column, read_by_offset, respond_with_table
from admin_gateway.console.texts import N_
from admin_gateway.console.texts import gettext as _
from admin_gateway.requests.packages import (
    CreatePackageSchema,
    PackageQuerySchema,
    UpdatePackageSchema,
)
from coupon_core.domain.models import Scope, utc_now
from coupon_core.domain.models.packages import PackageWithDefinition
from coupon_core.services.campaigns import packages

page = Page("packages", title=N_("Packages"), path="/packages", group=N_("Creators"))
MAX_REWARD_LINES, SPARE_REWARD_LINES, DEFAULT_LOCALE = 20, 2, "en"
COLUMNS = (
    Column("name", N_("Name"), lambda one: one.package.name),
    Column("campaign_id", N_("Campaign"), lambda one: one.package.campaign_id),
    Column("package_no", N_("Number"), lambda one: one.package.package_no),
    Column("rewards", N_("Rewards"), lambda one: list(one.package.rewards)),
    Column("total_limit", N_("Total limit"), lambda one: one.definition.total_limit),
    Column("starts_at", N_("Starts"), lambda one: one.definition.starts_at),
    Column("ends_at", N_("Ends"), lambda one: one.definition.expires_at),
    Column("is_active", N_("State"), lambda one: one.package.is_active),
    Column("package_id", N_("ID"), lambda one: one.package.package_id),
)
# An emptied field of the form is none of these.
EMPTY: dict[str, Any] = {
    "item_description": {},
    "starts_at": None,
    "ends_at": None,
    "per_code_limit": 0,
    "per_user_limit": 0,
    "total_limit": 0,
}


@page.view("", mirrors="packages.list_all")
def index() -> ResponseReturnValue:
    """List the packages, newest first."""
    filters, form = load_query(PackageQuerySchema())
    return respond_with_table(
        "packages/index.html",
        COLUMNS,
        read_by_offset(
            lambda part: packages.list_packages(g.principal.tenant_id, part, **filters)
        ),
        form=form,
        campaigns=list_campaign_filters(g.principal.tenant_id),
    )


@page.view("/new", scope=Scope.DEFINITIONS)
def show_form() -> str:
    """Show the form for a new package."""
    return _render_form(Form())


@page.view("/new", mirrors="campaigns.create_package", method="POST")
def create() -> ResponseReturnValue:
    """Create a package of a campaign."""
    form = read_form()
    created = form.submit(
        CreatePackageSchema(),
        lambda fields: packages.create(
            g.principal.tenant_id,
            form.value("campaign_id"),
            fields={**EMPTY, **fields},
            now=utc_now(),
        ),
    )
    if created is None:
        return _render_form(form), 400
    notice = _('The package "%(name)s" is created.') % {"name": created.package.name}
    return redirect_to(url_for_page("packages.index"), notice)


@page.view(f"/<{INTEGER_ID}:package_id>", scope=Scope.DEFINITIONS)
def show(package_id: int) -> str:
    """Show a package in a form."""
    found = packages.get(g.principal.tenant_id, package_id)
    members, zone = found.to_members(), _get_zone(found)
    for name in ("starts_at", "ends_at"):
        members[name] = format_entered_time(members[name], zone)
    for name in ("per_code_limit", "per_user_limit", "total_limit"):
        members[name] = members[name] or None  # 0 is no limit
    return _render_form(fill_form(UpdatePackageSchema(), members), found)


@page.view(f"/<{INTEGER_ID}:package_id>", mirrors="packages.change", method="POST")
def change(package_id: int) -> ResponseReturnValue:
    """Change a package."""
    form = read_form()
    found = packages.get(g.principal.tenant_id, package_id)
    changed = form.submit(
        UpdatePackageSchema(),
        lambda fields: packages.update(
            found.package.tenant_id,
            package_id,
            changes={**EMPTY, **fields},
            now=utc_now(),
        ),
    )
    if changed is None:
        return _render_form(form, found), 400
    notice = _('The package "%(name)s" is changed.') % {"name": changed.package.name}
    return redirect_to(url_for_page("packages.index"), notice)


def _get_zone(found: PackageWithDefinition) -> str:
    return found.definition.campaign_time_zone or "UTC"


def _render_form(form: Form, found: PackageWithDefinition | None = None) -> str:
    names = found.package.item_name if found else {}
    lines = found.package.rewards if found else ()
    shown = min(max(len(lines), 1) + SPARE_REWARD_LINES, MAX_REWARD_LINES)
    line_locales = [
        sorted({DEFAULT_LOCALE, *lines[position].get("itemName", {})})
        if position < len(lines)
        else [DEFAULT_LOCALE]
        for position in range(shown)
    ]
    return render(
        "packages/form.html",
        form=form,
        found=found,
        zone=_get_zone(found) if found else "",
        campaigns=list_campaign_choices(g.principal.tenant_id),
        locales=sorted({DEFAULT_LOCALE, *names}),
        description_locales=sorted(
            {DEFAULT_LOCALE, *(found.package.item_description if found else ())}
        ),
        line_locales=line_locales,
    )
