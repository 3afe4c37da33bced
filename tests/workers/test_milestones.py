"""Test which definitions milestones earn, and how often, in both envelopes."""

from __future__ import annotations

from typing import Any

import pytest

from coupon_core.domain.models import (
    NO_LIMIT,
    CodeFormat,
    Definition,
    Trigger,
)
from coupon_core.persistence import database
from tests.factories.tenant import TenantFactory
from tests.support.invariants import assert_invariants, fetch_rows
from tests.workers.milestones import (
    ACHIEVEMENT_DATA,
    RANK_DATA,
    STREAK_DATA,
    cloud,
    count_held_coupons,
    define_streak_trigger,
    get_last_dead_letter,
    phoenix,
    process_event,
)

ACHIEVED = {
    "trigger_kind": Trigger.ACHIEVEMENT_COMPLETED,
    "trigger_source": "first-win",
    "trigger_threshold": 0,
}
RANKED = {
    "trigger_kind": Trigger.LEADERBOARD_RANK,
    "trigger_source": "weekly",
    "trigger_threshold": 3,
}


@pytest.mark.parametrize("envelope", [cloud, phoenix])
def test_a_milestone_earns_a_coupon_in_either_envelope(
    tenant: TenantFactory, envelope
) -> None:
    definition = define_streak_trigger(tenant)
    assert process_event(envelope(tenant)) == "earned"
    assert count_held_coupons(definition) == 1


def test_the_coupon_can_be_redeemed(tenant: TenantFactory) -> None:
    definition = define_streak_trigger(tenant)
    process_event(cloud(tenant))
    sql = f"""SELECT code FROM coupon
        WHERE definition_id = '{definition.definition_id}'"""
    ((code,),) = fetch_rows(sql)
    assert tenant.redeem(code).coupon.redemption_count == 1
    assert_invariants()


def test_the_new_coupon_is_told(tenant: TenantFactory) -> None:
    define_streak_trigger(tenant)
    process_event(cloud(tenant))
    sql = f"""SELECT count(*) FROM outbox WHERE tenant_id = '{tenant.tenant_id}'
        AND event_type = 'coupon.generated'"""
    assert fetch_rows(sql)[0][0] == 1


@pytest.mark.parametrize(
    ("watching", "kind", "data", "coupons"),
    [
        ({}, "streak.milestone_reached", STREAK_DATA, 1),
        ({}, "streak.milestone_reached", STREAK_DATA | {"threshold": 8}, 0),
        ({}, "streak.milestone_reached", STREAK_DATA | {"streak_id": "weekly"}, 0),
        ({}, "achievement.completed", {"achievement_id": "daily"}, 0),
        (ACHIEVED, "achievement.completed", ACHIEVEMENT_DATA, 1),
        (ACHIEVED, "achievement.completed", {"achievement_id": "last-win"}, 0),
        (RANKED, "leaderboard.rank_reached", RANK_DATA, 1),
        (RANKED, "leaderboard.rank_reached", RANK_DATA | {"rank": 1}, 1),
        (RANKED, "leaderboard.rank_reached", RANK_DATA | {"rank": 4}, 0),
    ],
)
def test_a_definition_earns_what_it_watches_for(
    tenant: TenantFactory, watching, kind, data, coupons
) -> None:
    definition = define_streak_trigger(tenant, **watching)
    process_event(cloud(tenant, data, type=kind))
    assert count_held_coupons(definition) == coupons


@pytest.mark.parametrize(
    ("watching", "kind", "data", "member", "first", "second"),
    [
        ({}, "streak.milestone_reached", STREAK_DATA, "run_id", "a", "b"),
        (ACHIEVED, "achievement.completed", ACHIEVEMENT_DATA, "completion_count", 1, 2),
        (RANKED, "leaderboard.rank_reached", RANK_DATA, "window_key", "w1", "w2"),
    ],
)
def test_each_occurrence_earns_once(
    tenant: TenantFactory, watching, kind, data, member, first, second
) -> None:
    definition = define_streak_trigger(tenant, **watching)
    for number, occurrence in enumerate([first, first, second, second, first]):
        event = cloud(tenant, data | {member: occurrence}, type=kind, id=f"e-{number}")
        process_event(event)
    assert count_held_coupons(definition) == 2


def test_without_an_occurrence_it_is_earned_once_for_ever(
    tenant: TenantFactory,
) -> None:
    definition = define_streak_trigger(tenant)
    for number in range(3):
        process_event(cloud(tenant, id=f"e-{number}"))
    assert count_held_coupons(definition) == 1


