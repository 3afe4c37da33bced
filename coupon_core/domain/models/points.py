"""Points: what users have, and each change of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

MAX_POINTS = 2**53 - 1
"""The most points of a wallet: the greatest integer that JavaScript holds."""


class EntryKind(StrEnum):
    """Why a balance changed."""

    CREDIT = "credit"
    DEBIT = "debit"
    BUY = "buy"
    REFUND = "refund"


@dataclass(frozen=True, slots=True)
class Wallet:
    """How many points of one kind a user has."""

    tenant_id: str
    user_id: str
    point_id: str
    balance: int
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class PointEntry:
    """One change of a balance; the ledger of these is only ever appended to.

    `amount` is negative for what was taken; `balance` is what was there after it. Of
    `buy` and `refund` the reference is the coupon's id.
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
    """What is to be added to or taken from a wallet; `amount` is positive."""

    tenant_id: str
    user_id: str
    point_id: str
    amount: int
    reference: str = ""
    reason: str = ""
