"""Answers about a gateway itself."""

from __future__ import annotations

from dataclasses import dataclass

from coupons_sdk.documents import Document


@dataclass(frozen=True, kw_only=True)
class Health(Document):
    """The health of a process."""

    status: str


@dataclass(frozen=True, kw_only=True)
class Readiness(Document):
    """Whether a gateway can serve requests, and what it needs for that."""

    status: str
    database: str | None = None
    migrations: str | None = None
    message_queue: str | None = None
    redis: str | None = None


@dataclass(frozen=True, kw_only=True)
class CatalogueEntry(Document):
    """An error code."""

    code: str
    status: int
    apis: tuple[str, ...]
    meaning: str
    remedy: str


@dataclass(frozen=True, kw_only=True)
class ErrorCatalogue(Document):
    """All error codes."""

    errors: tuple[CatalogueEntry, ...]
