"""Responses for users and points: schemas, serializers, examples."""

from marshmallow import fields

from coupon_core.domain.models.points import EntryKind
from coupon_core.schemas.base import Document, ResponseSchema, Serializer
from coupon_core.schemas.fields import ChoiceField, UtcDateTime
from coupon_core.schemas.response_fields import build_list_schema

USER: Document = {
    "user_id": "john@doe.com",
    "is_member": True,
    "details": {"firstName": "John"},
    "tags": ["vip"],
    "created_at": "2025-01-15T10:00:00Z",
    "updated_at": "2025-01-15T10:00:00Z",
}
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
WALLET: Document = {
    "user_id": "john@doe.com",
    "point_id": "gold",
    "balance": 350,
    "updated_at": "2025-01-15T10:00:00Z",
}


class UserSchema(ResponseSchema):
    """A user that the tenant has registered."""

    example = USER

    user_id = fields.String(required=True)
    is_member = fields.Boolean(required=True)
    details = fields.Dict(required=True)
    tags = fields.List(fields.String(), required=True)
    created_at = UtcDateTime(required=True)
    updated_at = UtcDateTime(required=True)


class PointEntrySchema(ResponseSchema):
    """One change of a balance; `amount` is negative for a debit."""

    example = CREDIT_ENTRY

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
    created_at = UtcDateTime(required=True)


class WalletSchema(ResponseSchema):
    """A user's balance of one kind of point."""

    example = WALLET

    user_id = fields.String(required=True)
    point_id = fields.String(required=True)
    balance = fields.Integer(required=True)
    updated_at = UtcDateTime(required=True)


UserListSchema = build_list_schema("UserList", users=UserSchema)
PointEntryListSchema = build_list_schema("PointEntryList", entries=PointEntrySchema)
WalletListSchema = build_list_schema("WalletList", wallets=WalletSchema)
serialize_user: Serializer = UserSchema().dump
serialize_point_entry: Serializer = PointEntrySchema().dump
serialize_wallet: Serializer = WalletSchema().dump
