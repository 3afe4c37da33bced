"""Serializers of validations (the Phoenix specification)."""

from datetime import datetime
from typing import Any

from coupon_core.domain import serialization
from coupon_core.domain.models import Validation
from coupon_core.web.coupon_refusals import REFUSALS


def serialize_validation(result: Validation, now: datetime) -> dict[str, Any]:
    """Return the answer to a validate call: what the code is, or why not."""
    reason = result.decision.reason
    if reason:
        refusal = REFUSALS[reason]
        return {
            "valid": False,
            "coupon": None,
            "definition": None,
            "error": refusal.phoenix_validate,
            "error_code": refusal.phoenix_redeem[1],
        }
    return {
        "valid": True,
        "coupon": serialization.serialize_coupon(result.issued, now)
        if result.issued
        else None,
        "definition": _serialize_definition(result),
        "error": None,
        "error_code": None,
    }


def _serialize_definition(result: Validation) -> dict[str, Any] | None:
    return (
        serialization.serialize_definition(result.definition)
        if result.definition
        else None
    )
