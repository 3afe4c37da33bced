"""Campaigns: the list, a form, the page of one with its definitions, and actions."""

from collections.abc import Callable
from typing import Any

from flask import g, request
from flask.typing import ResponseReturnValue
from marshmallow import Schema

from admin_gateway.console import campaign_forms, definition_lists
from admin_gateway.console.actions import Question, ask, carry_out
from admin_gateway.console.campaign_actions import ACTIONS
from admin_gateway.console.campaign_forms import COPY, render_form
from admin_gateway.console.charts import draw_sparkline
from admin_gateway.console.definition_words import State, get_campaign_state
from admin_gateway.console.forms import Form, load_query, read_form
from admin_gateway.console.page import Page
from admin_gateway.console.rendering import redirect_to, render, url_for_page
from admin_gateway.console.state_filters import ListCampaignsSchema
from admin_gateway.console.tables import Column, read_by_offset, respond_with_table
from admin_gateway.console.texts import N_
from admin_gateway.console.texts import gettext as _
from admin_gateway.console.use_columns import (
    MAX_COUNTED,
    USE_COLUMNS,
    add_uses,
    count_codes,
    list_with_uses,
)
from admin_gateway.console.whole_actions import Action, build_question
from admin_gateway.requests.campaigns import CreateCampaignSchema, UpdateCampaignSchema
from coupon_core.domain.models import Page as ListPage
from coupon_core.domain.models import Scope, utc_now
from coupon_core.domain.models.campaigns import Campaign
from coupon_core.domain.models.reports import TopBy
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
    Column("name", N_("Name"), lambda row: row.one.name),
    Column("state", N_("State"), lambda row: _get_present_state(row.one).word),
    Column("definitions", N_("Definitions"), lambda row: row.use.definition_count),
    *USE_COLUMNS,
    Column("starts_at", N_("Starts"), lambda row: row.one.starts_at),
    Column("ends_at", N_("Ends"), lambda row: row.one.ends_at),
    Column("time_zone", N_("Time zone"), lambda row: row.one.time_zone),
    Column("campaign_id", N_("ID"), lambda row: row.one.campaign_id),
)
MAX_DEFINITIONS = 200
COUNT = "count"


@page.view("", mirrors="campaigns.list_all")
def index() -> ResponseReturnValue:
    """List the campaigns that match the filters in the URL, newest first."""
    filters, form = load_query(ListCampaignsSchema())
    tenant_id = g.principal.tenant_id
    return respond_with_table(
        "campaigns/index.html",
        COLUMNS,
        read_by_offset(
            list_with_uses(
                lambda part: campaigns.list_campaigns(tenant_id, part, **filters),
                TopBy.CAMPAIGN,
            )
        ),
        form=form,
        helpers={
            "draw_sparkline": draw_sparkline,
            "get_state": _get_present_state,
            "list_actions": lambda one: [
                each for each in ACTIONS if each.is_in_lists and each.is_offered(one)
            ],
        },
    )


def _get_present_state(campaign: Campaign) -> State:
    return get_campaign_state(campaign, utc_now())


@page.view("/new", scope=Scope.DEFINITIONS)
def show_form() -> str:
    """Show the form for a new campaign, with `copy` filled in from another."""
    copied_id = request.args.get(COPY, "")
    copied = campaign_forms.find_copied(g.principal.tenant_id, copied_id)
    return render_form(Form(), copied=copied)


@page.view("/new", mirrors="campaigns.create", method="POST")
def create() -> ResponseReturnValue:
    """Create a campaign, or one like another."""
    form, tenant_id = read_form(), g.principal.tenant_id
    copied = campaign_forms.find_copied(tenant_id, form.value(COPY))
    return _submit(
        form,
        CreateCampaignSchema(),
        lambda fields: campaign_forms.create(
            tenant_id, form, fields=fields, copied=copied, now=utc_now()
        ),
        copied=copied,
    )


@page.view("/c/<campaign_id>", mirrors="campaigns.get")
def show(campaign_id: str) -> str:
    """Show a campaign, how much it is used, and its definitions."""
    tenant_id, now = g.principal.tenant_id, utc_now()
    campaign = campaigns.get(tenant_id, campaign_id)
    rows, total = definitions.list_definitions(
        tenant_id, ListPage(limit=MAX_DEFINITIONS), campaign_id=campaign_id
    )
    (row,) = add_uses([campaign], TopBy.CAMPAIGN)
    is_small = row.use.has_all_codes and row.use.code_count <= MAX_COUNTED
    is_counted = is_small or COUNT in request.args
    return render(
        "campaigns/show.html",
        campaign=campaign,
        state=get_campaign_state(campaign, now),
        use=row.use,
        stats=campaigns.get_stats(tenant_id, campaign_id) if is_counted else None,
        rows=add_uses(rows, TopBy.DEFINITION),
        total=total,
        helpers=definition_lists.build_helpers(),
        actions=[one for one in ACTIONS if one.is_offered(campaign)],
    )


@page.view("/c/<campaign_id>/settings", scope=Scope.DEFINITIONS)
def edit(campaign_id: str) -> str:
    """Show a campaign in a form."""
    return render_form(Form(), campaigns.get(g.principal.tenant_id, campaign_id))


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

    return _submit(form, UpdateCampaignSchema(), update, campaign=campaign)


def _submit(
    form: Form,
    schema: Schema,
    action: Callable[[dict[str, Any]], Campaign],
    **shown: Campaign | None,
) -> ResponseReturnValue:
    stored = form.submit(schema, action)
    if stored is None:
        return render_form(form, **shown), 400
    notice = _('The campaign "%(name)s" is saved.') % {"name": stored.name}
    path = url_for_page("campaigns.show", campaign_id=stored.campaign_id)
    return redirect_to(path, notice)


def _build_question(action: Action, campaign: Campaign) -> Question:
    tenant_id, campaign_id = campaign.tenant_id, campaign.campaign_id
    count = count_codes(
        campaign,
        TopBy.CAMPAIGN,
        lambda: campaigns.get_stats(tenant_id, campaign_id).code_count,
    )
    back = url_for_page("campaigns.show", campaign_id=campaign.campaign_id)
    return build_question(action, campaign.name, count, back=back)


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
