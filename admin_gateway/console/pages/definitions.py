"""Definitions: the list, the form for a new one, its page, and actions on it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import g, request
from flask.typing import ResponseReturnValue

from admin_gateway.console import definition_forms, definition_lists
from admin_gateway.console.actions import ask, carry_out
from admin_gateway.console.charts import build_chart, list_labels
from admin_gateway.console.definition_actions import ACTIONS
from admin_gateway.console.definition_words import (
    describe_violation,
    get_state,
    get_zone,
)
from admin_gateway.console.forms import Form, load_query, read_form
from admin_gateway.console.page import Page
from admin_gateway.console.rendering import redirect_to, render, url_for_page
from admin_gateway.console.state_filters import ListDefinitionsSchema
from admin_gateway.console.tables import read_by_offset, respond_with_table
from admin_gateway.console.texts import N_
from admin_gateway.console.texts import gettext as _
from admin_gateway.console.use_columns import (
    MAX_COUNTED,
    add_uses,
    count_codes,
    list_with_uses,
)
from admin_gateway.console.whole_actions import Action, build_question
from coupon_core.domain.models import CodeFormat, Definition, Refused, Scope, utc_now
from coupon_core.domain.models.reports import ReportFilter, ReportInterval, TopBy
from coupon_core.schemas.identifiers import is_uuid
from coupon_core.security.authorization import require_scope
from coupon_core.services.campaigns import campaigns
from coupon_core.services.catalog import definitions, reward_items
from coupon_core.services.catalog.definition_drafts import DefinitionDraft
from coupon_core.services.coupons import code_capacity
from coupon_core.services.insight import reports
from coupon_core.services.insight.reports import ReportRequest

page = Page(
    "definitions",
    title=N_("Definitions"),
    path="/definitions",
    group=N_("Catalogue"),
    key="d",
)
CHART_DAYS = 30
COUNT = "count"
CHART_NAMES = ("redeemed", "refused")
STORED_NAME_LENGTH = 90


@page.view("", mirrors="definitions.list_all")
def index() -> ResponseReturnValue:
    """List the definitions that match the filters in the URL, newest first."""
    filters, form = load_query(ListDefinitionsSchema())
    tenant_id = g.principal.tenant_id
    return respond_with_table(
        "definitions/index.html",
        definition_lists.COLUMNS,
        read_by_offset(
            list_with_uses(
                lambda part: definitions.list_definitions(tenant_id, part, **filters),
                TopBy.DEFINITION,
            )
        ),
        form=form,
        helpers=definition_lists.build_helpers(),
        campaigns=definition_forms.list_campaign_choices(tenant_id, _("All")),
    )


@page.view("/new", scope=Scope.DEFINITIONS)
def show_form() -> str:
    """Show the form for a new definition, with `copy` filled in from another."""
    copied_id = request.args.get("copy", "")
    if not is_uuid(copied_id):
        form = Form()
    else:
        copied = definitions.get(g.principal.tenant_id, copied_id)
        name = _("Copy of %(name)s") % {"name": copied.name[:STORED_NAME_LENGTH]}
        form = definition_forms.fill(copied, name)
    return _render_form(form)


@page.view("/new", mirrors="definitions.create", method="POST")
def create() -> ResponseReturnValue:
    """Create a definition."""
    form, tenant_id, now = read_form(), g.principal.tenant_id, utc_now()
    if form.value(f"{definition_forms.FIRST_CODES}.count").strip():
        require_scope(g.principal, tenant_id, scope=Scope.COUPONS)
    launched = form.run(lambda: definition_forms.create(tenant_id, form, now))
    if launched is None:
        return _render_form(form), 400
    created, batch = launched
    if batch:
        notice = _('"%(name)s" is created, and its codes are being generated.')
        path = url_for_page("batches.show", batch_id=batch.batch_id)
        return redirect_to(path, notice % {"name": created.name})
    notice = _('"%(name)s" is created. Next, generate codes.')
    if created.code_format == CodeFormat.CUSTOM:
        notice = _('"%(name)s" is created. Its code can be used from its start.')
    path = url_for_page("definitions.show", definition_id=created.definition_id)
    return redirect_to(path, notice % {"name": created.name})


@page.view("/new/try", mirrors="definitions.create", method="POST")
def try_out() -> ResponseReturnValue:
    """Show what a definition would do for a player at a time; nothing is stored."""
    form, tenant_id = read_form(), g.principal.tenant_id
    draft = form.run(lambda: definition_forms.try_out(tenant_id, form, utc_now()))
    return _render_form(form, draft), 200 if draft else 400


def _render_form(form: Form, draft: DefinitionDraft | None = None) -> str:
    return render(
        "definitions/form.html",
        form=form,
        choices=definition_forms.list_choices(g.principal.tenant_id),
        campaign_id=request.args.get("campaign_id", ""),
        draft=draft,
        violations=[
            describe_violation(reason)
            for _rule, reason in (draft.verdicts if draft else ())
            if reason
        ],
        get_zone=get_zone,
        definition=None,
        is_frozen=False,
    )


@page.view("/<uuid:definition_id>", mirrors="definitions.get")
def show(definition_id: UUID) -> str:
    """Show what a definition is worth, how much it is used, and what is left."""
    tenant_id, now = g.principal.tenant_id, utc_now()
    definition = definitions.get(tenant_id, str(definition_id))
    request_of_report = ReportRequest(
        filters=ReportFilter(definition_id=definition.definition_id), days=CHART_DAYS
    )
    report = reports.report_redemptions(
        tenant_id, request_of_report, ReportInterval.DAY, now
    )
    is_counted = COUNT in request.args or not code_capacity.has_more_coupons(
        tenant_id, definition.definition_id, MAX_COUNTED
    )
    (row,) = add_uses([definition], TopBy.DEFINITION)
    labels = list_labels(report.buckets, ReportInterval.DAY, report.period.time_zone)
    return render(
        "definitions/show.html",
        definition=definition,
        state=get_state(definition, now),
        zone=get_zone(definition),
        item=reward_items.get(tenant_id, definition.reward_item_id),
        use=row.use,
        campaign=campaigns.get(tenant_id, definition.campaign_id)
        if definition.campaign_id
        else None,
        stats=definitions.get_stats(tenant_id, definition.definition_id, now)
        if is_counted
        else None,
        capacity=_find_capacity(definition) if is_counted else None,
        chart=build_chart(labels, report.buckets, CHART_NAMES),
        rows=list(zip(labels, report.buckets, strict=True)),
        totals=report.totals,
        actions=[one for one in ACTIONS if one.is_offered(definition)],
        is_soon=bool(
            definition.expires_at
            and now < definition.expires_at < now + timedelta(days=7)
        ),
    )


def _find_capacity(definition: Definition) -> Any:
    """Return how full the code space is, or None if it has none."""
    try:
        return code_capacity.get_capacity(
            definition.tenant_id, definition.definition_id
        )
    except Refused:
        return None


def _add_action(action: Action) -> None:
    """Add the question before an action on a definition, and the action."""

    def confirm(definition_id: UUID) -> str:
        return ask(_build_question(action, str(definition_id))[0])

    def submit(definition_id: UUID) -> ResponseReturnValue:
        question, definition = _build_question(action, str(definition_id))
        return carry_out(
            question,
            lambda: action.run(
                definition.tenant_id, definition.definition_id, now=utc_now()
            ),
            _(action.notice) % {"name": definition.name},
        )

    rule = f"/<uuid:definition_id>/{action.name}"
    _name(confirm, f"confirm_{action.name}")
    _name(submit, action.name)
    page.view(rule, scope=Scope.DEFINITIONS)(confirm)
    page.view(rule, mirrors=action.mirrors, method="POST")(submit)


def _name(view: Callable[..., Any], name: str) -> None:
    view.__name__ = name


def _build_question(action: Action, definition_id: str) -> tuple[Any, Definition]:
    tenant_id = g.principal.tenant_id
    definition = definitions.get(tenant_id, definition_id)

    def count_exactly() -> int:
        stats = definitions.get_stats(tenant_id, definition_id, utc_now())
        return sum(stats.coupon_counts.values())

    count = count_codes(definition, TopBy.DEFINITION, count_exactly)
    back = url_for_page("definitions.show", definition_id=definition_id)
    return build_question(action, definition.name, count, back=back), definition


for _action in ACTIONS:
    _add_action(_action)
