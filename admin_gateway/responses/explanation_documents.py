"""Serialize explanations: codes of every API, sentences, and what to do."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from admin_gateway.refusals.explanation_texts import get_reason_text
from admin_gateway.responses.attempts import AttemptSchema
from admin_gateway.responses.explanations import SearchHitSchema
from admin_gateway.responses.serializers import (
    serialize_coupon_with_batch,
    serialize_timeline,
)
from coupon_core.domain import serialization
from coupon_core.domain.models import (
    AnyReason,
    CouponStatus,
    Reason,
    ReservationReason,
)
from coupon_core.domain.models.explanations import Explanation, Verdict
from coupon_core.domain.models.inventory import CouponWithBatch, TimelineEntry
from coupon_core.domain.timestamps import format_timestamp
from coupon_core.schemas.base import Document
from coupon_core.services.campaigns import packages
from coupon_core.services.insight.explain import explain_coupon
from coupon_core.web import coupon_refusals
from coupon_core.web.error_catalogue import MAMBO, PHOENIX, PLAYCAMP

_serialize_attempts = AttemptSchema(many=True).dump
serialize_hits = SearchHitSchema(many=True).dump


def serialize_explanation(explanation: Explanation) -> Document:
    """Return an explanation as JSON."""
    issued, at = explanation.issued, explanation.at
    rules = [serialize_verdict(verdict) for verdict in explanation.verdicts]
    failed = next((rule for rule in rules if not rule["passed"]), None)
    return {
        "code": explanation.code,
        "user_id": explanation.user_id,
        "at": format_timestamp(at),
        "redeemable": failed is None,
        "error_code": failed and failed["error_code"],
        "state": _describe_state(explanation, failed),
        "remedy": failed and failed["remedy"],
        "rules": rules,
        "coupon": serialization.serialize_coupon(issued, at)
        if issued and explanation.is_stored
        else None,
        "reservations": [
            {
                "reservation_id": explained.reservation.reservation_id,
                "user_id": explained.reservation.user_id,
                "state": explained.reservation.state.value,
                "expires_at": format_timestamp(explained.reservation.expires_at),
                "rules": [serialize_verdict(verdict) for verdict in explained.verdicts],
            }
            for explained in explanation.reservations
        ],
        "activities": {
            action.value: [serialize_verdict(verdict, MAMBO) for verdict in verdicts]
            for action, verdicts in explanation.activities.items()
        },
        "timeline": serialize_timeline(explanation.timeline),
        "attempts": _serialize_attempts(explanation.attempts),
        "near_matches": serialize_hits(explanation.near_matches),
    }


def serialize_coupon_with_timeline(
    coupon: CouponWithBatch, timeline: Sequence[TimelineEntry], now: datetime
) -> Document:
    """Return a coupon as JSON, with its timeline and whether it can be redeemed."""
    issued = coupon.issued
    attribution = packages.get_attribution(issued.coupon.tenant_id, issued.coupon.code)
    explanation = explain_coupon(issued, now)
    violation = explanation.violation
    document = serialize_coupon_with_batch(coupon, now)
    is_active = document["status"] == CouponStatus.ACTIVE
    package = attribution.package
    campaign_id = (package or issued.definition).campaign_id
    return {
        **document,
        "timeline": serialize_timeline(timeline),
        "effective_status": violation.reason.value
        if violation and violation.reason and is_active
        else document["status"],
        "state": serialize_explanation(explanation)["state"],
        "campaign_id": campaign_id or None,
        "creator_key": attribution.creator_key or None,
    }


def serialize_verdict(verdict: Verdict, api: str = PHOENIX) -> Document:
    """Return a rule with its verdict; `error_code` is the code that `api` answers."""
    reason = verdict.reason
    text = get_reason_text(reason, verdict.values.get("cause")) if reason else None
    codes = list_error_codes(reason) if reason else {}
    return {
        "rule": verdict.rule.value,
        "passed": reason is None,
        "error_code": codes.get(api) or next(iter(codes.values()), None),
        "error_codes": codes,
        "values": {name: _to_json(value) for name, value in verdict.values.items()},
        "text": text and text.sentence,
        "remedy": text and text.remedy,
    }


def list_error_codes(reason: AnyReason) -> dict[str, str]:
    """Return the code of a reason in each API that can answer with it."""
    if isinstance(reason, Reason):
        refusal = coupon_refusals.REFUSALS[reason]
        return {
            PHOENIX: refusal.phoenix_redeem[1],
            PLAYCAMP: refusal.playcamp[1],
            MAMBO: refusal.mambo[1],
        }
    if isinstance(reason, ReservationReason):
        return {PHOENIX: coupon_refusals.RESERVATION_REFUSALS[reason][1]}
    return {MAMBO: coupon_refusals.MAMBO_ONLY_REFUSALS[reason][1]}


def _to_json(value: Any) -> Any:
    if isinstance(value, datetime):
        return format_timestamp(value)
    if isinstance(value, StrEnum):
        return value.value
    return [_to_json(item) for item in value] if isinstance(value, list) else value


def _describe_state(explanation: Explanation, failed: Mapping[str, Any] | None) -> str:
    if failed is None:
        who = explanation.user_id or _get_holder(explanation.verdicts)
        subject = f"User {who} can" if who else "Any user can"
        return f"{subject} redeem the code."
    values = {**failed["values"], "cause": None}
    shown = describe_values(values)
    details = f" ({shown})" if shown else ""
    return f"{failed['text'].rstrip('.')}{details}."


def describe_values(values: Mapping[str, Any]) -> str:
    """Return the values of a rule for people, as in `limit 1, used 1`."""
    return ", ".join(
        f"{name} {_to_text(value)}"
        for name, value in values.items()
        if value not in (None, [])
    )


def _to_text(value: Any) -> str:
    if isinstance(value, list):
        return " and ".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def _get_holder(verdicts: Sequence[Verdict]) -> str | None:
    holder: str | None = verdicts[0].values["holder"]
    return holder
