"""Taking a request up, answering it once, forgetting it: the core of idempotency."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from coupon_core.domain.models.idempotency import Answer, OnceAsked, Work
from coupon_core.persistence.database import execute, transaction
from coupon_core.services import idempotency
from coupon_core.services.idempotency import (
    LEASE,
    AnotherRequest,
    Repeated,
    UnderWay,
    digest,
)
from tests.cores import at_once
from tests.shop import NOW, Shop

ANSWER = Answer(201, (("Content-Type", "application/json"),), '{"é":1}'.encode())
LATER = NOW + LEASE + timedelta(seconds=1)


def asked(shop: Shop, key: str = "k", fingerprint: str = "f") -> OnceAsked:
    return OnceAsked(shop.tenant_id, key, fingerprint, NOW + timedelta(days=1))


def begin(one: OnceAsked, now: datetime = NOW) -> str:
    """Take it up, which must succeed."""
    token = idempotency.begin(one, now)
    assert isinstance(token, str)
    return token


def finish(work: Work, answer: Answer = ANSWER) -> None:
    with transaction():
        idempotency.finish(work, answer)


def test_an_answer_comes_back_as_it_was(shop: Shop) -> None:
    one = asked(shop)
    finish(Work(one, begin(one), None))
    assert idempotency.begin(one, NOW) == ANSWER


def test_while_one_is_at_it_the_others_are_told(shop: Shop) -> None:
    begin(asked(shop))
    with pytest.raises(UnderWay):
        idempotency.begin(asked(shop), NOW + LEASE - timedelta(seconds=1))


def test_what_a_killed_process_left_can_be_taken_up_after_its_lease(shop: Shop) -> None:
    one = asked(shop)
    lost = begin(one)
    assert begin(one, LATER) != lost


def test_who_was_too_slow_must_roll_back(shop: Shop) -> None:
    one = asked(shop)
    slow, quick = begin(one), begin(one, LATER)
    with pytest.raises(Repeated):
        finish(Work(one, slow, None))
    finish(Work(one, quick, None))
    with pytest.raises(Repeated):
        finish(Work(one, slow, None))
    assert idempotency.kept(one) == ANSWER


def test_of_many_one_takes_it_up(shop: Shop) -> None:
    one = asked(shop)

    def task() -> str:
        try:
            return "mine" if idempotency.begin(one, NOW) else ""
        except UnderWay:
            return "another's"

    assert sorted(at_once([task] * 8)) == ["another's"] * 7 + ["mine"]


@pytest.mark.parametrize("moment", [NOW, LATER], ids=["at once", "after the lease"])
def test_a_key_of_another_request_is_not_taken_up(shop: Shop, moment: datetime) -> None:
    begin(asked(shop))
    with pytest.raises(AnotherRequest):
        idempotency.begin(asked(shop, fingerprint="other"), moment)


def test_what_was_given_up_can_be_taken_up_at_once(shop: Shop) -> None:
    one = asked(shop)
    idempotency.give_up(Work(one, begin(one), None))
    begin(one)


def test_an_answer_is_not_given_up(shop: Shop) -> None:
    one = asked(shop)
    work = Work(one, begin(one), None)
    finish(work)
    idempotency.give_up(work)
    assert idempotency.kept(one) == ANSWER


def test_a_signature_is_answered_once(shop: Shop) -> None:
    work = Work(None, "", asked(shop))
    finish(work)
    with pytest.raises(Repeated):
        finish(work, replace(ANSWER, status=404))
    assert idempotency.kept(asked(shop)) == ANSWER


def test_an_effect_that_is_rolled_back_leaves_no_answer(shop: Shop) -> None:
    one = asked(shop)
    work = Work(one, begin(one), asked(shop, "signature"))

    def fail() -> None:
        with transaction():
            idempotency.finish(work, ANSWER)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert idempotency.kept(one) is None
    assert idempotency.kept(asked(shop, "signature")) is None


def test_what_was_kept_long_enough_is_forgotten_in_batches(shop: Shop) -> None:
    execute("DELETE FROM idempotency", {})
    for key in "abc":
        finish(Work(None, "", asked(shop, key)))
    end = asked(shop).kept_until
    finish(Work(None, "", replace(asked(shop, "d"), kept_until=end + LEASE)))
    assert idempotency.purge(end, 2) == 0
    after = end + timedelta(seconds=1)
    assert [idempotency.purge(after, 2) for _ in range(3)] == [2, 1, 0]
    left = execute("SELECT request_key FROM idempotency", {}).fetchall()
    assert [key for (key,) in left] == ["d"]


def test_keys_of_different_parts_differ() -> None:
    parts = [(b"ab", b"c"), (b"a", b"bc"), (b"abc",), (b"abc", b""), (b"1,1\na", b"b")]
    assert len({digest(*one) for one in parts}) == len(parts)


# ------------------------------------------------- a transaction within another one


def test_a_part_that_fails_is_undone_by_itself(shop: Shop) -> None:
    def fail() -> None:
        with transaction():
            shop.share("SECOND")
            raise ZeroDivisionError

    with transaction():
        shop.share("FIRST")
        with pytest.raises(ZeroDivisionError):
            fail()
    sql = "SELECT custom_code FROM definition WHERE tenant_id = :tenant_id"
    found = execute(sql, {"tenant_id": shop.tenant_id}).fetchall()
    assert [code for (code,) in found] == ["FIRST"]


def test_a_lost_race_within_a_transaction_is_decided_again(shop: Shop) -> None:
    """PostgreSQL takes nothing more after an error, but for what is done apart."""
    code = shop.give(shop.define(per_code_limit=0, total_limit=3))

    def task() -> int:
        with transaction():
            shop.redeem(code)
            return len(execute("SELECT 1 AS one", {}).fetchall())

    outcomes = at_once([task] * 6)
    assert sorted(map(str, outcomes)) == ["1"] * 3 + ["pool_empty"] * 3
