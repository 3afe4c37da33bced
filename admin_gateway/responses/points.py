"""Users and points in answers: their shapes, each with an example."""

from typing import Any

from marshmallow import fields

from coupon_core.domain import serialization
from coupon_core.domain.models.points import EntryKind
from coupon_core.domain.models.points import PointEntry as Entry
from coupon_core.domain.models.points import Wallet as WalletValue
from coupon_core.domain.models.users import KnownUser
from coupon_core.schemas.base import Tolerant
from coupon_core.schemas.fields import Choice

Document = dict[str, Any]

USER: Document = {
    "user_id": "john@doe.com",
    "is_member": True,
    "details": {"firstName": "John"},
    "tags": ["vip"],
    "created_at": "2025-01-15T10:00:00Z",
    "updated_at": "2025-01-15T10:00:00Z",
}
USERS = {"users": [USER], "total": 1}
NEW_ENTRY: Document = {
    "user_id": "john@doe.com",
    "point_id": "gold",
    "amount": 100,
    "reason": "Birthday",
}
CREDITED: Document = {
    **NEW_ENTRY,
    "entry_id": "aa0e8400-e29b-41d4-a716-446655440005",
    "balance": 350,
    "kind": "credit",
    "reference": "",
    "created_at": "2025-01-15T10:00:00Z",
}
DEBITED = {**CREDITED, "amount": -100, "balance": 250, "kind": "debit"}
POINT_ENTRIES = {"entries": [CREDITED], "total": 1}
WALLETS: Document = {
    "wallets": [
        {
            "user_id": "john@doe.com",
            "point_id": "gold",
            "balance": 350,
            "updated_at": "2025-01-15T10:00:00Z",
        }
    ],
    "total": 1,
}


class User(Tolerant):
    """A user that the tenant has made known."""

    user_id = fields.String(required=True)
    is_member = fields.Boolean(required=True)
    details = fields.Dict(required=True)
    tags = fields.List(fields.String(), required=True)
    created_at = fields.DateTime(required=True)
    updated_at = fields.DateTime(required=True)


class Users(Tolerant):
    """Users and how many match in all."""

    users = fields.List(fields.Nested(User), required=True)
    total = fields.Integer(required=True)


class PointEntry(Tolerant):
    """One change of a balance; negative when points were taken."""

    entry_id = fields.UUID(required=True)
    user_id = fields.String(required=True)
    point_id = fields.String(required=True)
    amount = fields.Integer(required=True)
    balance = fields.Integer(
        required=True, metadata={"description": "What was there after it."}
    )
    kind = Choice(*EntryKind, required=True)
    reference = fields.String(required=True)
    reason = fields.String(required=True)
    created_at = fields.DateTime(required=True)


class PointEntries(Tolerant):
    """Changes of balances and how many match in all."""

    entries = fields.List(fields.Nested(PointEntry), required=True)
    total = fields.Integer(required=True)


class Wallet(Tolerant):
    """How many points of one kind a user has."""

    user_id = fields.String(required=True)
    point_id = fields.String(required=True)
    balance = fields.Integer(required=True)
    updated_at = fields.DateTime(required=True)


class Wallets(Tolerant):
    """Balances and how many match in all."""

    wallets = fields.List(fields.Nested(Wallet), required=True)
    total = fields.Integer(required=True)


def user(of: KnownUser) -> Document:
    """A known user."""
    return {
        "user_id": of.user_id,
        "is_member": of.is_member,
        "details": dict(of.details),
        "tags": list(of.tags),
        "created_at": serialization.time_text(of.created_at),
        "updated_at": serialization.time_text(of.updated_at),
    }


def entry(of: Entry) -> Document:
    """One change of a balance."""
    return {
        "entry_id": of.entry_id,
        "user_id": of.user_id,
        "point_id": of.point_id,
        "amount": of.amount,
        "balance": of.balance,
        "kind": of.kind.value,
        "reference": of.reference,
        "reason": of.reason,
        "created_at": serialization.time_text(of.created_at),
    }


def wallet(of: WalletValue) -> Document:
    """A balance."""
    return {
        "user_id": of.user_id,
        "point_id": of.point_id,
        "balance": of.balance,
        "updated_at": serialization.time_text(of.updated_at),
    }
