"""The rows of a tenant that is as large as the console has to bear."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from itertools import cycle, islice, product
from typing import Any

from coupon_core.domain.models import utc_now
from coupon_core.domain.report_counts import WHOLE_TENANT, Counts, ReportCounts
from coupon_core.persistence import database, tables
from coupon_core.persistence.id_generation import (
    generate_id,
    generate_integer_id,
    get_min_integer_id_at,
)
from coupon_core.persistence.repositories.attempts import raise_refusals
from coupon_core.persistence.repositories.report_counts import raise_counts
from coupon_core.services.points import users
from coupon_core.services.webhooks import subscriptions
from tests.benchmarks.dataset.builder import TENANT, insert_coupons
from tests.factories.campaigns import CREATOR_KEY, CampaignFactory
from tests.factories.dead_letters import create_dead_letter
from tests.factories.tenant import TenantFactory
from tests.factories.webhooks import create_delivery

Row = dict[str, Any]

ROWS_PER_INSERT = 500
DAYS, USERS, CAMPAIGNS = 30, 20_000, 200
DEFINITIONS, DEFINITIONS_WITH_CODES = 2_000, 4
REDEMPTIONS, ATTEMPTS = 200_000, 100_000
CREATOR_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
REASONS = "COUPON_EXPIRED", "COUPON_NOT_FOUND", "USER_CODE_LIMIT", "CODE_LIMIT"
NOW = utc_now()


def build_rows(coupon_count: int, divisor: int = 1) -> None:
    """Create an example of each kind by the services, and many rows like it.

    `coupon_count` coupons belong to further definitions. `divisor` makes everything
    else smaller.
    """
    webhook_id = _create_examples()
    _copy_catalogue(divisor)
    _insert_coupons(coupon_count)
    _insert_redemptions(divisor)
    _copy_history(divisor)
    _insert_deliveries(webhook_id, 5_000 // divisor)
    _insert_points(divisor)
    _count_uses(divisor)
    database.release_connection()


def _create_examples() -> int:
    tenant = TenantFactory(TENANT, "")
    campaigns = CampaignFactory(tenant)
    campaigns.create_campaign()
    campaigns.create_creator()
    campaigns.assign_codes(campaigns.create_package(), "CREATOR-ABC12-001")
    users.create(TENANT, {"user_id": "player_0"}, NOW)
    create_dead_letter(TENANT, b'{"streak_id":"daily"}', reason="user_id is missing")
    url = "https://hooks.example.com/coupons"
    webhook, _ = subscriptions.create(TENANT, "coupon.redeemed", url, now=NOW)
    create_delivery(TENANT, webhook.webhook_id)
    return webhook.webhook_id


def _copy_catalogue(divisor: int) -> None:
    _copy(tables.RewardItemTable, 200 // divisor, lambda _: {"item_id": generate_id()})
    _copy(
        tables.CampaignTable,
        CAMPAIGNS // divisor,
        lambda number: {"campaign_id": f"c{number}"},
    )
    _copy(tables.DefinitionTable, DEFINITIONS // divisor, _define)
    _copy(tables.CreatorTable, 5_000 // divisor, _name_creator)
    _copy(tables.SharedCodeTable, 10_000 // divisor, _share_code)


def _define(number: int) -> Row:
    name = f"Offer {number}"
    return {
        **{"definition_id": generate_id(), "name": name, "name_key": name.lower()},
        **{"total_limit": 1_000_000, "used_count": number * 100},
        "campaign_id": f"c{number % CAMPAIGNS}",
    }


def _name_creator(number: int) -> Row:
    key = f"{CREATOR_LETTERS[number % 26]}{number:04}"
    ids = {"creator_key": key, "creator_id": generate_integer_id(NOW)}
    return {**ids, "name": f"Creator {key}"}


def _share_code(number: int) -> Row:
    code = f"CREATOR-{CREATOR_KEY}-{number + 2:03}"
    return {"code_key": code, "code": code, "creator_key": CREATOR_KEY}


def _list_definition_ids() -> list[str]:
    ids = tables.DefinitionTable.select(tables.DefinitionTable.definition_id)
    ordered = ids.order_by(tables.DefinitionTable.definition_id).tuples()
    return [str(definition_id) for (definition_id,) in ordered]


def _insert_coupons(count: int) -> None:
    size = count // DEFINITIONS_WITH_CODES
    for index, definition_id in enumerate(
        _list_definition_ids()[-DEFINITIONS_WITH_CODES:]
    ):
        insert_coupons(
            definition_id,
            size,
            lambda number, index=index: f"D{index}{number:09d}",
            lambda number: f"player_{number % USERS}",
        )


def _insert_redemptions(divisor: int) -> None:
    coupon = tables.CouponTable
    columns = coupon.coupon_id, coupon.definition_id, coupon.user_id
    found = coupon.select(*columns).limit(REDEMPTIONS // divisor).tuples()
    _insert(
        tables.RedemptionTable,
        (
            {
                **{
                    "coupon_id": coupon_id,
                    "use_number": 1,
                    "redemption_id": _to_redemption_id(number),
                },
                **{"definition_id": definition_id, "user_id": user_id},
                **{"dialect": "phoenix", "redeemed_at": _spread(number)},
                "reference": f"order-{number}",
            }
            for number, (coupon_id, definition_id, user_id) in enumerate(list(found), 1)
        ),
    )


def _copy_history(divisor: int) -> None:
    _copy(
        tables.AuditEntryTable, 20_000 // divisor, lambda _: {"entry_id": generate_id()}
    )
    _copy(
        tables.DeadLetterTable, 5_000 // divisor, lambda _: {"letter_id": generate_id()}
    )
    definition_ids = _list_definition_ids()
    owners = cycle(definition_ids)
    _copy(
        tables.BatchTable,
        2_000 // divisor,
        lambda _: {"batch_id": generate_id(), "definition_id": next(owners)},
    )
    attempts = (
        {
            **{"attempt_id": generate_id(), "attempted_at": _spread(number)},
            **{"user_id": f"player_{number % USERS}", "code_hash": f"{number % 5_000}"},
            **{"masked_code": "D1…", "action": "redeem", "dialect": "phoenix"},
            "reason": REASONS[number % len(REASONS)],
            "definition_id": definition_ids[number % len(definition_ids)],
        }
        for number in range(ATTEMPTS // divisor)
    )
    _insert(tables.AttemptTable, attempts)
    jobs = (
        {
            **{"job_id": generate_id(), "kind": "revoke", "state": "completed"},
            **{"user_id": f"player_{number}", "actor": "", "chunk_number": 1},
            **{"after_key": "", "total_count": 10, "done_count": 10},
            **{"skipped_count": 0, "created_at": NOW, "updated_at": NOW},
            "finished_at": NOW,
        }
        for number in range(2_000 // divisor)
    )
    _insert(tables.CodeJobTable, jobs)


def _insert_deliveries(webhook_id: int, count: int) -> None:
    ids = [generate_id() for _ in range(count)]
    _copy(
        tables.WebhookDeliveryTable,
        count,
        lambda number: {"event_id": ids[number], "state": "delivered"},
    )
    attempts = (
        {
            **{"webhook_id": webhook_id, "event_id": event_id, "number": 1},
            **{"status": "SUCCESS", "response_status": 200, "response_body": "ok"},
            **{"error": "", "created_at": NOW, "completed_at": NOW},
        }
        for event_id in ids
    )
    _insert(tables.WebhookAttemptTable, attempts)


def _insert_points(divisor: int) -> None:
    count = USERS // divisor
    names = [f"player_{number}" for number in range(1, count)]
    _copy(tables.KnownUserTable, len(names), lambda number: {"user_id": names[number]})
    wallets = (
        {"user_id": name, "point_id": "gold", "balance": 5, "updated_at": NOW}
        for name in names
    )
    _insert(tables.WalletTable, wallets)
    entries = (
        {
            **{"entry_id": generate_id(), "user_id": name, "point_id": "gold"},
            **{"amount": 1, "balance": number + 1, "kind": "credit"},
            **{"reference": "", "reason": "", "created_at": _spread(number)},
        }
        for number, name in product(range(5), names)
    )
    _insert(tables.PointEntryTable, entries)


def _count_uses(divisor: int) -> None:
    """Store counts of every definition on every day."""
    days = [NOW.replace(minute=0) - timedelta(days=day) for day in range(DAYS)]
    ids = _list_definition_ids()
    for day in days:
        counts = [
            ReportCounts(
                definition_id,
                day.replace(second=0, microsecond=0),
                f"{CREATOR_LETTERS[number % 26]}{number:04}" if number % 4 == 0 else "",
                "phoenix",
                Counts(redeemed=3, refused=1, validated=5),
            )
            for number, definition_id in enumerate(ids)
        ]
        refusals = {
            (day.replace(second=0, microsecond=0), one, "redeem", reason, "phoenix"): 1
            for one, reason in product([WHOLE_TENANT, *ids[: 200 // divisor]], REASONS)
        }
        with database.transaction():
            raise_refusals(TENANT, refusals)
            raise_counts(TENANT, counts)


def _to_redemption_id(number: int) -> int:
    """Return an ID that contains the time of the use, as those of the services do."""
    return get_min_integer_id_at(_spread(number)) + number % 1_000


def _spread(number: int) -> Any:
    """Return a time in the last days, for each number another one."""
    return NOW - timedelta(seconds=number % (DAYS * 86_400 - 60))


def _copy(table: Any, count: int, change: Callable[[int], Row]) -> None:
    """Insert copies of a row of the tenant, each with some other members."""
    own = table.select().where(table.tenant_id == TENANT).limit(1).dicts()
    (example,) = list(own)
    _insert(table, ({**example, **change(number)} for number in range(count)))


def _insert(table: Any, rows: Iterable[Row]) -> None:
    waiting: Iterator[Row] = iter(rows)
    while part := list(islice(waiting, ROWS_PER_INSERT)):
        with database.transaction():
            if database.is_postgresql():
                # On a busy machine peewee may take long to build the statement.
                database.execute(
                    "SET LOCAL idle_in_transaction_session_timeout = 0", {}
                )
            table.insert_many([{"tenant_id": TENANT, **row} for row in part]).execute()
