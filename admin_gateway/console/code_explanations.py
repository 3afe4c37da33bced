"""Answer "why not?" about a code, in the language of the reader."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from admin_gateway.console.code_words import VALUES
from admin_gateway.console.explanation_words import get_own_text
from admin_gateway.console.texts import N_, gettext
from admin_gateway.refusals.explanation_texts import get_reason_text
from coupon_core.domain.models.explanations import Explanation, Verdict
from coupon_core.services.insight import explain as explanations

MAY_BE_USED = N_("This code can be used.")


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether a code can be used; if not, why and what an operator can do."""

    explanation: Explanation
    is_usable: bool
    sentence: str
    remedy: str


def answer_why(tenant_id: str, code: str, user_id: str | None, at: datetime) -> Answer:
    """Return the answer about a code for a player at a time; nothing is changed."""
    explanation = explanations.explain(tenant_id, code, user_id, at=at)
    violation = explanation.violation
    if violation is None:
        return Answer(explanation, True, gettext(MAY_BE_USED), "")
    sentence, remedy = describe_violation(violation)
    return Answer(explanation, False, sentence, remedy)


def describe_violation(verdict: Verdict) -> tuple[str, str]:
    """Return why a rule does not hold, and what to do; "" if it holds."""
    if verdict.reason is None:
        return "", ""
    text = get_own_text(get_reason_text(verdict.reason, verdict.values.get("cause")))
    return gettext(text.sentence), gettext(text.remedy)


def list_shown_values(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the values of a rule that a reader can compare: those with a word."""
    return {
        name: value
        for name, value in values.items()
        if name in VALUES and value not in (None, False)
    }
