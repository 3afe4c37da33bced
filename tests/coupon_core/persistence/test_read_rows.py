"""No request reads more than a few rows, however many coupons a code or a user has."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from coupon_core.persistence.database import execute, release_connection, transaction
from coupon_core.persistence.id_generation import generate_id
from coupon_core.persistence.repositories import code_lookup
from coupon_core.persistence.repositories import coupons as coupon_repository
from coupon_core.persistence.repositories.code_scopes import SELECT_BY_SEARCH
from coupon_core.services.coupons.lookup import find_for_user
from coupon_core.services.insight import explain
from coupon_core.settings.model import Settings
from tests.factories.tenant import NOW, TenantFactory, create_tenant
from tests.support.plan_recorder import recorded_plans
from tests.support.reservations import confirm, release, reserve

ROW_COUNT = 400
MAX_READ_ROWS = 40  # a definition has 16 slots, which are read twice
INSERT_COUPONS = """
    INSERT INTO coupon (tenant_id, coupon_id, definition_id, user_id, code,
        generated_at, redemption_count, code_key, code_scope)
    SELECT :tenant_id, gen_random_uuid(), CAST(:definition_id AS uuid),
        replace(:user_id, '#', number), replace(:code, '#', number), now(), 0,
        upper(replace(:code, '#', number)), replace(:scope, '#', number)
    FROM (SELECT CAST(i AS text) AS number FROM generate_series(1, :count) i) numbers
"""
INSERT_REDEMPTIONS = """
    INSERT INTO redemption (tenant_id, coupon_id, use_number, redemption_id,
        definition_id, user_id, dialect, redeemed_at)
    SELECT c.tenant_id, c.coupon_id, i, i, c.definition_id, c.user_id, 'phoenix', now()
    FROM coupon c, generate_series(1, :count) i
    WHERE c.tenant_id = :tenant_id AND c.code = :code
"""
SET_USED_COUNT = """
    UPDATE coupon SET redemption_count = :count
    WHERE tenant_id = :tenant_id AND code = :code
