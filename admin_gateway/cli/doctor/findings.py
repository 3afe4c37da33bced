"""What a check of `couponctl doctor` finds."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of a check, and advice if something is wrong."""

    check: str
    level: Level
    found: str
    advice: str = ""


Findings = Iterator[Finding]
