"""Two plain PostgreSQL: a commit without its standby, and a promotion under load."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator

import pytest

from coupon_core.domain.models import utc_now
from coupon_core.services.access import tokens
from tests.chaos.faults import list_invariant_violations, wait_for_database
from tests.factories.tenant import TenantFactory, create_tenant
from tests.ha.load import Call, Load, running_load
from tests.ha.trial import count_uses
from tests.support.concurrency import started_core
from tests.support.databases import migrate_database
from tests.support.servers.gunicorn import Gateway, gateway_server
from tests.support.servers.process import wait_until
from tests.support.servers.replication import ReplicatedPostgres, replicated_postgres
from tests.support.settings import build_settings

pytestmark = pytest.mark.slow
CODE_COUNT = 1_000
MAX_FAILOVER_SECONDS = 60.0  # after the promotion, on a busy machine


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReplicatedPostgres]:
    with replicated_postgres(tmp_path_factory.mktemp("pair")) as servers:
        migrate_database(servers.url())
        yield servers


@pytest.fixture(scope="module")
def gateway(
    pair: ReplicatedPostgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Gateway]:
    home = tmp_path_factory.mktemp("gateway")
    settings = build_settings(pair.url(), home)
    with (
        started_core(settings),
        gateway_server("query_gateway", settings, home) as running,
    ):
        yield running


@pytest.fixture
def tenant(gateway: Gateway) -> TenantFactory:
    return create_tenant(now=None)


def list_redeems(gateway: Gateway, tenant: TenantFactory, count: int) -> list[Call]:
    """Return the redeems of codes that could be used more than once."""
    definition = tenant.define(per_code_limit=1_000)
    token = tokens.mint(tenant.tenant_id, None, 3_600, utc_now())
    issued = tenant.generate(definition, [f"user-{n}" for n in range(count)])
    return [
        Call(
            each.coupon.coupon_id,
            f"{gateway.url}/v1/coupons/redeem/{each.coupon.code}",
            {"user_id": each.coupon.user_id},
            {
                "Authorization": f"Bearer {token}",
                "Idempotency-Key": each.coupon.coupon_id,
            },
        )
        for each in issued
    ]


def test_a_commit_that_the_standby_does_not_confirm_is_not_acknowledged(
    pair: ReplicatedPostgres, gateway: Gateway, tenant: TenantFactory
) -> None:
    (call,) = list_redeems(gateway, tenant, 1)
    del call.headers["Idempotency-Key"]  # otherwise the key is stored first, and waits
    pair.standby.stop(signal.SIGKILL)
    attempt = Load().send(call)
    assert (attempt.status, attempt.has_retry_after) == (503, True)
    pair.standby.start()
    pair.wait_until_synchronous()
    # The outcome was unknown: the primary has it, and the standby has it now.
    wait_until(lambda: count_uses(tenant) == {call.subject: 1}, 60, "the commit")


def test_a_promotion_loses_and_doubles_nothing(
    pair: ReplicatedPostgres, gateway: Gateway, tenant: TenantFactory
) -> None:
    calls = list_redeems(gateway, tenant, CODE_COUNT)
    with running_load(calls[::2], calls[1::2]) as load:
        wait_until(lambda: len(load.acknowledged()) > 20, 60, "some redeems")
        pair.primary.stop(signal.SIGKILL)
        time.sleep(1)  # the gateway answers 503 meanwhile
        pair.standby.address.execute("SELECT pg_promote()")
        promoted_at = time.monotonic()
        wait_until(
            lambda: load.has_success_after(promoted_at), MAX_FAILOVER_SECONDS, "redeems"
        )
        time.sleep(0.5)
    wait_for_database()
    uses, failures = count_uses(tenant), load.failures()
    assert load.acknowledged() - uses.keys() == set()
    assert [subject for subject, count in uses.items() if count > 1] == []
    assert 503 in failures
    assert failures.keys() <= {503, 409}  # 409: the repeated request is still running
    assert all(each.has_retry_after for each in load.attempts if each.status == 503)
    assert list_invariant_violations() == []
