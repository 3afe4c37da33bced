"""The audit log: who changed what and when."""

from collections.abc import Iterator, Sequence

from flask import g
from flask.typing import ResponseReturnValue

from admin_gateway.console import audit_words
from admin_gateway.console.forms import load_query
from admin_gateway.console.page import Page
from admin_gateway.console.tables import Column, read_by_key, respond_with_table
from admin_gateway.console.texts import N_
from admin_gateway.console.texts import gettext as _
from admin_gateway.requests.audit import AuditQuerySchema
from coupon_core.domain.models import Page as ListPage
from coupon_core.domain.models.audit import AuditEntry, AuditFilter
from coupon_core.services import audit
from coupon_core.services.operators import memberships

page = Page("audit", title=N_("Audit log"), path="/audit", group=N_("Access"), key="a")
COLUMNS = (
    Column("happened_at", N_("Time"), lambda entry: entry.happened_at),
    Column("actor", N_("Actor"), lambda entry: entry.actor),
    Column("action", N_("Action"), lambda entry: entry.action),
    Column("object_id", N_("Object"), lambda entry: entry.object_id),
    Column("detail", N_("Details"), lambda entry: entry.detail),
)


@page.view("", mirrors="audit.list_all")
def index() -> ResponseReturnValue:
    """List the entries that match the filters in the URL, newest first."""
    filters, form = load_query(AuditQuerySchema())

    def list_entries(part: ListPage) -> tuple[list[AuditEntry], int]:
        return audit.list_entries(g.principal.tenant_id, AuditFilter(**filters), part)

    return respond_with_table(
        "audit/index.html",
        COLUMNS,
        read_by_key(list_entries, lambda entry: entry.entry_id),
        form=form,
        audit_words=audit_words,
        actions=_list_choices(form.value("action")),
        describe_rows=lambda rows: {
            "names": memberships.list_emails(set(_list_operators(rows)))
        },
    )


def _list_operators(entries: Sequence[AuditEntry]) -> Iterator[str]:
    """Yield who did something and, as actors, the operators to whom it was done."""
    for entry in entries:
        yield entry.actor
        if entry.action.startswith("operator."):
            yield f"operator:{entry.object_id}"


def _list_choices(chosen: str) -> list[tuple[str, str]]:
    """Return the actions to choose from; one that is not known stays chosen."""
    codes = dict.fromkeys(("", *audit_words.list_actions(), chosen))
    return [(code, audit_words.describe_action(code) or _("All")) for code in codes]
