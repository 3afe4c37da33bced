"""Test which reads use COUPON_REPORT_DATABASE_URL: statistics do, nothing else."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from coupon_core.domain.models import CouponStatus, utc_now
from coupon_core.persistence import database
from coupon_core.persistence.report_database import (
    fetch_report_rows,
    open_report_database,
)
from coupon_core.services.campaigns import campaigns, creators
from coupon_core.services.catalog import definitions
from tests.conftest import get_reusable_databases
from tests.factories.campaigns import CAMPAIGN_ID, CREATOR_KEY, CampaignFactory
from tests.factories.tenant import TenantFactory, create_tenant
from tests.support.concurrency import Unavailable, run_task, started_core
from tests.support.servers import Postgres
from tests.support.settings import build_settings

UNREACHABLE_URL = "postgresql://nobody@127.0.0.1:1/none"


@pytest.fixture
def tenant_without_replica(
    database_url: str, tmp_path: Path
) -> Iterator[TenantFactory]:
    """Yield a tenant whose statistics would come from an unreachable replica."""
    settings = build_settings(database_url, tmp_path)
    with started_core(replace(settings, report_database_url=UNREACHABLE_URL)):
        yield create_tenant()
    open_report_database("")


STATISTICS: dict[str, Callable[[TenantFactory], object]] = {
    "definition": lambda tenant: definitions.get_stats(
        tenant.tenant_id, tenant.define().definition_id, now=utc_now()
    ),
    "campaign": lambda tenant: campaigns.get_stats(
        tenant.tenant_id, CampaignFactory(tenant).create_campaign(CAMPAIGN_ID)
    ),
    "creator": lambda tenant: creators.get_stats(
        tenant.tenant_id, CampaignFactory(tenant).create_creator(CREATOR_KEY)
    ),
}


@pytest.mark.parametrize("name", STATISTICS)
def test_statistics_need_the_replica(
    tenant_without_replica: TenantFactory, name: str
) -> None:
    outcome = run_task(lambda: STATISTICS[name](tenant_without_replica))
    assert isinstance(outcome, Unavailable)


def test_validate_and_redeem_never_read_the_replica(
    tenant_without_replica: TenantFactory,
) -> None:
    code = tenant_without_replica.issue_code(tenant_without_replica.define())
    assert tenant_without_replica.validate(code).decision.reason is None
    assert tenant_without_replica.redeem(code).coupon.redemption_count == 1
    database.release_connection()


def test_statistics_show_what_the_replica_has(
    postgres: Postgres, tmp_path: Path
) -> None:
    databases = get_reusable_databases(postgres, "reports")
    with databases.temporary_database() as url, databases.temporary_database() as other:
        with started_core(build_settings(url, tmp_path)):
            tenant = create_tenant()
            definition = tenant.define()
            tenant.issue_code(definition)
            counts = []
            for replica in ("", other, url):
                open_report_database(replica)
                stats = definitions.get_stats(
                    tenant.tenant_id, definition.definition_id, now=utc_now()
                )
                counts.append(stats.coupon_counts[CouponStatus.ACTIVE])
        open_report_database("")
    assert counts == [1, 0, 1]


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_process_has_connections_of_its_own(
    postgres: Postgres, tmp_path: Path
) -> None:
    def fetch_session_id() -> int:
        ((session_id,),) = fetch_report_rows("SELECT pg_backend_pid()", {})
        return int(session_id)

    with started_core(build_settings(postgres.url(), tmp_path)):
        open_report_database(postgres.url())
        before = fetch_session_id()
        child = os.fork()
        if child == 0:
            gc.collect()  # must not close the connection of the parent
            os._exit(int(fetch_session_id() == before))
        assert os.waitpid(child, 0)[1] == 0
        assert fetch_session_id() == before
        open_report_database("")
