"""Integer ids: none is given twice, and those that were are changed."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from peewee import IntegrityError
from playhouse.migrations import Runner

from coupon_core.persistence import schema
from coupon_core.persistence.id_generation import (
    generate_integer_id,
    get_min_integer_id_at,
)
from coupon_core.persistence.tables import RedemptionTable, database_proxy
from tests.factories.tenant import NOW, TenantFactory, create_tenant
from tests.support.concurrency import started_core
from tests.support.settings import build_settings

STEPS = sorted(step.stem for step in schema.MIGRATIONS_DIR.glob("[0-9]*.py"))
LATER = NOW + timedelta(hours=1)
OLD_CREATORS = {"ANN": 40, "BEN": 40, "CAT": 40, "DAN": 41, "EVE": 50}


def insert_creator(tenant_id: str, creator_key: str, creator_id: int) -> None:
    database_proxy.execute_sql(
        "INSERT INTO creator (tenant_id, creator_key, creator_id, name, status, "
        f"created_at, updated_at) VALUES ('{tenant_id}', '{creator_key}', "
        f"{creator_id}, 'Ann', 'ACTIVE', "
        "'2026-05-04T12:00:00.000Z', '2026-05-04T12:00:00.000Z')"
    )


def test_a_process_gives_no_id_twice_at_a_time() -> None:
    ids = [generate_integer_id(NOW) for _ in range(10_000)]
    assert ids == list(range(ids[0], ids[0] + 10_000))
    assert ids[0] - get_min_integer_id_at(NOW) in range(4096)


@pytest.mark.usefixtures("core")
def test_no_two_creators_of_a_tenant_have_the_same_id() -> None:
    tenant_id = create_tenant().tenant_id
    insert_creator(tenant_id, "ANN", 40)
    with pytest.raises(IntegrityError):
        insert_creator(tenant_id, "BEN", 40)


@pytest.mark.usefixtures("core")
def test_a_redeem_whose_id_another_process_gave_gets_the_next_one(
    tenant: TenantFactory,
) -> None:
    """Every second id of the millisecond is taken, as if by other processes."""
    definition = tenant.define()
    tenant.redeem(tenant.issue_code(definition))
    taken = RedemptionTable.select().dicts().get()
    min_id = get_min_integer_id_at(LATER)
    RedemptionTable.insert_many(
        {**taken, "use_number": 2 + number, "redemption_id": min_id + 2 * number}
        for number in range(2100)
    ).execute()
    users = ["ben", "cat", "dan"]
    for user in users:
        tenant.redeem(tenant.issue_code(definition, user), user, LATER)
    rows = RedemptionTable.select(RedemptionTable.redemption_id).where(
        RedemptionTable.user_id.in_(users)
    )
    assert [row.redemption_id % 2 for row in rows] == [1, 1, 1]


def test_repeated_ids_of_earlier_releases_are_changed(
    empty_database_url: str, tmp_path: Path
) -> None:
    with started_core(build_settings(empty_database_url, tmp_path)):
        earlier = [step for step in STEPS if step < "0028"]
        Runner(database_proxy.obj, str(schema.MIGRATIONS_DIR)).up(earlier[-1])
        for tenant_id in ("acme", "other"):
            database_proxy.execute_sql(
                f"INSERT INTO tenant VALUES ('{tenant_id}', '2026-05-04T12:00:00.000Z')"
            )
            for creator_key, creator_id in OLD_CREATORS.items():
                insert_creator(tenant_id, creator_key, creator_id)
        schema.upgrade()
        for tenant_id in ("acme", "other"):
            rows = database_proxy.execute_sql(
                "SELECT creator_key, creator_id FROM creator "
                f"WHERE tenant_id = '{tenant_id}' ORDER BY creator_key"
            ).fetchall()
            assert dict(rows) == {**OLD_CREATORS, "BEN": 42, "CAT": 43}
