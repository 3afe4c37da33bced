"""The guarded write of earned coupons: sets of them, each as a whole or not at all."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from coupon_core.domain.models import (
    Definition,
    Event,
    IssuedCoupon,
    Milestone,
    RewardItem,
    Trigger,
)
from coupon_core.domain.timestamps import format_timestamp_milliseconds
from coupon_core.persistence.database import (
    execute,
    execute_for_values,
)
from coupon_core.persistence.repositories import coupons as coupon_repository
from coupon_core.persistence.repositories import outbox as outbox_repository
from coupon_core.persistence.row_mapping import (
    CAMPAIGN_SUSPENDED_AT_EXPRESSION,
    DEFINITION_COLUMN_COUNT,
    DEFINITION_COLUMNS,
    IS_CAMPAIGN_ENDED_EXPRESSION,
    REWARD_ITEM_COLUMNS,
    to_definition,
    to_reward_item,
)
from coupon_core.persistence.row_sets import execute_for_rows

TRIGGER_KINDS = ", ".join(f"'{trigger.value}'" for trigger in Trigger)
# With the kinds, which are the second column of the index, it is used.
SELECT_TRIGGERED_DEFINITIONS = f"""
    SELECT {DEFINITION_COLUMNS}, {REWARD_ITEM_COLUMNS}
    FROM definition d
    JOIN reward_item r ON r.tenant_id = :tenant_id AND r.item_id = d.reward_item_id
    WHERE d.tenant_id = :tenant_id AND d.trigger_kind IN ({TRIGGER_KINDS})
    AND d.trigger_source {{among}} ORDER BY d.definition_id
"""
INSERT_EARNED = """
    INSERT INTO earned_coupon (tenant_id, definition_id, user_id, occurrence,
        event_id, earned_at)
    VALUES (:tenant_id, :definition_id, :user_id, :occurrence, :milestone_id, :now)
    ON CONFLICT DO NOTHING
"""
# Inserts a row only if its definition is unchanged since the decision, and if the
# generated code is neither shared nor reserved by an import or a checked prefix. The
# order is fixed: otherwise two transactions with the same rows could deadlock.
INSERT_EARNED_GUARDED = """
    INSERT INTO earned_coupon (tenant_id, definition_id, user_id, occurrence,
        event_id, earned_at)
    SELECT :tenant_id, r.definition_id, r.user_id, r.occurrence, r.milestone_id,
        r.generated_at
    FROM {rows}
    WHERE EXISTS (SELECT 1 FROM definition d
        WHERE d.tenant_id = :tenant_id AND d.definition_id = r.definition_id
        AND d.status = 'active' AND d.trigger_enabled AND d.code_format = 'random'
        AND d.updated_at = r.definition_updated_at
        AND NOT {is_campaign_ended} AND {campaign_suspended_at} IS NULL)
    AND NOT EXISTS (SELECT 1 FROM shared_code s
        WHERE s.tenant_id = :tenant_id AND s.code_key = r.code_key)
    AND NOT EXISTS (SELECT 1 FROM import_row i
        WHERE i.tenant_id = :tenant_id AND i.code_key = r.code_key)
    AND NOT EXISTS (SELECT 1 FROM checked_stem k
        WHERE k.tenant_id = :tenant_id AND k.definition_id <> r.definition_id
        AND substr(r.code_key, 1, length(k.stem)) = k.stem)
    ORDER BY r.definition_id, r.user_id, r.occurrence
    ON CONFLICT DO NOTHING
    RETURNING definition_id, user_id, occurrence
""".replace("{is_campaign_ended}", IS_CAMPAIGN_ENDED_EXPRESSION).replace(
    "{campaign_suspended_at}", CAMPAIGN_SUSPENDED_AT_EXPRESSION
)
SELECT_EARNED = """
    SELECT e.definition_id, e.user_id, e.occurrence FROM {rows}
    JOIN earned_coupon e ON e.tenant_id = :tenant_id
        AND e.definition_id = r.definition_id AND e.user_id = r.user_id
        AND e.occurrence = r.occurrence