def test_every_definition_that_watches_earns_its_own(tenant: TenantFactory) -> None:
    first, second = define_streak_trigger(tenant), define_streak_trigger(tenant)
    process_event(cloud(tenant))
    assert (count_held_coupons(first), count_held_coupons(second)) == (1, 1)


def test_a_definition_added_later_earns_from_the_same_milestone(
    tenant: TenantFactory,
) -> None:
    define_streak_trigger(tenant)
    process_event(cloud(tenant))
    later = define_streak_trigger(tenant)
    process_event(cloud(tenant))
    assert count_held_coupons(later) == 1


@pytest.mark.parametrize("change", ["pause", "archive", "disable"])
def test_what_is_not_active_earns_nothing_and_buries_nothing(
    tenant: TenantFactory, change: str
) -> None:
    definition = define_streak_trigger(tenant)
    if change == "disable":
        tenant.change(definition, trigger_enabled=False)
    else:
        getattr(tenant, change)(definition)
    before = fetch_rows("SELECT count(*) FROM dead_letter")
    assert process_event(cloud(tenant)) == "no_coupon"
    assert count_held_coupons(definition) == 0
    assert fetch_rows("SELECT count(*) FROM dead_letter") == before


SERIES = {"awarded_only": True, "total_limit": 1}
EMPTY_LIST = {"awarded_only": True, "code_format": CodeFormat.LISTED}


@pytest.mark.parametrize("given_out", [SERIES, EMPTY_LIST], ids=["series", "list"])
def test_what_is_given_out_earns_nothing_and_buries_nothing(
    tenant: TenantFactory, given_out: dict[str, Any]
) -> None:
    definition, other = (
        define_streak_trigger(tenant, **given_out),
        define_streak_trigger(tenant),
    )
    before = fetch_rows("SELECT count(*) FROM dead_letter")
    outcomes = [
        process_event(cloud(tenant, subject=user)) for user in ("ann", "bob", "bob")
    ]
    assert outcomes == ["earned", "earned", "no_coupon"]
    assert (
        count_held_coupons(definition, "bob"),
        count_held_coupons(other, "bob"),
    ) == (0, 1)
    assert fetch_rows("SELECT count(*) FROM dead_letter") == before
    assert_invariants()


def test_a_series_that_was_enlarged_earns_again(tenant: TenantFactory) -> None:
    definition = define_streak_trigger(tenant, **SERIES)
    outcomes = [process_event(cloud(tenant, subject=user)) for user in ("ann", "bob")]
    tenant.change(definition, total_limit=2)
    outcomes.append(process_event(cloud(tenant, subject="bob")))
    assert outcomes == ["earned", "no_coupon", "earned"]


def test_a_shared_code_is_earned_once_by_each_user(tenant: TenantFactory) -> None:
    custom = {"code_format": CodeFormat.CUSTOM, "custom_code": "SEVEN"}
    definition = define_streak_trigger(tenant, per_code_limit=NO_LIMIT, **custom)
    for number, user in enumerate(["ann", "bob", "ann"]):
        data = STREAK_DATA | {"run_id": f"run-{number}"}
        process_event(cloud(tenant, data, subject=user, id=f"e-{number}"))
    assert (
        count_held_coupons(definition, "ann"),
        count_held_coupons(definition, "bob"),
    ) == (1, 1)


def test_a_code_space_that_is_used_up_is_told_by_the_dead_letter(
    tenant: TenantFactory,
) -> None:
    definition = define_streak_trigger(tenant, code_length=4)
    shorten_codes(definition)
    for number in range(15):
        assert process_event(cloud(tenant, subject=f"user-{number}")) == "earned"
    assert process_event(cloud(tenant, subject="late")) == "buried"
    tenant_id, reason, _ = get_last_dead_letter()
    assert tenant_id == tenant.tenant_id
    assert "leave room for 15 coupons" in reason
    assert count_held_coupons(definition, "late") == 0


def shorten_codes(definition: Definition) -> None:
    """Reduce the code space to 15 codes; the smallest allowed one has 461,760."""
    if database.is_postgresql():
        constraint = "definition_code_length_check"
        database.execute(f"ALTER TABLE definition DROP CONSTRAINT {constraint}", {})
    else:
        database.execute("PRAGMA ignore_check_constraints = 1", {})
    condition = f"definition_id = '{definition.definition_id}'"
    database.execute(f"UPDATE definition SET code_length = 1 WHERE {condition}", {})
