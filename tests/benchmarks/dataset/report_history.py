"""Uses of coupons over 90 days, as the counter would have counted them for reports.

They are spread evenly over definitions, quarter hours and APIs. That is the worst case:
nearly each of them has a count of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import psycopg

from coupon_core import bootstrap
from coupon_core.domain.models import utc_now
from coupon_core.domain.report_counts import WHOLE_TENANT, get_midnight
from coupon_core.persistence import database
from coupon_core.persistence.id_generation import get_min_integer_id_at
from coupon_core.services.campaigns import campaigns
from coupon_core.services.catalog import reward_items
from tests.benchmarks.dataset.builder import TENANT, Dataset
from tests.factories.tenant import DEFAULT_REWARD_ITEM, TenantFactory

DAYS = 90
DEFINITION_COUNT, CAMPAIGN_COUNT = 50, 10
USER_COUNT = 100_000
DRAW = """
    CREATE TEMPORARY TABLE use AS
    SELECT (%(definitions)s::uuid[])[1 + floor(random() * %(count)s)] AS definition_id,
        (ARRAY['phoenix', 'playcamp', 'mambo'])[1 + floor(random() * 3)] AS dialect,
        %(start)s::timestamptz + number * %(pause)s::interval AS at, number
    FROM generate_series(0, %(uses)s - 1) AS number
"""
COUNT = """
    INSERT INTO {table} (tenant_id, definition_id, creator_key, {at}, dialect,
        redeemed, validated, refused)
    SELECT %(tenant)s, COALESCE(definition_id, %(whole)s), '',
        date_bin(%(length)s::interval, at, %(start)s), dialect,
        count(*), 2 * count(*), count(*) / 5 FROM use
    GROUP BY GROUPING SETS ((definition_id, 4, dialect), (4, dialect))
"""
"""Counts by definition, and those of the whole tenant, in the order of time."""
COUNT_REFUSALS = """
    INSERT INTO refusal_count (tenant_id, resolution, bucket_at, definition_id, action,
        reason, dialect, refused)
    SELECT %(tenant)s, %(resolution)s, date_bin(%(length)s::interval, at, %(start)s),
        definition_id, (ARRAY['redeem', 'validate', 'reserve'])[1 + number %% 3],
        'REASON_' || number %% 4, dialect, count(*) FROM use WHERE number %% 10 = 0
    GROUP BY 3, 4, 5, 6, 7
"""
INSERT_REDEMPTIONS = """
    INSERT INTO redemption (tenant_id, coupon_id, use_number, redemption_id,
        definition_id, user_id, dialect, redeemed_at)
    SELECT %(tenant)s, gen_random_uuid(), 1,
        %(first_id)s + floor(number * %(id_step)s), definition_id,
        'player_' || floor(random() * %(users)s), dialect, at FROM use
"""


@dataclass(frozen=True, slots=True)
class ReportHistory:
    """What was counted, and when."""

    start: datetime
    end: datetime
    campaign_ids: list[str]
    definition_ids: list[str]


def add_report_history(dataset: Dataset, uses: int) -> ReportHistory:
    """Add definitions, campaigns and so many uses to the tenant of a dataset."""
    end = get_midnight(utc_now())
    campaign_ids = [f"campaign_{number}" for number in range(CAMPAIGN_COUNT)]
    history = ReportHistory(
        *(end - timedelta(days=DAYS), end, campaign_ids),
        definition_ids=_create_definitions(dataset, campaign_ids),
    )
    with psycopg.connect(dataset.settings.database_url, autocommit=True) as connection:
        # The coupons of these uses do not exist.
        connection.execute("SET session_replication_role = replica")
        _insert_uses(connection, history, uses)
        connection.execute("VACUUM ANALYZE")
    return history


def _create_definitions(dataset: Dataset, campaign_ids: list[str]) -> list[str]:
    bootstrap.start(dataset.settings)
    now = utc_now()
    for campaign_id in campaign_ids:
        campaigns.create(TENANT, campaign_id, {"names": {"en": campaign_id}}, now)
    item = reward_items.create(TENANT, DEFAULT_REWARD_ITEM, now)
    tenant = TenantFactory(TENANT, dataset.secret, reward_item_id=item.item_id)
    definition_ids = [
        tenant.define_custom(
            f"REPORT{number}", campaign_id=campaign_ids[number % CAMPAIGN_COUNT]
        ).definition_id
        for number in range(DEFINITION_COUNT)
    ]
    database.close_database()
    return definition_ids


def _insert_uses(
    connection: psycopg.Connection, history: ReportHistory, uses: int
) -> None:
    duration = history.end - history.start
    first_id = get_min_integer_id_at(history.start)
    values = {
        "tenant": TENANT,
        "whole": WHOLE_TENANT,
        "definitions": history.definition_ids,
        "count": DEFINITION_COUNT,
        "start": history.start,
        "pause": duration / uses,
        "uses": uses,
        "users": USER_COUNT,
        "first_id": first_id,
        "id_step": (get_min_integer_id_at(history.end) - first_id) / uses,
    }
    connection.execute(DRAW, values)
    for kind, length in ("quarter", "15 minutes"), ("day", "1 day"):
        table = COUNT.format(table=f"report_{kind}", at=f"{kind}_at")
        connection.execute(table, values | {"length": length})
        connection.execute(
            COUNT_REFUSALS, values | {"resolution": kind, "length": length}
        )
    connection.execute(INSERT_REDEMPTIONS, values)
