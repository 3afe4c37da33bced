"""The guarded write of earned coupons: each is written as a whole, or not at all.

As in `redemptions`, the statements are written once: SQLite runs them one by one,
PostgreSQL as a single one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from peewee import IntegrityError

from coupon_core.domain.models import (
    Definition,
    Event,
    IssuedCoupon,
    Milestone,
    RewardItem,
)
from coupon_core.domain.timestamps import format_timestamp_milliseconds
from coupon_core.persistence.database import execute, execute_each, is_postgresql
from coupon_core.persistence.repositories.coupons import to_coupon_row
from coupon_core.persistence.row_mapping import (
    DEFINITION_COLUMNS,
    REWARD_ITEM_COLUMNS,
    to_definition,
    to_reward_item,
)

SELECT_TRIGGERED_DEFINITIONS = f"""
    SELECT {DEFINITION_COLUMNS}, {REWARD_ITEM_COLUMNS}
    FROM definition d
    JOIN reward_item r ON r.tenant_id = d.tenant_id AND r.item_id = d.reward_item_id
    WHERE d.tenant_id = :tenant_id AND d.trigger_kind = :kind
    AND d.trigger_source = :source_id ORDER BY d.definition_id
"""
# Inserts only if the definition is unchanged since the decision, and if the generated
# code is neither shared nor reserved by an import or a checked prefix.
INSERT_EARNED_GUARDED = """
    INSERT INTO earned_coupon (tenant_id, definition_id, user_id, occurrence,
        event_id, earned_at)
    SELECT :tenant_id, :definition_id, :user_id, :occurrence, :milestone_id,
        :generated_at
    WHERE EXISTS (SELECT 1 FROM definition d
        WHERE d.tenant_id = :tenant_id AND d.definition_id = :definition_id
        AND d.status = 'active' AND d.trigger_enabled AND d.code_format = 'random'
        AND d.updated_at = :definition_updated_at)
    AND NOT EXISTS (SELECT 1 FROM shared_code s
        WHERE s.tenant_id = :tenant_id AND s.code_key = :code_key)
    AND NOT EXISTS (SELECT 1 FROM import_row i
        WHERE i.tenant_id = :tenant_id AND i.code_key = :code_key)
    AND NOT EXISTS (SELECT 1 FROM checked_stem k
        WHERE k.tenant_id = :tenant_id AND k.definition_id <> :definition_id
        AND substr(:code_key, 1, length(k.stem)) = k.stem)
    ON CONFLICT DO NOTHING
"""
INSERT_COUPON = """
    INSERT INTO coupon (tenant_id, coupon_id, definition_id, user_id, code,
        generated_at, expires_at, redemption_count, code_key, code_scope)
    SELECT :tenant_id, :coupon_id, :definition_id, :user_id, :code,
        :generated_at, :expires_at, 0, :code_key, :code_scope
"""
INSERT_EVENT = """
    INSERT INTO outbox (tenant_id, event_id, event_type, subject, occurred_at,
        data, state)
    SELECT :tenant_id, :event_id, :event_type, :user_id, :generated_at,
        :data, 'pending'
"""
INSERT_EARNED = """
    INSERT INTO earned_coupon (tenant_id, definition_id, user_id, occurrence,
        event_id, earned_at)
    VALUES (:tenant_id, :definition_id, :user_id, :occurrence, :milestone_id, :now)
    ON CONFLICT DO NOTHING
"""
HAS_EARNED = """
    SELECT 1 FROM earned_coupon
    WHERE tenant_id = :tenant_id AND definition_id = :definition_id
    AND user_id = :user_id AND occurrence = :occurrence
"""


def list_triggered_definitions(
    milestone: Milestone,
) -> list[tuple[Definition, RewardItem]]:
    """Return the definitions with a trigger, and their reward items."""
    parameters = {
        "tenant_id": milestone.tenant_id,
        "kind": milestone.trigger_kind.value,
        "source_id": milestone.source_id,
    }
    rows = execute(SELECT_TRIGGERED_DEFINITIONS, parameters).fetchall()
    end = -len(REWARD_ITEM_COLUMNS.split(","))
    return [(to_definition(row[:end]), to_reward_item(row[end:])) for row in rows]


def mark_earned(definition: Definition, milestone: Milestone, now: datetime) -> bool:
    """Mark an occurrence as earned; return False if it was marked before."""
    parameters = {
        **_to_key_parameters(definition, milestone),
        "milestone_id": milestone.event_id,
        "now": format_timestamp_milliseconds(now),
    }
    return bool(execute(INSERT_EARNED, parameters).rowcount == 1)


def has_earned(definition: Definition, milestone: Milestone) -> bool:
    """Return True if an occurrence has already earned its coupon."""
    return (
        execute(HAS_EARNED, _to_key_parameters(definition, milestone)).fetchone()
        is not None
    )


def _to_key_parameters(definition: Definition, milestone: Milestone) -> dict[str, str]:
    return {
        "tenant_id": definition.tenant_id,
        "definition_id": definition.definition_id,
        "user_id": milestone.user_id,
        "occurrence": milestone.occurrence,
    }


@dataclass(frozen=True, slots=True)
class EarnedCouponDraft:
    """A coupon with a random code that a milestone should earn, with its event."""

    issued: IssuedCoupon
    milestone: Milestone
    event: Event

    @property
    def key(self) -> tuple[str, str, str, str]:
        """The unique key of the earned coupon."""
        coupon = self.issued.coupon
        return (
            coupon.tenant_id,
            coupon.definition_id,
            coupon.user_id,
            self.milestone.occurrence,
        )


class CodeCollision(Exception):
    """A generated code is taken; the transaction must be rolled back."""


def insert_earned(drafts: Sequence[EarnedCouponDraft]) -> set[str]:
    """Insert earned coupons with their events; return the ids of the inserted coupons.

    Left out are coupons that were earned before, and those whose definition has changed
    since the decision.

    Raises:
        CodeCollision: A generated code is taken.
    """
    # A fixed order: otherwise two transactions with the same rows could deadlock.
    ordered = sorted(drafts, key=lambda draft: draft.key)
    rows = [_to_parameters(draft) for draft in ordered]
    try:
        counts = _insert_rows(rows)
    except IntegrityError as error:
        raise CodeCollision from error
    results = zip(ordered, counts, strict=True)
    return {draft.issued.coupon.coupon_id for draft, count in results if count}


def _insert_rows(rows: Sequence[Mapping[str, Any]]) -> list[int]:
    if is_postgresql():
        return execute_each(_combine_statements(), rows)
    return [
        int(
            all(
                execute(sql, row).rowcount == 1
                for sql in (INSERT_EARNED_GUARDED, INSERT_COUPON, INSERT_EVENT)
            )
        )
        for row in rows
    ]


def _to_parameters(draft: EarnedCouponDraft) -> dict[str, Any]:
    issued, event = draft.issued, draft.event
    return {
        **to_coupon_row(issued.coupon, issued.definition),
        "occurrence": draft.milestone.occurrence,
        "milestone_id": draft.milestone.event_id,
        "definition_updated_at": format_timestamp_milliseconds(
            issued.definition.updated_at
        ),
        "event_id": event.event_id,
        "event_type": event.event_type,
        "data": event.data,
    }


@cache
def _combine_statements() -> str:
    return f"""
        WITH earned AS ({INSERT_EARNED_GUARDED} RETURNING 1),
        inserted AS ({INSERT_COUPON} FROM earned RETURNING 1)
        {INSERT_EVENT} FROM inserted
    """
