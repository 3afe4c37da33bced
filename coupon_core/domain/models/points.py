"""Points: wallets of users, and changes of their balance."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

MAX_POINTS = 2**53 - 1
"""The maximum balance: the largest safe integer in JavaScript."""


class EntryKind(StrEnum):
    """Why a balance changed."""

    CREDIT = "credit"
    DEBIT = "debit"
    BUY = "buy"
    REFUND = "refund"


@dataclass(frozen=True, slots=True)
class Wallet:
    """The balance of one kind of points of a user."""

    tenant_id: str
    user_id: str
    point_id: str
    balance: int
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class PointEntry:
    """One change of a balance in the append-only ledger.

    `amount` is negative for a debit; `balance` is the balance afterwards. For `buy` and
    `refund`, `reference` is the coupon ID.
    """

    tenant_id: str
    entry_id: str
    user_id: str
    point_id: str
    amount: int
    balance: int
    kind: EntryKind
    reference: str
    reason: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class PointChange:
    """A credit or debit of a wallet; `amount` is positive."""

    tenant_id: str
    user_id: str
    point_id: str
    amount: int
    reference: str = ""
    reason: str = ""
