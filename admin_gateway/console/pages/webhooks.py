"""Webhooks: the list, forms, the delivery log, and what can be done with each."""

from typing import Any
from uuid import UUID

from flask import Response, g
from flask.typing import ResponseReturnValue

from admin_gateway.console import webhook_questions
from admin_gateway.console.actions import ask, carry_out, perform
from admin_gateway.console.forms import Form, fill_form, read_form
from admin_gateway.console.page import INTEGER_ID, Page
from admin_gateway.console.rendering import redirect_to, render, url_for_page
from admin_gateway.console.tables import Column, read_by_offset, respond_with_table
from admin_gateway.console.texts import N_
from admin_gateway.console.texts import gettext as _
from admin_gateway.requests.webhooks import CreateWebhookSchema, UpdateWebhookSchema
from coupon_core.domain.models import Scope, utc_now
from coupon_core.domain.models.webhooks import SignatureScheme, Webhook
from coupon_core.services.webhooks import resends, subscriptions
from coupon_core.services.webhooks.payloads import EVENT_TYPES
from coupon_core.web.idempotency import safe_post
from coupon_core.web.slow_requests import slow_request

page = Page(
    "webhooks",
    title=N_("Webhooks"),
    path="/webhooks",
    group=N_("Connections"),
    key="w",
)
ONE = f"/<{INTEGER_ID}:webhook_id>"
MAX_SHOWN_ANSWER = 200  # characters of a receiver's answer in a notice
COLUMNS = (
    Column("event_type", N_("Event"), lambda webhook: webhook.event_type),
    Column("url", N_("URL"), lambda webhook: webhook.url),
    Column("is_active", N_("State"), lambda webhook: webhook.is_active),
    Column("failing_since", N_("Fails since"), lambda webhook: webhook.failing_since),
    Column("created_at", N_("Created"), lambda webhook: webhook.created_at),
)
LOG_COLUMNS = (
    Column("created_at", N_("Time"), lambda one: one.created_at),
    Column("event_id", N_("Event ID"), lambda one: one.event_id),
    Column("attempt", N_("Attempt"), lambda one: one.number),
    Column("status", N_("State"), lambda one: one.status),
    Column("response_status", N_("Answer"), lambda one: one.response_status),
    Column("error", N_("Problem"), lambda one: one.error),
    Column("next_retry_at", N_("Next attempt"), lambda one: one.next_retry_at),
)
SIGNATURES = {
    SignatureScheme.STANDARD: N_("Standard Webhooks (recommended)"),
    SignatureScheme.PLAYCAMP: N_("PlayCamp"),
    SignatureScheme.PLAYCAMP_TIMESTAMPED: N_("PlayCamp with time"),
}
STATES = {
    "SUCCESS": (N_("delivered"), "good"),
    "PENDING": (N_("waiting"), "neutral"),
    "RETRYING": (N_("will be tried again"), "warning"),
    "FAILED": (N_("given up"), "bad"),
}


@page.view("", mirrors="webhooks.list_all")
def index() -> ResponseReturnValue:
    """List the webhooks, newest first."""
    return respond_with_table(
        "webhooks/index.html",
        COLUMNS,
        read_by_offset(
            lambda part: subscriptions.list_webhooks(g.principal.tenant_id, part)
        ),
    )


@page.view("/new", scope=Scope.EVENTS)
def show_form() -> str:
    """Show the form for a new webhook."""
    return _render_form(Form())


@page.view("/new", mirrors="webhooks.create", method="POST")
@slow_request
def create() -> ResponseReturnValue:
    """Create a webhook and show its secret once."""
    form = read_form()
    created = form.submit(
        CreateWebhookSchema(),
        lambda fields: subscriptions.create(
            g.principal.tenant_id, now=utc_now(), **fields
        ),
    )
    if created is None:
        return _render_form(form), 400
    webhook, secret = created
    return render("webhooks/secret.html", webhook=webhook, secret=secret), 201


def _render_form(form: Form) -> str:
    return render(
        "webhooks/form.html",
        form=form,
        event_types=[(name, name) for name in EVENT_TYPES],
        signatures=[(scheme.value, _(text)) for scheme, text in SIGNATURES.items()],
    )


@page.view(ONE, mirrors="webhooks.logs")
def show(webhook_id: int) -> ResponseReturnValue:
    """Show a webhook with its delivery log, newest event first."""
    return respond_with_table(
        "webhooks/show.html",
        LOG_COLUMNS,
        read_by_offset(
            lambda part: subscriptions.list_attempts(
                g.principal.tenant_id, webhook_id, part
            )
        ),
        webhook=_get(webhook_id),
        states=STATES,
        signatures=SIGNATURES,
    )


