"""Actions that end on a page with their result, some of them after a question."""

from collections.abc import Callable
from dataclasses import dataclass

from flask import Response, request
from flask.typing import ResponseReturnValue

from admin_gateway.console.forms import Form, read_form
from admin_gateway.console.rendering import redirect_to, render
from admin_gateway.console.texts import gettext as _

MAX_WITHOUT_TYPING = 1_000  # codes that an action changes after a click


@dataclass(frozen=True, slots=True)
class Question:
    """What to ask before something that cannot be undone or concerns many codes.

    `back` is the path of the page with the result, to which "Cancel" leads as well.
    With a `typed_name`, that has to be typed first. The button is red if `is_harmful`.
    """

    title: str
    text: str
    button: str
    back: str
    typed_name: str = ""
    is_harmful: bool = True


def ask(question: Question, form: Form | None = None) -> str:
    """Show a question; its form goes to the path and query of this request."""
    return render(
        "question.html",
        question=question,
        form=form or Form(),
        action=request.full_path.rstrip("?"),
    )


def carry_out(
    question: Question, action: Callable[[], object], notice: str
) -> ResponseReturnValue:
    """Run the action of a confirmed question; if it is refused, ask again."""
    form = read_form()
    name = question.typed_name
    if name and form.value("typed_name").strip() != name:
        form.errors["typed_name"] = _('Type "%(name)s".') % {"name": name}
        return ask(question, form), 400
    if form.run(lambda: (action(),)) is None:
        return ask(question, form), 409
    return redirect_to(question.back, notice)


def perform(action: Callable[[], object], back: str, notice: str) -> Response:
    """Run an action that needs no question; show its result or refusal at `back`."""
    form = read_form()
    if form.run(lambda: (action(),)) is None:
        return redirect_to(back, form.message or "; ".join(form.errors.values()))
    return redirect_to(back, notice)
