"""Dead letters: messages that could not be processed; retry or drop them."""

from uuid import UUID

from flask import Response, g
from flask.typing import ResponseReturnValue

from admin_gateway.console.actions import Question, ask, carry_out, perform
from admin_gateway.console.page import Page
from admin_gateway.console.rendering import render, url_for_page
from admin_gateway.console.tables import Column, read_by_key, respond_with_table
from admin_gateway.console.texts import N_
from admin_gateway.console.texts import gettext as _
from coupon_core.domain.models import DeadLetter, Scope, utc_now
from coupon_core.services.events import dead_letters

page = Page(
    "dead_letters",
    title=N_("Dead letters"),
    path="/dead-letters",
    group=N_("Connections"),
)
BYTES_PER_LINE, MAX_SHOWN_BYTES = 32, 4_096  # of a body that is no text
COLUMNS = (
    Column("received_at", N_("Received"), lambda letter: letter.received_at),
    Column("reason", N_("Reason"), lambda letter: letter.reason),
    Column("queue", N_("Queue"), lambda letter: letter.queue),
    Column("routing_key", N_("Kind"), lambda letter: letter.routing_key),
    Column("size", N_("Bytes"), lambda letter: len(letter.body)),
    Column("letter_id", N_("ID"), lambda letter: letter.letter_id),
)


@page.view("", mirrors="dead_letters.list_all")
def index() -> ResponseReturnValue:
    """List the dead letters of the tenant, newest first."""
    return respond_with_table(
        "dead_letters/index.html",
        COLUMNS,
        read_by_key(
            lambda part: dead_letters.list_dead_letters(g.principal.tenant_id, part),
            lambda letter: letter.letter_id,
        ),
    )


@page.view("/<uuid:letter_id>", mirrors="dead_letters.get")
def show(letter_id: UUID) -> str:
    """Show why a message failed, and its bytes."""
    letter = _get(letter_id)
    text = dead_letters.decode_body(letter)
    lines = range(0, min(len(letter.body), MAX_SHOWN_BYTES), BYTES_PER_LINE)
    hexadecimal = "\n".join(
        letter.body[start : start + BYTES_PER_LINE].hex(" ") for start in lines
    )
    return render(
        "dead_letters/show.html", letter=letter, text=text, hexadecimal=hexadecimal
    )


@page.view("/<uuid:letter_id>/retry", mirrors="dead_letters.retry", method="POST")
def retry(letter_id: UUID) -> Response:
    """Send a dead letter to its queue again."""
    return perform(
        lambda: dead_letters.retry(
            g.principal.tenant_id, str(letter_id), now=utc_now()
        ),
        url_for_page("dead_letters.index"),
        _("The message is sent again. If it fails again, it comes back to this list."),
    )


@page.view("/<uuid:letter_id>/drop", scope=Scope.EVENTS)
def confirm_drop(letter_id: UUID) -> str:
    """Ask before a dead letter is deleted."""
    return ask(_build_question(_get(letter_id)))


@page.view("/<uuid:letter_id>/drop", mirrors="dead_letters.drop", method="POST")
def drop(letter_id: UUID) -> ResponseReturnValue:
    """Delete a dead letter."""
    letter = _get(letter_id)
    return carry_out(
        _build_question(letter),
        lambda: dead_letters.discard(letter.tenant_id, letter.letter_id),
        _("The message is deleted."),
    )


def _build_question(letter: DeadLetter) -> Question:
    return Question(
        title=_("Delete this message?"),
        text=_("It is not processed any more, and its content is lost: %(reason)s")
        % {"reason": letter.reason},
        button=_("Delete the message"),
        back=url_for_page("dead_letters.index"),
    )


def _get(letter_id: UUID) -> DeadLetter:
    return dead_letters.get(g.principal.tenant_id, str(letter_id))
