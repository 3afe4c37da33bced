"""Failed attempts, and signals of what happened suspiciously often."""

from typing import Any

from flask import g
from flask.typing import ResponseReturnValue

from admin_gateway.console.forms import load_query
from admin_gateway.console.page import Page
from admin_gateway.console.report_words import describe, describe_all, list_reasons
from admin_gateway.console.tables import Column, Rows, respond_with_table
from admin_gateway.console.texts import N_
from admin_gateway.requests.attempts import (
    AttemptQuerySchema,
    SignalQuerySchema,
    format_signal_cursor,
    parse_signal_cursor,
)
from coupon_core.domain.models.attempts import AttemptAction, SignalKind
from coupon_core.schemas.identifiers import is_uuid
from coupon_core.services.catalog import definition_lookup
from coupon_core.services.insight import attempts, signals

page = Page(
    "attempts",
    title=N_("Failed attempts"),
    path="/attempts",
    group=N_("Insight"),
    key="f",
)
ATTEMPT_COLUMNS = (
    Column("attempted_at", N_("Time"), lambda row: row.attempted_at),
    Column("user_id", N_("Player"), lambda row: row.user_id),
    Column("masked_code", N_("Code"), lambda row: row.masked_code),
    Column("action", N_("The caller wanted to"), lambda row: row.action),
    Column("reason", N_("Reason"), lambda row: row.reason),
    Column("dialect", N_("API"), lambda row: row.dialect),
    Column("definition_id", N_("Definition"), lambda row: row.definition_id),
)
SIGNAL_COLUMNS = (
    Column("hour", N_("Hour"), lambda row: row.hour_at),
    Column("kind", N_("What happened"), lambda row: row.kind),
    Column("subject", N_("Player, code or reference"), lambda row: row.subject),
    Column("count", N_("How often"), lambda row: row.count),
    Column("first", N_("First"), lambda row: row.first_at),
    Column("last", N_("Last"), lambda row: row.last_at),
)
MAX_CHOICES = 200
# Tables choose their pages themselves.
PAGE_MEMBERS = ("limit", "cursor", "before")


@page.view("", mirrors="attempts.list_all")
def index() -> ResponseReturnValue:
    """List the attempts that match the filters in the URL, newest first."""
    filters, form = load_query(AttemptQuerySchema())
    filters = _without_page(filters)
    tenant_id = g.principal.tenant_id
    offered = definition_lookup.list_names(tenant_id, MAX_CHOICES)

    def read_rows(cursor: str, limit: int) -> Rows:
        rows, following = attempts.list_attempts(
            tenant_id,
            **filters,
            limit=limit,
            cursor=cursor if is_uuid(cursor) else None,
        )
        return Rows(rows, following or "")

    return respond_with_table(
        "attempts/index.html",
        ATTEMPT_COLUMNS,
        read_rows,
        form=form,
        describe=describe,
        actions=describe_all(*AttemptAction),
        reasons=list_reasons(form.value("reason")),
        definitions=offered,
        names={one.definition_id: one.name for one in offered},
    )


@page.view("/signals", mirrors="signals.list_signals")
def list_signals() -> ResponseReturnValue:
    """List the signals that match the filters in the URL, newest hour first."""
    filters, form = load_query(SignalQuerySchema())

    def read_rows(cursor: str, limit: int) -> Rows:
        rows, has_more = signals.list_signals(
            g.principal.tenant_id,
            filters["signal_filter"],
            limit=limit,
            before=parse_signal_cursor(cursor) if cursor else None,
        )
        return Rows(rows, format_signal_cursor(rows[-1]) if has_more else "")

    return respond_with_table(
        "attempts/signals.html",
        SIGNAL_COLUMNS,
        read_rows,
        form=form,
        describe=describe,
        kinds=describe_all(*SignalKind),
    )


def _without_page(filters: dict[str, Any]) -> dict[str, Any]:
    return {name: one for name, one in filters.items() if name not in PAGE_MEMBERS}
