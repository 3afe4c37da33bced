"""Creators, and the codes that they hand out (PlayCamp)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


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


@dataclass(frozen=True, slots=True)
class NewCreator:
    """A creator to create in a campaign, with the codes to assign or to generate."""

    creator_key: str
    members: Mapping[str, Any]  # of `Creator`
    package_id: int | None = None  # None is the only package of the campaign
    codes: tuple[str, ...] = ()
    count: int = 0
    pattern: str = ""

    @property
    def has_codes(self) -> bool:
        """True if it receives codes."""
        return bool(self.codes or self.count)


@dataclass(frozen=True, slots=True)
class CreatorWithCodes:
    """A created creator with its codes."""

    creator: Creator
    codes: tuple[str, ...]
