"""Summaries of the rows of a list are read from the counts, in one statement."""

from __future__ import annotations

from datetime import timedelta

import pytest

from coupon_core.domain.models.reports import TopBy
from coupon_core.domain.report_counts import Counts, ReportCounts, get_midnight
from coupon_core.domain.timestamps import format_timestamp_milliseconds
from coupon_core.persistence import database
from coupon_core.services.insight.use_summaries import SUMMARY_DAYS, summarize
from tests.factories.reports import NOON, ReportFactory
from tests.factories.tenant import TenantFactory
from tests.support.plan_recorder import recorded_plans

NOW = NOON + timedelta(days=2)
UNKNOWN_ID = "00000000-0000-0000-0000-00000000000f"


@pytest.fixture
def factory(core: object, tenant: TenantFactory) -> ReportFactory:
    factory = ReportFactory(tenant)
    factory.raise_all()
    factory.raise_counts(
        ReportCounts(
            factory.winter, NOON - timedelta(days=90), counts=Counts(generated=1_000)
        ),
        ReportCounts(
            factory.winter, NOON - timedelta(days=80), counts=Counts(redeemed=3)
        ),
    )
    return factory


def test_each_row_has_its_own_uses_codes_and_last_use(factory: ReportFactory) -> None:
    ids = [factory.shared, factory.package, factory.winter, UNKNOWN_ID]
    tenant_id = factory.tenant.tenant_id
    found = summarize(tenant_id, TopBy.DEFINITION, ids, now=NOW)
    assert [found[each].use_count for each in ids] == [5, 4, 7, 0]
    # One code of its own, two of a creator, and a thousand that were generated.
    assert [found[each].code_count for each in ids] == [1, 2, 1_000, 0]
    noon = get_midnight(NOON)
    last = [noon, noon, noon + timedelta(days=1), None]
    assert [found[each].last_used_on for each in ids] == last
    daily = found[factory.winter].daily_uses
    assert len(daily) == SUMMARY_DAYS
    assert daily[-3:] == [0, 7, 0]

    campaigns = summarize(tenant_id, TopBy.CAMPAIGN, ["launch", "winter"], now=NOW)
    launch = campaigns["launch"]
    assert (launch.use_count, launch.code_count, launch.definition_count) == (9, 3, 2)
    assert campaigns["winter"].code_count == 1_000


def test_uses_of_another_tenant_are_not_summarized(factory: ReportFactory) -> None:
    found = summarize("other", TopBy.DEFINITION, [factory.winter], now=NOW)
    assert found[factory.winter].code_count == 0
    assert found[factory.winter].last_used_on is None


def test_a_number_of_codes_that_lacks_some_says_so(factory: ReportFactory) -> None:
    tenant_id, ids = factory.tenant.tenant_id, [factory.winter, factory.shared]
    created_at = factory.tenant.get_now()
    later = created_at + timedelta(days=400)

    def list_complete(kept_days: int) -> list[bool]:
        found = summarize(
            tenant_id, TopBy.DEFINITION, ids, now=later, kept_days=kept_days
        )
        return [found[each].has_all_codes for each in ids]

    assert list_complete(kept_days=0) == [True, True]
    assert list_complete(kept_days=500) == [True, True]
    assert list_complete(kept_days=300) == [False, True]
    with database.transaction():
        database.execute(
            "INSERT INTO report_backfill (tenant_id, cut_over_at, redemption_id) "
            "VALUES (:tenant_id, :moment, 0)",
            {
                "tenant_id": tenant_id,
                "moment": format_timestamp_milliseconds(later - timedelta(days=1)),
            },
        )
    assert list_complete(kept_days=0) == [False, True]


@pytest.mark.parametrize("migrated_template", ["postgresql"], indirect=True)
def test_the_days_of_other_definitions_and_past_months_are_not_read(
    factory: ReportFactory,
) -> None:
    days = range(-400, 0)
    for definition_id in factory.winter, factory.package, factory.shared:
        factory.raise_counts(
            *(
                ReportCounts(
                    definition_id,
                    NOON + timedelta(days=day),
                    "",
                    "phoenix",
                    Counts(redeemed=1),
                )
                for day in days
            )
        )
    database.execute("ANALYZE report_day", {})
    with recorded_plans() as plans:
        summarize(factory.tenant.tenant_id, TopBy.DEFINITION, [factory.winter], now=NOW)
    assert plans
    assert max(plan.count_read_rows() for plan in plans) <= 2 * SUMMARY_DAYS
