"""Campaigns: the list, a form, the page of one with its definitions, and actions."""

from collections.abc import Callable
from typing import Any

from flask import g
from flask.typing import ResponseReturnValue
from marshmallow import Schema

from admin_gateway.console.actions import Question, ask, carry_out
from admin_gateway.console.campaign_actions import ACTIONS
from admin_gateway.console.definition_words import (
    get_campaign_state,
    get_state,
    get_zone,
)
from admin_gateway.console.formats import format_entered_time
from admin_gateway.console.forms import Form, load_query, read_form
from admin_gateway.console.page import Page
from admin_gateway.console.rendering import redirect_to, render, url_for_page
from admin_gateway.console.tables import Column, read_by_offset, respond_with_table
from admin_gateway.console.texts import N_
from admin_gateway.console.texts import gettext as _
from admin_gateway.console.whole_actions import Action, build_question
from admin_gateway.requests.campaigns import (
    CampaignQuerySchema,
    CreateCampaignSchema,
    UpdateCampaignSchema,
)
from coupon_core.domain.models import Page as ListPage
from coupon_core.domain.models import Scope, utc_now
from coupon_core.domain.models.campaigns import Campaign
from coupon_core.services.campaigns import campaigns
from coupon_core.services.catalog import definitions

page = Page(
    "campaigns",
    title=N_("Campaigns"),
    path="/campaigns",
    group=N_("Catalogue"),
    key="m",
)
COLUMNS = (
    Column("name", N_("Name"), lambda one: one.name),
    Column("state", N_("State"), lambda one: get_campaign_state(one, utc_now()).word),
    Column("starts_at", N_("Starts"), lambda one: one.starts_at),
    Column("ends_at", N_("Ends"), lambda one: one.ends_at),
    Column("time_zone", N_("Time zone"), lambda one: one.time_zone),
    Column("campaign_id", N_("ID"), lambda one: one.campaign_id),
)
MAX_DEFINITIONS = 200


@page.view("", mirrors="campaigns.list_all")
def index() -> ResponseReturnValue:
    """List the campaigns that match the filters in the URL, newest first."""
    filters, form = load_query(CampaignQuerySchema())
    return respond_with_table(
        "campaigns/index.html",
        COLUMNS,
        read_by_offset(
            lambda part: campaigns.list_campaigns(
                g.principal.tenant_id, part, **filters
            )
        ),
        form=form,
        get_state=lambda one: get_campaign_state(one, utc_now()),
    )


@page.view("/new", scope=Scope.DEFINITIONS)
def show_form() -> str:
    """Show the form for a new campaign."""
    return _render_form(Form())


@page.view("/new", mirrors="campaigns.create", method="POST")
def create() -> ResponseReturnValue:
    """Create a campaign."""
    form = read_form()

    def insert(fields: dict[str, Any]) -> Campaign:
        campaign_id = fields.pop("campaign_id", None)
        return campaigns.create(g.principal.tenant_id, campaign_id, fields, utc_now())

    return _submit(form, CreateCampaignSchema(), insert, None)


@page.view("/c/<campaign_id>", mirrors="campaigns.get")
def show(campaign_id: str) -> str:
    """Show a campaign, how much it is used, and its definitions."""
    tenant_id, now = g.principal.tenant_id, utc_now()
    campaign = campaigns.get(tenant_id, campaign_id)
    rows, total = definitions.list_definitions(
        tenant_id, ListPage(limit=MAX_DEFINITIONS), campaign_id=campaign_id
    )
    stats = campaigns.get_stats(tenant_id, campaign_id)
    return render(
        "campaigns/show.html",
        campaign=campaign,
        state=get_campaign_state(campaign, now),
        stats=stats,
        rows=rows,
        total=total,
        uses={row.definition_id: row.redemption_count for row in stats.rows},
        get_state=lambda one: get_state(one, now),
        get_zone=get_zone,
        actions=[one for one in ACTIONS if one.is_offered(campaign)],
    )


@page.view("/c/<campaign_id>/settings", scope=Scope.DEFINITIONS)
def edit(campaign_id: str) -> str:
    """Show a campaign in a form."""
    return _render_form(Form(), campaigns.get(g.principal.tenant_id, campaign_id))


@page.view("/c/<campaign_id>/settings", mirrors="campaigns.change", method="POST")
def change(campaign_id: str) -> ResponseReturnValue:
    """Change a campaign; emptied dates are none."""
    form = read_form()
    campaign = campaigns.get(g.principal.tenant_id, campaign_id)

    def update(fields: dict[str, Any]) -> Campaign:
        if "names" in fields:  # the form shows one language; the others stay
            locale = next((k for k, v in campaign.names.items() if v == campaign.name))
            fields["names"] = {**campaign.names, locale: fields["names"]["en"]}
        dates = {"starts_at": None, "ends_at": None}
        return campaigns.update(
            campaign.tenant_id, campaign_id, {**dates, **fields}, utc_now()
        )

    return _submit(form, UpdateCampaignSchema(), update, campaign)


def _submit(
    form: Form,
    schema: Schema,
    action: Callable[[dict[str, Any]], Campaign],
    campaign: Campaign | None,
) -> ResponseReturnValue:
    stored = form.submit(schema, action)
    if stored is None:
        return _render_form(form, campaign), 400
    notice = _('The campaign "%(name)s" is saved.') % {"name": stored.name}
    path = url_for_page("campaigns.show", campaign_id=stored.campaign_id)
    return redirect_to(path, notice)


def _render_form(form: Form, campaign: Campaign | None = None) -> str:
    zone = campaign.time_zone if campaign else ""
    shown = {"name": campaign.name, "time_zone": zone} if campaign else {}
    if campaign:
        shown["starts_at"] = format_entered_time(campaign.starts_at, zone)
        shown["ends_at"] = format_entered_time(campaign.ends_at, zone)
    return render("campaigns/form.html", form=form, campaign=campaign, shown=shown)


def _build_question(action: Action, campaign: Campaign) -> Question:
    stats = campaigns.get_stats(campaign.tenant_id, campaign.campaign_id)
    back = url_for_page("campaigns.show", campaign_id=campaign.campaign_id)
    return build_question(action, campaign.name, stats.code_count, back=back)


def _add_action(action: Action) -> None:
    """Add the question before an action on a campaign, and the action."""

    def confirm(campaign_id: str) -> str:
        campaign = campaigns.get(g.principal.tenant_id, campaign_id)
        return ask(_build_question(action, campaign))

    def submit(campaign_id: str) -> ResponseReturnValue:
        campaign = campaigns.get(g.principal.tenant_id, campaign_id)
        return carry_out(
            _build_question(action, campaign),
            lambda: action.run(campaign.tenant_id, campaign_id, now=utc_now()),
            _(action.notice) % {"name": campaign.name},
        )

    confirm.__name__, submit.__name__ = f"confirm_{action.name}", action.name
    rule = f"/c/<campaign_id>/{action.name}"
    page.view(rule, scope=Scope.DEFINITIONS)(confirm)
    page.view(rule, mirrors=action.mirrors, method="POST")(submit)


for _action in ACTIONS:
    _add_action(_action)