"""
KEY_COLUMNS = "definition_id uuid, user_id text, occurrence text"
EARNED_ROW_COLUMNS = f"""{KEY_COLUMNS}, code_key text, milestone_id text,
    generated_at timestamptz, definition_updated_at timestamptz"""

EarnedKey = tuple[str, str, str]
"""What is earned at most once in a tenant: definition, user and occurrence."""


def list_triggered_definitions(
    tenant_id: str, source_ids: Sequence[str]
) -> list[tuple[Definition, RewardItem]]:
    """Return the definitions with triggers of these sources, and their reward items."""
    rows = execute_for_values(
        SELECT_TRIGGERED_DEFINITIONS,
        "text",
        values=source_ids,
        parameters={"tenant_id": tenant_id},
    ).fetchall()
    end = DEFINITION_COLUMN_COUNT
    return [(to_definition(row[:end]), to_reward_item(row[end:])) for row in rows]


def get_key(definition: Definition, milestone: Milestone) -> EarnedKey:
    """Return the key of the coupon that a milestone earns of a definition."""
    return definition.definition_id, milestone.user_id, milestone.occurrence


def mark_earned(definition: Definition, milestone: Milestone, now: datetime) -> bool:
    """Mark an occurrence as earned; return False if it was marked before."""
    parameters = {
        "tenant_id": definition.tenant_id,
        **_to_key_row(get_key(definition, milestone)),
        "milestone_id": milestone.event_id,
        "now": format_timestamp_milliseconds(now),
    }
    return bool(execute(INSERT_EARNED, parameters).rowcount == 1)


def find_earned(tenant_id: str, keys: Iterable[EarnedKey]) -> set[EarnedKey]:
    """Return the keys that have already earned their coupon."""
    rows = [_to_key_row(key) for key in keys]
    if not rows:
        return set()
    return _fetch_keys(SELECT_EARNED, KEY_COLUMNS, tenant_id=tenant_id, rows=rows)


@dataclass(frozen=True, slots=True)
class EarnedCouponDraft:
    """A coupon with a random code that a milestone should earn, with its event."""

    key: EarnedKey
    issued: IssuedCoupon
    milestone: Milestone
    event: Event


class CodeCollision(Exception):
    """A generated code is taken; the transaction must be rolled back."""


def insert_earned(
    tenant_id: str, drafts: Collection[EarnedCouponDraft]
) -> set[EarnedKey]:
    """Insert earned coupons of a tenant with their events; return the inserted keys.

    Left out are coupons that were earned before, and those whose definition has changed
    since the decision. The keys of the drafts are distinct.

    Raises:
        CodeCollision: A generated code is taken.
    """
    if not drafts:
        return set()
    rows = {draft.key: _to_row(draft) for draft in drafts}
    inserted_keys = _fetch_keys(
        INSERT_EARNED_GUARDED,
        EARNED_ROW_COLUMNS,
        tenant_id=tenant_id,
        rows=rows.values(),
    )
    new_rows = [row for key, row in rows.items() if key in inserted_keys]
    if len(coupon_repository.insert_rows(tenant_id, new_rows)) < len(new_rows):
        raise CodeCollision
    outbox_repository.add(draft.event for draft in drafts if draft.key in inserted_keys)
    return inserted_keys


def _fetch_keys(
    sql: str, columns: str, tenant_id: str, rows: Iterable[Mapping[str, Any]]
) -> set[EarnedKey]:
    parameters = {"tenant_id": tenant_id}
    cursor = execute_for_rows(sql, columns, rows=rows, parameters=parameters)
    return set(map(tuple, cursor.fetchall()))


def _to_key_row(key: EarnedKey) -> dict[str, str]:
    return dict(zip(("definition_id", "user_id", "occurrence"), key, strict=True))


def _to_row(draft: EarnedCouponDraft) -> dict[str, Any]:
    coupon, definition = draft.issued.coupon, draft.issued.definition
    return {
        **coupon_repository.to_coupon_row(coupon, definition),
        "occurrence": draft.milestone.occurrence,
        "milestone_id": draft.milestone.event_id,
        "definition_updated_at": format_timestamp_milliseconds(definition.updated_at),
    }
