"""What milestones earn: which definitions, how often, in either envelope."""

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
from tests.invariants import assert_invariants, rows
from tests.shop import Shop
from tests.workers.reached import (
    ACHIEVEMENT,
    RANK,
    STREAK,
    cloud,
    held,
    last_letter,
    phoenix,
    tell,
    watch,
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
def test_a_milestone_earns_a_coupon_in_either_envelope(shop: Shop, envelope) -> None:
    definition = watch(shop)
    assert tell(envelope(shop)) == "earned"
    assert held(definition) == 1


def test_the_coupon_can_be_redeemed(shop: Shop) -> None:
    definition = watch(shop)
    tell(cloud(shop))
    sql = f"""SELECT code FROM coupon
        WHERE definition_id = '{definition.definition_id}'"""
    ((code,),) = rows(sql)
    assert shop.redeem(code).coupon.redemption_count == 1
    assert_invariants()


def test_the_new_coupon_is_told(shop: Shop) -> None:
    watch(shop)
    tell(cloud(shop))
    sql = f"""SELECT count(*) FROM outbox WHERE tenant_id = '{shop.tenant_id}'
        AND event_type = 'coupon.generated'"""
    assert rows(sql)[0][0] == 1


@pytest.mark.parametrize(
    ("watching", "kind", "data", "coupons"),
    [
        ({}, "streak.milestone_reached", STREAK, 1),
        ({}, "streak.milestone_reached", STREAK | {"threshold": 8}, 0),
        ({}, "streak.milestone_reached", STREAK | {"streak_id": "weekly"}, 0),
        ({}, "achievement.completed", {"achievement_id": "daily"}, 0),
        (ACHIEVED, "achievement.completed", ACHIEVEMENT, 1),
        (ACHIEVED, "achievement.completed", {"achievement_id": "last-win"}, 0),
        (RANKED, "leaderboard.rank_reached", RANK, 1),
        (RANKED, "leaderboard.rank_reached", RANK | {"rank": 1}, 1),
        (RANKED, "leaderboard.rank_reached", RANK | {"rank": 4}, 0),
    ],
)
def test_a_definition_earns_what_it_watches_for(
    shop: Shop, watching, kind, data, coupons
) -> None:
    definition = watch(shop, **watching)
    tell(cloud(shop, data, type=kind))
    assert held(definition) == coupons


@pytest.mark.parametrize(
    ("watching", "kind", "data", "member", "first", "second"),
    [
        ({}, "streak.milestone_reached", STREAK, "run_id", "a", "b"),
        (ACHIEVED, "achievement.completed", ACHIEVEMENT, "completion_count", 1, 2),
        (RANKED, "leaderboard.rank_reached", RANK, "window_key", "w1", "w2"),
    ],
)
def test_each_occurrence_earns_once(
    shop: Shop, watching, kind, data, member, first, second
) -> None:
    definition = watch(shop, **watching)
    for number, occurrence in enumerate([first, first, second, second, first]):
        event = cloud(shop, data | {member: occurrence}, type=kind, id=f"e-{number}")
        tell(event)
    assert held(definition) == 2


def test_without_an_occurrence_it_is_earned_once_for_ever(shop: Shop) -> None:
    definition = watch(shop)
    for number in range(3):
        tell(cloud(shop, id=f"e-{number}"))
    assert held(definition) == 1


def test_every_definition_that_watches_earns_its_own(shop: Shop) -> None:
    first, second = watch(shop), watch(shop)
    tell(cloud(shop))
    assert (held(first), held(second)) == (1, 1)


def test_a_definition_added_later_earns_from_the_same_milestone(shop: Shop) -> None:
    watch(shop)
    tell(cloud(shop))
    later = watch(shop)
    tell(cloud(shop))
    assert held(later) == 1


@pytest.mark.parametrize("change", ["pause", "archive", "disable"])
def test_what_is_not_active_earns_nothing_and_buries_nothing(
    shop: Shop, change: str
) -> None:
    definition = watch(shop)
    if change == "disable":
        shop.change(definition, trigger_enabled=False)
    else:
        getattr(shop, change)(definition)
    before = rows("SELECT count(*) FROM dead_letter")
    assert tell(cloud(shop)) == "earned_nothing"
    assert held(definition) == 0
    assert rows("SELECT count(*) FROM dead_letter") == before


SERIES = {"awarded_only": True, "total_limit": 1}
EMPTY_LIST = {"awarded_only": True, "code_format": CodeFormat.LISTED}


@pytest.mark.parametrize("given_out", [SERIES, EMPTY_LIST], ids=["series", "list"])
def test_what_is_given_out_earns_nothing_and_buries_nothing(
    shop: Shop, given_out: dict[str, Any]
) -> None:
    definition, other = watch(shop, **given_out), watch(shop)
    before = rows("SELECT count(*) FROM dead_letter")
    told = [tell(cloud(shop, subject=user)) for user in ("ann", "bob", "bob")]
    assert told == ["earned", "earned", "earned_nothing"]
    assert (held(definition, "bob"), held(other, "bob")) == (0, 1)
    assert rows("SELECT count(*) FROM dead_letter") == before
    assert_invariants()


def test_a_series_that_was_enlarged_earns_again(shop: Shop) -> None:
    definition = watch(shop, **SERIES)
    ends = [tell(cloud(shop, subject=user)) for user in ("ann", "bob")]
    shop.change(definition, total_limit=2)
    ends.append(tell(cloud(shop, subject="bob")))
    assert ends == ["earned", "earned_nothing", "earned"]


def test_a_shared_code_is_earned_once_by_each_user(shop: Shop) -> None:
    custom = {"code_format": CodeFormat.CUSTOM, "custom_code": "SEVEN"}
    definition = watch(shop, per_code_limit=NO_LIMIT, **custom)
    for number, user in enumerate(["ann", "bob", "ann"]):
        data = STREAK | {"run_id": f"run-{number}"}
        tell(cloud(shop, data, subject=user, id=f"e-{number}"))
    assert (held(definition, "ann"), held(definition, "bob")) == (1, 1)


def test_a_code_space_that_is_used_up_is_told_by_the_dead_letter(shop: Shop) -> None:
    definition = watch(shop, code_length=4)
    shorten_codes(definition)
    for number in range(15):
        assert tell(cloud(shop, subject=f"user-{number}")) == "earned"
    assert tell(cloud(shop, subject="late")) == "buried"
    tenant_id, reason, _ = last_letter()
    assert tenant_id == shop.tenant_id
    assert "leave room for 15 coupons" in reason
    assert held(definition, "late") == 0


def shorten_codes(definition: Definition) -> None:
    """Leave room for 15 codes; the shortest that admins may ask for leave 461,760."""
    if database.is_postgresql():
        rule = "definition_code_length_check"
        database.execute(f"ALTER TABLE definition DROP CONSTRAINT {rule}", {})
    else:
        database.execute("PRAGMA ignore_check_constraints = 1", {})
    which = f"definition_id = '{definition.definition_id}'"
    database.execute(f"UPDATE definition SET code_length = 1 WHERE {which}", {})