@page.view(f"{ONE}/edit", scope=Scope.EVENTS)
def show_edit(webhook_id: int) -> str:
    """Show the form that changes a webhook."""
    webhook, schema = _get(webhook_id), UpdateWebhookSchema()
    members = {name: getattr(webhook, name) for name in schema.fields}
    form = fill_form(schema, members)
    return render("webhooks/edit.html", form=form, webhook=webhook)


@page.view(f"{ONE}/edit", mirrors="webhooks.change", method="POST")
@slow_request
def change(webhook_id: int) -> ResponseReturnValue:
    """Change a webhook."""
    form = read_form()
    changed = form.submit(
        UpdateWebhookSchema(), lambda fields: _update(webhook_id, fields)
    )
    if changed is None:
        webhook = _get(webhook_id)
        return render("webhooks/edit.html", form=form, webhook=webhook), 400
    return redirect_to(_get_path(webhook_id), _("The webhook is changed."))


def _update(webhook_id: int, changes: dict[str, Any]) -> Webhook:
    return subscriptions.update(
        g.principal.tenant_id, webhook_id, changes=changes, now=utc_now()
    )


@page.view(f"{ONE}/enable", mirrors="webhooks.change", method="POST")
@slow_request
def enable(webhook_id: int) -> Response:
    """Send events again; the history of failures starts again."""
    return perform(
        lambda: _update(webhook_id, {"is_active": True}),
        _get_path(webhook_id),
        _("The webhook is active."),
    )


@page.view(f"{ONE}/disable", scope=Scope.EVENTS)
def confirm_disable(webhook_id: int) -> str:
    """Ask before a webhook is disabled, because it then misses events."""
    return ask(webhook_questions.ask_to_disable(_get(webhook_id)))


@page.view(f"{ONE}/disable", mirrors="webhooks.change", method="POST")
def disable(webhook_id: int) -> ResponseReturnValue:
    """Send no events until the webhook is enabled again."""
    return carry_out(
        webhook_questions.ask_to_disable(_get(webhook_id)),
        lambda: _update(webhook_id, {"is_active": False}),
        _("The webhook is switched off."),
    )


@page.view(f"{ONE}/test", mirrors="webhooks.test", method="POST")
@safe_post
@slow_request
def test(webhook_id: int) -> Response:
    """Send a test event now and show the receiver's answer."""
    result = subscriptions.send_test_event(
        g.principal.tenant_id, webhook_id, now=utc_now()
    )
    text = _("The test was delivered: %(answer)s")
    if not result.is_success:
        text = _("The test failed: %(answer)s")
    answer = result.error or f"{result.status} {result.body}"
    notice = text % {"answer": answer[:MAX_SHOWN_ANSWER]}
    return redirect_to(_get_path(webhook_id), notice)


@page.view(
    f"{ONE}/deliveries/<uuid:event_id>/resend", mirrors="webhooks.resend", method="POST"
)
def resend(webhook_id: int, event_id: UUID) -> Response:
    """Send an event once more."""
    return perform(
        lambda: resends.resend(
            g.principal.tenant_id, webhook_id, str(event_id), now=utc_now()
        ),
        _get_path(webhook_id),
        _("The event is sent again in the background. The log shows the result."),
    )


@page.view(f"{ONE}/rotate", scope=Scope.EVENTS)
def confirm_rotate(webhook_id: int) -> str:
    """Ask before the secret is replaced."""
    return ask(webhook_questions.ask_to_rotate(_get(webhook_id)))


@page.view(f"{ONE}/rotate", mirrors="webhooks.rotate", method="POST")
def rotate(webhook_id: int) -> str:
    """Replace the secret and show the new one once."""
    webhook, secret = subscriptions.rotate_secret(
        g.principal.tenant_id, webhook_id, now=utc_now()
    )
    return render("webhooks/secret.html", webhook=webhook, secret=secret)


@page.view(f"{ONE}/delete", scope=Scope.EVENTS)
def confirm_delete(webhook_id: int) -> str:
    """Ask before a webhook is deleted."""
    return ask(webhook_questions.ask_to_delete(_get(webhook_id)))


@page.view(f"{ONE}/delete", mirrors="webhooks.delete", method="POST")
def delete(webhook_id: int) -> ResponseReturnValue:
    """Delete a webhook, its log and its pending deliveries."""
    webhook = _get(webhook_id)
    return carry_out(
        webhook_questions.ask_to_delete(webhook),
        lambda: subscriptions.delete(webhook.tenant_id, webhook_id),
        _("The webhook is deleted."),
    )


def _get(webhook_id: int) -> Webhook:
    return subscriptions.get(g.principal.tenant_id, webhook_id)


def _get_path(webhook_id: int) -> str:
    return url_for_page("webhooks.show", webhook_id=webhook_id)
