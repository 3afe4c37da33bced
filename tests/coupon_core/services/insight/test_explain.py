"""Every refusal is explained: its rule, its code in each API, its values, a remedy."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest

from admin_gateway.refusals.explanation_texts import CAUSE_TEXTS
from admin_gateway.responses.explanation_documents import serialize_explanation
from coupon_core.domain.models import (
    NO_USAGE,
    AdminReason,
    AnyReason,
    Definition,
    IssuedCoupon,
    Page,
    PurchaseReason,
    Reason,
    ReservationReason,
    UsagePeriod,
)
from coupon_core.domain.models.explanations import MatchKind, NotFoundCause, Rule
from coupon_core.domain.models.offers import PurchaseMode
from coupon_core.domain.models.purchases import Action
from coupon_core.domain.rules.redemption import evaluate_redemption
from coupon_core.security.rate_limiting import code_guessing
from coupon_core.security.rate_limiting.policy import (
    IN_MEMORY_URL,
    GuessLimits,
    RateLimit,
)
from coupon_core.services.catalog import definitions
from coupon_core.services.coupons import typo_detection
from coupon_core.services.insight import attempt_flush
from coupon_core.services.insight.explain import explain
from coupon_core.services.points import offers, users
from query_gateway.refusals import MAMBO_REFUSALS, PHOENIX_REFUSALS, PLAYCAMP_REFUSALS
from tests.coupon_core.domain.test_redemption_rules import (
    COUPON,
    DEFINITION,
    REWARD_ITEM,
)
from tests.coupon_core.services.insight.conftest import Fail
from tests.factories.campaigns import CampaignFactory
from tests.factories.offers import OfferFactory
from tests.factories.tenant import NOW, TenantFactory
from tests.support.database_rows import read_all_rows
from tests.support.paths import PROJECT_ROOT
from tests.support.refusals import capture_refusal
from tests.support.reservations import LATER, confirm, release, reserve

TOMORROW, YESTERDAY = NOW + timedelta(days=1), NOW - timedelta(days=1)


@dataclass(frozen=True)
class Case:
    """A code that is refused; `act` is refused with the reason that is explained."""

    code: str
    act: Callable[[], Any]
    section: str = "rules"
    at: datetime = NOW


def redeem_case(tenant: TenantFactory, code: str) -> Case:
    return Case(code, partial(tenant.redeem, code, now=NOW))


def create_redeem_case(tenant: TenantFactory, **members: Any) -> Case:
    return redeem_case(tenant, tenant.create_code(**members))


def unknown(tenant: TenantFactory) -> Case:
    return redeem_case(tenant, "NOBODYS-CODE")


def revoked(tenant: TenantFactory) -> Case:
    case = create_redeem_case(tenant)
    tenant.revoke(case.code)
    return case


def suspended(tenant: TenantFactory) -> Case:
    definition = tenant.define()
    code = tenant.issue_code(definition)
    tenant.suspend(definition)
    return redeem_case(tenant, code)


def used(tenant: TenantFactory, uses: int = 1, **members: Any) -> Case:
    case = create_redeem_case(tenant, **members)
    for _ in range(uses):
        tenant.redeem(case.code, now=NOW)
    return case


def reserved(tenant: TenantFactory) -> Case:
    case = create_redeem_case(tenant)
    reserve(tenant, case.code)
    return case


def archived(tenant: TenantFactory) -> Case:
    definition = tenant.define()
    code = tenant.issue_code(definition)
    tenant.archive(definition)
    return redeem_case(tenant, code)


def user_limit(tenant: TenantFactory, **limits: Any) -> Case:
    definition = tenant.define(**limits)
    first, second = (tenant.issue_code(definition) for _ in range(2))
    tenant.redeem(first, now=NOW)
    return redeem_case(tenant, second)


def activity_case(
    tenant: TenantFactory,
    action: Action,
    *,
    gold: int | None = 20,
    **offer: Any,
) -> Case:
    """Return an activity with a Mambo coupon, of a user unless `gold` is None."""
    factory = OfferFactory(tenant)
    code = f"BARGAIN-{tenant.tenant_id}".upper()
    factory.create_offer(code, **offer)
    if gold is not None:
        factory.create_user(gold=gold)
    act = partial(factory.perform_activity, action, code)
    return Case(code, act, section=action.value)


def not_a_member(tenant: TenantFactory) -> Case:
    case = activity_case(tenant, Action.BUY)
    users.update(tenant.tenant_id, "ann", changes={"is_member": False}, now=NOW)
    return case


def get_offer(tenant: TenantFactory) -> Definition:
    """Return the only definition of a tenant."""
    (definition,), _ = definitions.list_definitions(tenant.tenant_id, Page())
    return definition


def all_redeemed(tenant: TenantFactory) -> Case:
    case = activity_case(tenant, Action.REDEEM)
    for _ in range(2):
        tenant.issue_coupon(get_offer(tenant))
        OfferFactory(tenant).perform_activity(Action.REDEEM, case.code)
    return case


def paused(tenant: TenantFactory) -> Case:
    case = activity_case(tenant, Action.BUY)
    tenant.pause(get_offer(tenant))
    return case


def reservation_case(
    tenant: TenantFactory, prepare: Callable[[str, str], Any], act: Any, at: datetime
) -> Case:
    code = tenant.create_code()
    held = reserve(tenant, code)
    prepare(code, held)
    return Case(code, partial(act, tenant, held, now=at), "reservations", at=at)


CASES: Mapping[AnyReason, Callable[[TenantFactory], Case]] = {
    Reason.COUPON_NOT_FOUND: unknown,
    Reason.REVOKED: revoked,
    Reason.SUSPENDED: suspended,
    Reason.ALREADY_REDEEMED: used,
    Reason.USED_UP: partial(used, uses=2, per_code_limit=2),
    Reason.RESERVED: reserved,
    Reason.ARCHIVED: archived,
    Reason.EXPIRED: partial(create_redeem_case, expires_at=YESTERDAY),
    Reason.NOT_YET_ACTIVE: partial(create_redeem_case, starts_at=TOMORROW),
    Reason.USER_LIMIT: partial(user_limit, per_user_limit=1),
    Reason.USER_PERIOD_LIMIT: partial(
        user_limit, user_period_limit=1, user_period=UsagePeriod.DAY
    ),
    Reason.POOL_EMPTY: partial(user_limit, total_limit=1),
    AdminReason.NOT_ACTIVE: paused,
    PurchaseReason.USER_NOT_FOUND: partial(activity_case, action=Action.BUY, gold=None),
    PurchaseReason.NOT_A_MEMBER: not_a_member,
    PurchaseReason.NOT_AWARDED: partial(activity_case, action=Action.REDEEM),
    PurchaseReason.NOT_BUYABLE: partial(
        activity_case, action=Action.BUY, mode=PurchaseMode.ONE_STEP
    ),
    PurchaseReason.NOT_ENOUGH_POINTS: partial(activity_case, action=Action.BUY, gold=5),
    PurchaseReason.REDEEMED_OR_EXPIRED: all_redeemed,
    PurchaseReason.NOT_REFUNDABLE: partial(activity_case, action=Action.REFUND),
    ReservationReason.RESERVATION_EXPIRED: lambda tenant: reservation_case(
        tenant,
        lambda code, _: tenant.redeem(code, now=LATER),
        confirm,
        at=LATER,
    ),
    ReservationReason.RESERVATION_CONFIRMED: lambda tenant: reservation_case(
        tenant, lambda _, held: confirm(tenant, held), release, at=NOW
    ),
    ReservationReason.RESERVATION_RELEASED: lambda tenant: reservation_case(
        tenant, lambda _, held: release(tenant, held), confirm, at=NOW
    ),
}
# These name an activity, a reservation or a coupon to change by its ID, not a code.
NOT_ABOUT_CODES = {
    PurchaseReason.ACTIVITY_NOT_FOUND,
    PurchaseReason.MADE_ELSEWHERE,
    ReservationReason.RESERVATION_NOT_FOUND,
}


def test_every_reason_to_refuse_a_code_has_a_case() -> None:
    reasons = {*Reason, *PurchaseReason, *ReservationReason, AdminReason.NOT_ACTIVE}
    assert CASES.keys() == reasons - NOT_ABOUT_CODES


def list_codes(reason: AnyReason) -> dict[str, str]:
    """Return the codes that the APIs of the query gateway answer with."""
    tables = {
        "phoenix": PHOENIX_REFUSALS,
        "playcamp": PLAYCAMP_REFUSALS,
        "mambo": MAMBO_REFUSALS,
    }
    return {api: table[reason][1] for api, table in tables.items() if reason in table}


@pytest.mark.parametrize("reason", CASES)
def test_a_refusal_is_explained(tenant: TenantFactory, reason: AnyReason) -> None:
    case = CASES[reason](tenant)
    document = explain_as_json(tenant, case.code, at=case.at)
    rules = get_section(document, case.section)
    failed = next(rule for rule in rules if not rule["passed"])
    assert failed["error_codes"] == list_codes(reason)
    api = "mambo" if case.section in set(Action) else "phoenix"
    assert failed["error_code"] == failed["error_codes"][api]
    assert any(value not in (None, []) for value in failed["values"].values())
    assert failed["text"].endswith(".")
    assert failed["remedy"].endswith(".")
    if case.section == "rules":
        assert document["error_code"] == failed["error_code"]
        assert document["state"].startswith(failed["text"][:-1])
        assert not {"True", "False", "None"} & set(
            re.findall(r"\w+", document["state"])
        )
    assert capture_refusal(case.act) == reason


def explain_as_json(
    tenant: TenantFactory, code: str, user_id: str | None = "ann", at: datetime = NOW
) -> dict[str, Any]:
    return serialize_explanation(explain(tenant.tenant_id, code, user_id, at=at))


def get_section(document: dict[str, Any], section: str) -> list[dict[str, Any]]:
    """Return the rules of a redemption, of an activity or of all reservations."""
    if section == "reservations":
        return [rule for held in document["reservations"] for rule in held["rules"]]
    return {**document, **document["activities"]}[section]


def get_values(document: dict[str, Any], rule: Rule) -> dict[str, Any]:
    """Return the values of a rule of a redemption."""
    (found,) = (entry for entry in document["rules"] if entry["rule"] == rule)
    return found["values"]


def other_users(tenant: TenantFactory) -> str:
    return tenant.create_code("bob")


def returned(tenant: TenantFactory) -> str:
    code = activity_case(tenant, Action.BUY).code
    factory = OfferFactory(tenant)
    for action in (Action.BUY, Action.REDEEM, Action.REFUND):
        factory.perform_activity(action, code)
    return code


def unclaimable(tenant: TenantFactory) -> str:
    tenant.define_custom("TEAM-ONLY")
    return "TEAM-ONLY"


def listed(tenant: TenantFactory) -> str:
    OfferFactory(tenant).create_offer("", codes=("LISTED-1", "LISTED-2"))
    return "LISTED-1"


def case_sensitive(tenant: TenantFactory) -> str:
    tenant.define_claimable("Summer", case_sensitive=True)
    return "SUMMER"


def mistyped(tenant: TenantFactory) -> str:
    code = tenant.create_code(code_prefix="CHECK", code_check=True)
    typo_detection.clear_cache()
    return code[:-1] + ("2" if code[-1] != "2" else "3")


CAUSES: Mapping[NotFoundCause, Callable[[TenantFactory], str]] = {
    NotFoundCause.MALFORMED: lambda _: "no/code",
    NotFoundCause.MISTYPED: mistyped,
    NotFoundCause.UNKNOWN: lambda _: "NOBODYS-CODE",
    NotFoundCause.OTHER_CASE: case_sensitive,
    NotFoundCause.OTHER_USER: other_users,
    NotFoundCause.NOT_AWARDED: listed,
    NotFoundCause.NOT_GIVEN: unclaimable,
    NotFoundCause.RETURNED: returned,
}


def test_every_cause_has_a_case() -> None:
    assert CAUSES.keys() == {*NotFoundCause} - {NotFoundCause.DELETED}


@pytest.mark.parametrize("cause", CAUSES)
def test_it_is_said_why_a_code_is_not_found(
    tenant: TenantFactory, cause: NotFoundCause
) -> None:
    code = CAUSES[cause](tenant)
    document = explain_as_json(tenant, code)
    assert capture_refusal(tenant.redeem, code) == Reason.COUPON_NOT_FOUND
    assert document["error_code"] == "COUPON_NOT_FOUND"
    assert get_values(document, Rule.CODE_FOUND)["cause"] == cause
    assert document["state"].startswith(CAUSE_TEXTS[cause].sentence[:-1])
    assert document["remedy"] == CAUSE_TEXTS[cause].remedy
    has_near = cause in (NotFoundCause.MISTYPED, NotFoundCause.OTHER_CASE)
    assert bool(document["near_matches"]) == has_near


def test_a_coupon_that_was_deleted_in_mambo_is_explained(tenant: TenantFactory) -> None:
    factory = OfferFactory(tenant)
    definition_id = factory.create_offer("GONE-SOON")
    factory.create_user()
    offers.delete(tenant.tenant_id, [definition_id], NOW)
    document = explain_as_json(tenant, "GONE-SOON")
    for rules in document["activities"].values():
        assert rules[0]["error_code"] == "CouponNotFoundException"
        assert rules[0]["text"] == CAUSE_TEXTS[NotFoundCause.DELETED].sentence


@pytest.mark.parametrize(
    ("at", "error_code"),
    [
        (YESTERDAY - timedelta(seconds=1), "COUPON_NOT_YET_ACTIVE"),
        (NOW, None),
        (TOMORROW + timedelta(seconds=1), "COUPON_EXPIRED"),
    ],
    ids=["before the start", "between", "after the end"],
)
def test_another_moment_can_be_explained(
    tenant: TenantFactory, at: datetime, error_code: str | None
) -> None:
    code = tenant.create_code(starts_at=YESTERDAY, expires_at=TOMORROW)
    assert explain_as_json(tenant, code, at=at)["error_code"] == error_code


def test_all_rules_are_told_not_only_the_first_that_fails(
    tenant: TenantFactory,
) -> None:
    definition = tenant.define(per_user_limit=1, expires_at=TOMORROW)
    code = tenant.issue_code(definition)
    tenant.redeem(code, now=NOW)
    tenant.suspend(definition)
    document = explain_as_json(tenant, code, at=TOMORROW + timedelta(seconds=1))
    failed = [rule["rule"] for rule in document["rules"] if not rule["passed"]]
    assert failed == [
        *(Rule.NOT_SUSPENDED, Rule.CODE_USES_LEFT),
        *(Rule.NOT_EXPIRED, Rule.USER_USES_LEFT),
    ]
    assert document["error_code"] == "COUPON_SUSPENDED"
    assert get_values(document, Rule.CODE_USES_LEFT) == {"limit": 1, "used": 1}
    assert [entry["event"] for entry in document["timeline"]] == [
        "generated",
        "redeemed",
    ]


def test_without_a_user_a_code_is_explained_for_its_holder_or_for_anyone(
    tenant: TenantFactory,
) -> None:
    code = tenant.create_code(per_code_limit=2)
    tenant.define_claimable("FOR-ALL")
    unassigned_code = tenant.create_unassigned_code()
    states = [
        explain_as_json(tenant, entered, None)["state"]
        for entered in (code, "for-all", unassigned_code)
    ]
    assert states == [
        "User ann can redeem the code.",
        "Any user can redeem the code.",
        "Any user can redeem the code.",
    ]


@pytest.mark.parametrize("user_id", [None, "bob"])
def test_a_shared_code_that_nobody_can_claim_is_not_for_any_user(
    tenant: TenantFactory, user_id: str | None
) -> None:
    definition = tenant.define_custom("PARTNERS")
    tenant.generate(definition, ["ann"])
    document = explain_as_json(tenant, "partners", user_id)
    assert document["error_code"] == "COUPON_NOT_FOUND"
    found = get_values(document, Rule.CODE_FOUND)
    assert found == {"cause": "not_given", "holder": None}


def test_a_creators_code_is_explained_for_its_next_user(tenant: TenantFactory) -> None:
    code = CampaignFactory(tenant).create_redeemable_code()
    document = explain_as_json(tenant, code)
    assert (document["redeemable"], document["coupon"]) == (True, None)
    tenant.redeem(code)
    document = explain_as_json(tenant, code)
    assert (document["redeemable"], document["coupon"]["user_id"]) == (False, "ann")
    assert explain_as_json(tenant, code, "bob")["redeemable"]


def test_the_exact_use_of_a_limit_in_slots_is_told(tenant: TenantFactory) -> None:
    definition = tenant.define(total_limit=5_000)
    for user_id in ("ann", "bob"):
        tenant.redeem(tenant.issue_code(definition, user_id), user_id, now=NOW)
    document = explain_as_json(tenant, tenant.issue_code(definition))
    values = get_values(document, Rule.TOTAL_USES_LEFT)
    assert values == {"limit": 5_000, "used": 2}


def test_explaining_changes_nothing_and_counts_no_guess(tenant: TenantFactory) -> None:
    code = tenant.create_code(per_user_limit=1)
    reserve(tenant, code)
    OfferFactory(tenant).create_user()
    before = read_all_rows()
    code_guessing.configure(GuessLimits(IN_MEMORY_URL, RateLimit("guesses", 1, 60)))
    try:
        for entered in (code, "UNKNOWN-CODE", "UNKNOWN-CODE", "UNKNOWN-CODE"):
            explain_as_json(tenant, entered, at=LATER)
        tenant.validate("UNKNOWN-CODE")  # the first guess that counts
    finally:
        code_guessing.configure(GuessLimits())
    assert read_all_rows() == before


def test_failed_attempts_on_the_code_and_by_the_user_are_told_once_each(
    tenant: TenantFactory, fail: Fail
) -> None:
    code = tenant.create_code()
    for entered, user_id in ((code, "bob"), (code, "ann"), ("OTHER-CODE", "ann")):
        fail(entered, user_id)
    fail("OTHER-CODE", "bob")
    attempt_flush.flush()
    document = explain_as_json(tenant, code.lower())
    users_of_attempts = [attempt["user_id"] for attempt in document["attempts"]]
    assert sorted(users_of_attempts) == ["ann", "ann", "bob"]
    assert code not in json.dumps(document["attempts"])
    assert len(explain_as_json(tenant, code, None)["attempts"]) == 2


def test_the_document_for_support_describes_every_rule_cause_and_match() -> None:
    text = (PROJECT_ROOT / "docs" / "support.md").read_text()
    first_cells = re.findall(r"^\| (`.+?`) \|", text, re.MULTILINE)
    named = {name for cell in first_cells for name in re.findall(r"`(\w+)`", cell)}
    issued = IssuedCoupon(COUPON, DEFINITION, REWARD_ITEM)
    rules = [rule for rule, _ in evaluate_redemption(issued, NOW, usage=NO_USAGE)]
    assert {Rule.CODE_FOUND, *rules, *NotFoundCause, *MatchKind} <= named
