"""Rewards: what a redemption grants; the list, and forms to create and change one."""

from typing import Any
from uuid import UUID

from flask import g
from flask.typing import ResponseReturnValue

from admin_gateway.console.actions import Question, ask, carry_out
from admin_gateway.console.forms import Form, fill_form, load_query, read_form
from admin_gateway.console.page import Page
from admin_gateway.console.rendering import redirect_to, render, url_for_page
from admin_gateway.console.tables import Column, read_by_offset, respond_with_table
from admin_gateway.console.texts import N_
from admin_gateway.console.texts import gettext as _
from admin_gateway.requests.reward_items import (
    CreateRewardItemSchema,
    RewardItemQuerySchema,
)
from coupon_core.domain.models import RewardItem, Scope, utc_now
from coupon_core.services.catalog import reward_items

page = Page("rewards", title=N_("Rewards"), path="/rewards", group=N_("Catalogue"))
COLUMNS = (
    Column("name", N_("Name"), lambda item: item.name),
    Column("reward_type", N_("Type"), lambda item: item.reward_type),
    Column("description", N_("Description"), lambda item: item.description),
    Column("payload", N_("Data for the game"), lambda item: dict(item.payload)),
    Column("item_id", N_("ID"), lambda item: item.item_id),
    Column("updated_at", N_("Changed"), lambda item: item.updated_at),
)


@page.view("", mirrors="rewards.list_all")
def index() -> ResponseReturnValue:
    """List the rewards, newest first."""
    filters, form = load_query(RewardItemQuerySchema())
    return respond_with_table(
        "rewards/index.html",
        COLUMNS,
        read_by_offset(
            lambda part: reward_items.list_reward_items(
                g.principal.tenant_id, part, **filters
            )
        ),
        form=form,
    )


@page.view("/new", scope=Scope.DEFINITIONS)
def show_form() -> str:
    """Show the form for a new reward."""
    return _render_form(Form())


@page.view("/new", mirrors="rewards.create", method="POST")
def create() -> ResponseReturnValue:
    """Create a reward."""
    form = read_form()
    item = form.submit(
        CreateRewardItemSchema(),
        lambda fields: reward_items.create(
            g.principal.tenant_id, fields, now=utc_now()
        ),
    )
    if item is None:
        return _render_form(form), 400
    notice = _('The reward "%(name)s" is created.') % {"name": item.name}
    return redirect_to(url_for_page("rewards.index"), notice)


@page.view("/<uuid:item_id>", scope=Scope.DEFINITIONS)
def show(item_id: UUID) -> str:
    """Show a reward in a form."""
    item = _get(item_id)
    members = {name: getattr(item, name) for name in CreateRewardItemSchema().fields}
    return _render_form(fill_form(CreateRewardItemSchema(), members), item)


@page.view("/<uuid:item_id>", mirrors="rewards.replace", method="POST")
def change(item_id: UUID) -> ResponseReturnValue:
    """Change a reward; emptied fields are empty afterwards."""
    form, item = read_form(), _get(item_id)

    def update(fields: dict[str, Any]) -> RewardItem:
        return reward_items.update(
            g.principal.tenant_id, item.item_id, changes=fields, now=utc_now()
        )

    changed = form.submit(CreateRewardItemSchema(), update)
    if changed is None:
        return _render_form(form, item), 400
    notice = _('The reward "%(name)s" is changed.') % {"name": changed.name}
    return redirect_to(url_for_page("rewards.index"), notice)


@page.view("/<uuid:item_id>/delete", scope=Scope.DEFINITIONS)
def confirm_delete(item_id: UUID) -> str:
    """Ask before a reward is deleted."""
    return ask(_build_question(_get(item_id)))


@page.view("/<uuid:item_id>/delete", mirrors="rewards.delete", method="POST")
def delete(item_id: UUID) -> ResponseReturnValue:
    """Delete a reward that no definition uses."""
    item = _get(item_id)
    return carry_out(
        _build_question(item),
        lambda: reward_items.delete(item.tenant_id, item.item_id),
        _('The reward "%(name)s" is deleted.') % {"name": item.name},
    )


def _get(item_id: UUID) -> RewardItem:
    return reward_items.get(g.principal.tenant_id, str(item_id))


def _render_form(form: Form, item: RewardItem | None = None) -> str:
    return render("rewards/form.html", form=form, item=item)


def _build_question(item: RewardItem) -> Question:
    return Question(
        title=_('Delete the reward "%(name)s"?') % {"name": item.name},
        text=_(
            "This cannot be undone. A reward that a definition uses, also an archived "
            "one, is not deleted."
        ),
        button=_("Delete the reward"),
        back=url_for_page("rewards.index"),
    )
