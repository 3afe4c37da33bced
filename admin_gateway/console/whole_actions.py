"""Actions on a definition or a campaign as a whole, and the question before each."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from admin_gateway.console.actions import MAX_WITHOUT_TYPING, Question
from admin_gateway.console.formats import format_number
from admin_gateway.console.texts import gettext as _
from admin_gateway.console.texts import ngettext


@dataclass(frozen=True, slots=True)
class Action:
    """An action: the texts of its question, and when it is offered.

    `mirrors` is the view of the API that does the same. `run` takes the tenant, the ID
    and the time. The most usual actions are offered beside each row of a list as well.
    """

    name: str
    mirrors: str
    title: str
    text: str
    button: str
    notice: str
    run: Callable[..., object]
    is_offered: Callable[[Any], bool]
    is_harmful: bool = False
    is_in_lists: bool = False


def build_question(action: Action, name: str, code_count: int, back: str) -> Question:
    """Return the question before an action; it says how many codes it is about.

    The name has to be typed before something harmful happens to many.
    """
    count = ngettext(
        "This affects %(num)s code.", "This affects %(num)s codes.", code_count
    ) % {"num": format_number(code_count)}
    needs_name = action.is_harmful and code_count > MAX_WITHOUT_TYPING
    return Question(
        title=_(action.title) % {"name": name},
        text=f"{_(action.text)} {count}",
        button=_(action.button),
        back=back,
        typed_name=name if needs_name else "",
        is_harmful=action.is_harmful,
    )
