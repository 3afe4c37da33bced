"""Creators, and the codes that they hand out."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class CreatorStatus(StrEnum):
    """Whether a creator is given codes; those already given stay good."""

    ACTIVE = "ACTIVE"
    INACTIVE = "INACTIVE"


@dataclass(frozen=True, slots=True)
class Creator:
    """Someone who hands out codes; the key is what codes and reports name."""

    tenant_id: str
    creator_key: str
    creator_id: int
    name: str
    genre: str | None
    status: CreatorStatus
    created_at: datetime
    updated_at: datetime


class CodeStatus(StrEnum):
    """What a creator's code is at a moment; ACTIVE and USED are PlayCamp's words."""

    ACTIVE = "ACTIVE"
    USED = "USED"  # the total limit of its package is reached
    EXPIRED = "EXPIRED"
    INACTIVE = "INACTIVE"  # revoked, or its package is out of use


@dataclass(frozen=True, slots=True)
class CreatorCode:
    """A code in a creator's hands."""

    code: str
    creator_key: str
    campaign_id: str
    package_id: int
    package_no: int
    status: CodeStatus
    revoked_at: datetime | None
