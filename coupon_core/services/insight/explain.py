"""Explain whether a code can be used, by every rule that decides about it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from coupon_core.domain.codes import normalize_code, to_lookup_key
from coupon_core.domain.models import (
    IssuedCoupon,
    Reason,
    UserUsage,
)
from coupon_core.domain.models.attempts import Attempt
from coupon_core.domain.models.explanations import (
    ExplainedReservation,
    Explanation,
    NotFoundCause,
    Rule,
    RuleResult,
    SearchHit,
    Verdict,
)
from coupon_core.domain.models.inventory import TimelineEntry
from coupon_core.domain.models.purchases import Action, ActivityRequest
from coupon_core.domain.models.reservations import Reservation
from coupon_core.domain.rules import explanations as explanation_rules
from coupon_core.domain.rules import purchases as purchase_rules
from coupon_core.domain.rules import redemption as redemption_rules
from coupon_core.domain.rules import reservations as reservation_rules
from coupon_core.domain.rules.explanations import RuleValues
from coupon_core.persistence.repositories import definitions as definition_repository
from coupon_core.persistence.repositories import offers as offer_repository
from coupon_core.persistence.repositories import reservations as reservation_repository
from coupon_core.persistence.repositories import users as user_repository
from coupon_core.services.codes import timeline
from coupon_core.services.coupons import lookup
from coupon_core.services.insight import attempts, search
from coupon_core.services.insight.explained_coupon import Subject, find_subject
from coupon_core.services.points.purchase_context import read_purchase_context

MAX_ATTEMPTS = 20
MAX_USES = 100
MAX_RESERVATIONS = 20
ACTIVITY_RULES = {
    Action.BUY: purchase_rules.evaluate_buy,
    Action.REDEEM: purchase_rules.evaluate_redeem_with_purchase,
    Action.REFUND: purchase_rules.evaluate_refund,
}


def explain(
    tenant_id: str, text: str, user_id: str | None, at: datetime
) -> Explanation:
    """Return every rule about a code with its verdict for a user at a moment.

    Nothing is changed, and no guess is counted. Dates are compared with `at`; uses,
    revocations and suspensions are those of now.
    """
    code = normalize_code(text)
    subject = (
        find_subject(tenant_id, code, user_id, at=at)
        if code
        else Subject(cause=NotFoundCause.MALFORMED)
    )
    if subject.issued:
        explanation = _explain_subject(
            subject, subject.issued, text, user_id=user_id, at=at
        )
    else:
        near_matches = search.find_near_matches(tenant_id, text)
        if _differs_in_case(code, near_matches):
            subject = replace(subject, cause=NotFoundCause.OTHER_CASE)
        found = _to_found_verdict(subject)
        explanation = Explanation(text, user_id, at, [found], near_matches=near_matches)
    return replace(
        explanation, attempts=_list_attempts(tenant_id, text, explanation.user_id)
    )


def _list_attempts(tenant_id: str, text: str, user_id: str | None) -> list[Attempt]:
    """Return the last failed attempts on a code and by a user, newest first."""
    pages = [attempts.list_attempts(tenant_id, code=text, limit=MAX_ATTEMPTS)]
    if user_id is not None:
        pages.append(
            attempts.list_attempts(tenant_id, user_id=user_id, limit=MAX_ATTEMPTS)
        )
    found = {attempt.attempt_id: attempt for page, _ in pages for attempt in page}
    return [found[attempt_id] for attempt_id in sorted(found, reverse=True)]


def explain_coupon(issued: IssuedCoupon, at: datetime) -> Explanation:
    """Return the explanation of a stored coupon for its holder, or for any user."""
    return _explain_subject(
        Subject(issued, True), issued, issued.coupon.code, user_id=None, at=at
    )


def _differs_in_case(code: str | None, hits: Iterable[SearchHit]) -> bool:
    key = to_lookup_key(code or "")
    return any(to_lookup_key(hit.code) == key for hit in hits)


def _explain_subject(
    subject: Subject,
    issued: IssuedCoupon,
    text: str,
    user_id: str | None,
    at: datetime,
) -> Explanation:
    issued = _with_exact_counter(issued)
    coupon = issued.coupon
    holder_id = coupon.user_id if user_id is None else user_id
    usage = lookup.get_user_usage([issued], holder_id, at)
    results = redemption_rules.evaluate_redemption(issued, at, usage=usage)
    values = explanation_rules.get_redemption_values(issued, at, usage=usage)
    return Explanation(
        code=text,
        user_id=user_id,
        at=at,
        verdicts=[_to_found_verdict(subject), *_to_verdicts(results, values)],
        issued=issued,
        is_stored=subject.is_stored,
        reservations=_explain_reservations(issued, at),
        activities=_explain_activities(issued, user_id, at),
        timeline=_list_timeline(issued, at) if subject.is_stored else (),
    )


def _with_exact_counter(issued: IssuedCoupon) -> IssuedCoupon:
    """Return the coupon with the number of uses that is spread over slots."""
    definition = issued.definition
    if not definition.has_usage_slots:
        return issued
    exact = definition_repository.get(definition.tenant_id, definition.definition_id)
    return replace(issued, definition=exact or definition)


def _to_found_verdict(subject: Subject) -> Verdict:
    # A code that would be claimed has no holder yet.
    stored = subject.issued if subject.is_stored else None
    holder_id = stored.coupon.user_id if stored else None
    values = {"cause": subject.cause, "holder": holder_id or None}
    reason = Reason.COUPON_NOT_FOUND if subject.cause else None
    return Verdict(Rule.CODE_FOUND, reason, values)


def _to_verdicts(results: Iterable[RuleResult], values: RuleValues) -> list[Verdict]:
    return [Verdict(rule, reason, values[rule]) for rule, reason in results]


def _list_timeline(issued: IssuedCoupon, at: datetime) -> Sequence[TimelineEntry]:
    coupon = issued.coupon
    _, entries = timeline.get_timeline(
        coupon.tenant_id, coupon.coupon_id, now=at, max_uses=MAX_USES
    )
    return entries


def _explain_reservations(
    issued: IssuedCoupon, at: datetime
) -> list[ExplainedReservation]:
    if not issued.definition.has_reservations:
        return []
    reservations = reservation_repository.list_by_coupon(
        issued.coupon.tenant_id, issued.coupon.coupon_id, MAX_RESERVATIONS
    )
    usages: dict[str, UserUsage] = {}
    for reservation in reservations:
        user_id = reservation.user_id
        if user_id not in usages:
            usages[user_id] = lookup.get_user_usage([issued], user_id, at)
    return [
        _explain_reservation(issued, reservation, at, usage=usages[reservation.user_id])
        for reservation in reservations
    ]


def _explain_reservation(
    issued: IssuedCoupon, reservation: Reservation, at: datetime, usage: UserUsage
) -> ExplainedReservation:
    confirm_reason = reservation_rules.decide_confirm(
        issued, reservation, now=at, usage=usage
    )
    results = [
        (Rule.CONFIRMABLE, confirm_reason),
        (Rule.RELEASABLE, reservation_rules.decide_release(reservation)),
    ]
    values = explanation_rules.get_reservation_values(reservation, at)
    return ExplainedReservation(reservation, _to_verdicts(results, values))


def _explain_activities(
    issued: IssuedCoupon, user_id: str | None, at: datetime
) -> Mapping[Action, Sequence[Verdict]]:
    """Return the rules of Mambo's activities, if the user or the code knows them."""
    definition = issued.definition
    tenant_id, definition_id = definition.tenant_id, definition.definition_id
    if user_id is None or not (
        definition.awarded_only
        or offer_repository.get(tenant_id, definition_id)
        or user_repository.get(tenant_id, user_id)
    ):
        return {}
    if offer_repository.is_deleted(tenant_id, definition_id):
        values: dict[str, Any] = {"cause": NotFoundCause.DELETED, "holder": None}
        deleted = [Verdict(Rule.CODE_FOUND, Reason.COUPON_NOT_FOUND, values)]
        return dict.fromkeys(ACTIVITY_RULES, deleted)
    # Whether more can be sold depends on the exact number, also without slots.
    definition = definition_repository.get(tenant_id, definition_id) or definition
    activities: dict[Action, Sequence[Verdict]] = {}
    for action, evaluate in ACTIVITY_RULES.items():
        request = ActivityRequest(tenant_id, user_id, action, issued.coupon.code)
        context = read_purchase_context(request, definition, at)
        values_of_rules = explanation_rules.get_purchase_values(context, at)
        activities[action] = _to_verdicts(evaluate(context, at), values_of_rules)
    return activities
