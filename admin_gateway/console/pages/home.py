"""The home page: where a tenant stands, and what to do first."""

from flask import g

from admin_gateway.console.page import Page
from admin_gateway.console.rendering import render
from admin_gateway.console.texts import N_
from coupon_core.domain.models import DefinitionStatus
from coupon_core.domain.models import Page as ListPage
from coupon_core.domain.models.batches import BatchState
from coupon_core.services.batches import requests as batch_requests
from coupon_core.services.catalog import definitions

page = Page("home", title=N_("Home"), path="", key="h")
COUNT_ONLY = ListPage(limit=1, offset=0)


@page.view("", mirrors="definitions.list_all")
def index() -> str:
    """Show the numbers that exist, and the latest batches."""
    tenant_id = g.principal.tenant_id
    _, definition_count = definitions.list_definitions(tenant_id, COUNT_ONLY)
    _, active_count = definitions.list_definitions(
        tenant_id, COUNT_ONLY, status=DefinitionStatus.ACTIVE
    )
    running, _ = batch_requests.list_batches(
        tenant_id, ListPage(limit=10), state=BatchState.RUNNING
    )
    return render(
        "home/index.html",
        definition_count=definition_count,
        active_count=active_count,
        running=running,
    )
