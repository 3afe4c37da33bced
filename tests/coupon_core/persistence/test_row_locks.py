"""Statements that lock some rows of many lock no more than their limit."""

from __future__ import annotations

import pytest
import sqlglot
from sqlglot import exp

from coupon_core.domain.models import Event, utc_now
from coupon_core.persistence import database
from coupon_core.persistence.id_generation import generate_id
from coupon_core.persistence.repositories import outbox
from coupon_core.settings.loader import Settings
from tests.coupon_core.persistence.test_tenant_binding import list_statement_texts
from tests.factories.tenant import TenantFactory

# Makes PostgreSQL run a subquery again for each row, as it may with wrong statistics.
RERUNNING_PLAN = ("hashagg", "hashjoin", "material", "mergejoin", "sort")


def reruns_a_limit(sql: str) -> bool:
    """Return True if a subquery that locks up to a limit may run more than once."""
    tree = sqlglot.parse_one(sql, dialect="postgres")
    return any(
        isinstance(query, exp.Select)
        and query.args.get("limit") is not None
        and query.args.get("locks")
        and not (
            isinstance(query.parent, exp.CTE) and query.parent.args["materialized"]
        )
        for query in tree.find_all(exp.Select)
        if query is not tree
    )


def test_a_subquery_that_locks_up_to_a_limit_runs_once() -> None:
    statements = dict(list_statement_texts())
    assert reruns_a_limit(
        "UPDATE a SET b = 1 WHERE c IN (SELECT c FROM a LIMIT 1 FOR UPDATE SKIP LOCKED)"
    )
    assert sum("SKIP LOCKED" in sql for sql in statements.values()) >= 2
    assert [name for name, sql in statements.items() if reruns_a_limit(sql)] == []


@pytest.mark.parametrize("migrated_template", ["postgresql"], indirect=True)
def test_a_claim_takes_no_more_than_its_limit_with_any_plan(
    core: Settings, tenant: TenantFactory
) -> None:
    now = utc_now()
    with database.transaction():
        outbox.add(
            Event(tenant.tenant_id, generate_id(), "coupon.used", "ann", now, "{}")
            for _ in range(20)
        )
    for method in RERUNNING_PLAN:
        database.execute(f"SET enable_{method} = off", {})
    (events,) = outbox.claim([tenant.tenant_id], 5, now, now)
    database.release_connection()
    assert len(events) == 5