"""
on_postgresql = pytest.mark.parametrize(
    "migrated_template", ["postgresql"], indirect=True
)
on_sqlite = pytest.mark.parametrize("migrated_template", ["sqlite"], indirect=True)


@pytest.fixture(scope="module")
def crowd(core: Settings) -> Iterator[TenantFactory]:
    """Yield a tenant with many holders of a code, many coupons of a user, and uses."""
    tenant = create_tenant()
    plain, often = tenant.define(), tenant.define(per_code_limit=0)
    welcome, exact = (
        tenant.define_claimable(code, case_sensitive=is_exact)
        for code, is_exact in (("WELCOME", False), ("Exact", True))
    )
    for definition, user_id, code, scope in (
        (welcome, "user-#", "WELCOME", "user-#"),
        (exact, "user-#", "Exact", "Exact/user-#"),
        (plain, "whale", "W#", ""),
        (often, "fan", "OFTEN", ""),
    ):
        count = 1 if user_id == "fan" else ROW_COUNT
        key = {"tenant_id": tenant.tenant_id, "code": code}
        values = {"definition_id": definition.definition_id, "scope": scope}
        execute(INSERT_COUPONS, {**key, **values, "user_id": user_id, "count": count})
    used = {"tenant_id": tenant.tenant_id, "code": "OFTEN", "count": ROW_COUNT}
    execute(INSERT_REDEMPTIONS, used)
    execute(SET_USED_COUNT, used)
    for code in "WELCOME", "Exact":
        tenant.redeem(code, "whale")
    execute("ANALYZE", {})
    release_connection()
    yield tenant
    release_connection()


def lock(tenant: TenantFactory, code: str, user_id: str) -> None:
    """Read a code under locks, as after a race."""
    with transaction():
        find_for_user(tenant.tenant_id, code, user_id, NOW, lock=True)


def redeem_new(tenant: TenantFactory, **members: object) -> None:
    """Redeem the code of a new definition."""
    tenant.redeem(tenant.create_code(**members))


def hold(tenant: TenantFactory, code: str, user_id: str) -> None:
    """Reserve a code, and release and confirm the use."""
    release(tenant, reserve(tenant, code, user_id))
    confirm(tenant, reserve(tenant, code, user_id))


ACTIONS: dict[str, Callable[[TenantFactory], object]] = {
    "validate_for_a_holder": lambda t: t.validate("welcome", "user-7"),
    "validate_for_a_new_user": lambda t: t.validate("welcome", "zoe"),
    "validate_exact_for_a_holder": lambda t: t.validate("Exact", "user-7"),
    "validate_exact_for_a_new_user": lambda t: t.validate("Exact", "zoe"),
    "validate_for_many_coupons": lambda t: t.validate("W7", "whale"),
    "validate_for_nobody": lambda t: t.validate("WELCOME", None),
    "validate_in_another_case": lambda t: t.validate("eXact", None),
    "validate_exact_for_nobody": lambda t: t.validate("Exact", None),
    "validate_unknown": lambda t: t.validate("UNKNOWN", "zoe"),
    "redeem_for_a_holder": lambda t: t.redeem("WELCOME", "user-8"),
    "redeem_for_a_new_user": lambda t: t.redeem("WELCOME", "new"),
    "redeem_a_coupon_of_many": lambda t: t.redeem("W8", "whale"),
    "redeem_what_was_used_often": lambda t: t.redeem("OFTEN", "fan"),
    "redeem_limited": lambda t: redeem_new(t, per_user_limit=2, total_limit=90),
    "reserve_for_a_holder": lambda t: hold(t, "WELCOME", "user-9"),
    "reserve_for_a_new_user": lambda t: hold(t, "Exact", "newer"),
    "lock_for_a_holder": lambda t: lock(t, "WELCOME", "user-7"),
    "lock_for_a_new_user": lambda t: lock(t, "WELCOME", "zoe"),
    "find_returned": lambda t: code_lookup.find_returned(t.tenant_id, "WELCOME", "zoe"),
    "explain_for_a_new_user": lambda t: explain.explain(
        t.tenant_id, "WELCOME", "zoe", NOW
    ),
    "generate": lambda t: t.create_code("whale"),
    "find_a_coupon_of_many": lambda t: t.find("W9", "whale"),
    "find_a_shared_code_of_many": lambda t: t.find("WELCOME", "whale"),
    "revoke_for_a_holder": lambda t: t.revoke("Exact", "user-6"),
}


@on_postgresql
@pytest.mark.parametrize("name", ACTIONS)
def test_an_action_reads_few_rows(crowd: TenantFactory, name: str) -> None:
    with recorded_plans() as plans:
        ACTIONS[name](crowd)
    assert plans
    counts = {plan.sql: plan.count_read_rows() for plan in plans}
    assert {sql for sql, count in counts.items() if count > MAX_READ_ROWS} == set()


@on_postgresql
@pytest.mark.parametrize("code", ["W7", "OFTEN"])
def test_a_code_of_one_coupon_is_searched_once(crowd: TenantFactory, code: str) -> None:
    with recorded_plans() as plans:
        crowd.validate(code, "fan" if code == "OFTEN" else "whale")
    assert sum(plan.count_searches("coupon") for plan in plans) == 1
    assert sum(plan.count_searches("shared_code") for plan in plans) == 0


@on_postgresql
@pytest.mark.parametrize("code", ["WELCOME", "Exact"])
def test_a_shared_code_takes_one_statement(crowd: TenantFactory, code: str) -> None:
    crowd.validate(code, "user-5")  # this process learns that it is shared
    with recorded_plans() as plans:
        assert crowd.validate(code, "user-7").issued
    assert sum(plan.count_searches("coupon") > 0 for plan in plans) == 1


def test_a_code_that_was_shared_is_found_as_a_code_of_one_coupon(
    tenant: TenantFactory,
) -> None:
    shared = tenant.define_claimable("SPRING")
    assert tenant.validate("SPRING", "ann").decision.is_allowed
    tenant.change(shared, custom_code="SUMMER")
    own = tenant.define()
    issued = tenant.issue_coupon(own).coupon
    coupon = replace(issued, code="SPRING", coupon_id=generate_id())
    with transaction():
        coupon_repository.insert_new([coupon], own)
    found = code_lookup.find_for_user(tenant.tenant_id, "SPRING", coupon.user_id)
    assert [issued.coupon.coupon_id for issued in found] == [coupon.coupon_id]


@on_sqlite
def test_sqlite_looks_a_code_up_by_its_scopes(tenant: TenantFactory) -> None:
    names = ("tenant_id", "code_key", "code", "user_id", "exact_scope")
    plan = execute(
        f"EXPLAIN QUERY PLAN {SELECT_BY_SEARCH}", dict.fromkeys(names, "x")
    ).fetchall()
    assert any(
        "(tenant_id=? AND code_key=? AND code_scope=?)" in row[3] for row in plan
    )


def test_a_code_is_found_once_under_lock_and_without(tenant: TenantFactory) -> None:
    code = tenant.create_unassigned_code()
    for user_id in "", "ann":
        for is_locked in False, True:
            with transaction():
                found = code_lookup.find_for_user(
                    tenant.tenant_id, code, user_id, lock=is_locked
                )
            assert [issued.coupon.code for issued in found] == [code]
