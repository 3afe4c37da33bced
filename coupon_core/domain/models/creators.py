"""Creators, and the codes that they hand out (PlayCamp)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class CreatorStatus(StrEnum):
    """Whether a creator receives new codes; existing codes remain valid."""

    ACTIVE = "ACTIVE"
    INACTIVE = "INACTIVE"


@dataclass(frozen=True, slots=True)
class Creator:
    """A person who hands out codes; codes and reports refer to `creator_key`."""

    tenant_id: str
    creator_key: str
    creator_id: int
    name: str
    genre: str | None
    status: CreatorStatus
    created_at: datetime
    updated_at: datetime


class CodeStatus(StrEnum):
    """Status of a creator's code; ACTIVE and USED are PlayCamp's terms."""

    ACTIVE = "ACTIVE"
    USED = "USED"  # the total limit of its package is reached
    EXPIRED = "EXPIRED"
    INACTIVE = "INACTIVE"  # revoked, or its package is not in use


@dataclass(frozen=True, slots=True)
class CreatorCode:
    """A code that a creator hands out."""

    code: str
    creator_key: str
    campaign_id: str
    package_id: int
    package_no: int
    status: CodeStatus
    revoked_at: datetime | None
