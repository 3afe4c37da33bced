"""Responses for users and points: schemas, serializers, examples."""

from typing import Any

from marshmallow import fields

from coupon_core.domain.models.points import EntryKind, PointEntry, Wallet
from coupon_core.domain.models.users import RegisteredUser
from coupon_core.domain.timestamps import format_timestamp
from coupon_core.schemas.base import LenientSchema
from coupon_core.schemas.fields import ChoiceField

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
POINT_CHANGE: Document = {
    "user_id": "john@doe.com",
    "point_id": "gold",
    "amount": 100,
    "reason": "Birthday",
}
CREDIT_ENTRY: Document = {
    **POINT_CHANGE,
    "entry_id": "aa0e8400-e29b-41d4-a716-446655440005",
    "balance": 350,
    "kind": "credit",
    "reference": "",
    "created_at": "2025-01-15T10:00:00Z",
}
DEBIT_ENTRY = {**CREDIT_ENTRY, "amount": -100, "balance": 250, "kind": "debit"}
POINT_ENTRIES = {"entries": [CREDIT_ENTRY], "total": 1}
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


class UserSchema(LenientSchema):
    """A user that the tenant has registered."""

    user_id = fields.String(required=True)
    is_member = fields.Boolean(required=True)
    details = fields.Dict(required=True)
    tags = fields.List(fields.String(), required=True)
    created_at = fields.DateTime(required=True)
    updated_at = fields.DateTime(required=True)


class UserListSchema(LenientSchema):
    """A page of users, and the number of all matches."""

    users = fields.List(fields.Nested(UserSchema), required=True)
    total = fields.Integer(required=True)


class PointEntrySchema(LenientSchema):
    """One change of a balance; `amount` is negative for a debit."""

    entry_id = fields.UUID(required=True)
    user_id = fields.String(required=True)
    point_id = fields.String(required=True)
    amount = fields.Integer(required=True)
    balance = fields.Integer(
        required=True, metadata={"description": "Balance after the change."}
    )
    kind = ChoiceField(*EntryKind, required=True)
    reference = fields.String(required=True)
    reason = fields.String(required=True)
    created_at = fields.DateTime(required=True)


class PointEntryListSchema(LenientSchema):
    """A page of balance changes, and the number of all matches."""

    entries = fields.List(fields.Nested(PointEntrySchema), required=True)
    total = fields.Integer(required=True)


class WalletSchema(LenientSchema):
    """A user's balance of one kind of point."""

    user_id = fields.String(required=True)
    point_id = fields.String(required=True)
    balance = fields.Integer(required=True)
    updated_at = fields.DateTime(required=True)


class WalletListSchema(LenientSchema):
    """A page of balances, and the number of all matches."""

    wallets = fields.List(fields.Nested(WalletSchema), required=True)
    total = fields.Integer(required=True)


def serialize_user(user: RegisteredUser) -> Document:
    """Return a user as JSON."""
    return {
        "user_id": user.user_id,
        "is_member": user.is_member,
        "details": dict(user.details),
        "tags": list(user.tags),
        "created_at": format_timestamp(user.created_at),
        "updated_at": format_timestamp(user.updated_at),
    }


def serialize_point_entry(entry: PointEntry) -> Document:
    """Return one change of a balance as JSON."""
    return {
        "entry_id": entry.entry_id,
        "user_id": entry.user_id,
        "point_id": entry.point_id,
        "amount": entry.amount,
        "balance": entry.balance,
        "kind": entry.kind.value,
        "reference": entry.reference,
        "reason": entry.reason,
        "created_at": format_timestamp(entry.created_at),
    }


def serialize_wallet(wallet: Wallet) -> Document:
    """Return a balance as JSON."""
    return {
        "user_id": wallet.user_id,
        "point_id": wallet.point_id,
        "balance": wallet.balance,
        "updated_at": format_timestamp(wallet.updated_at),
    }
