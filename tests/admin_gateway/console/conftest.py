"""Fixtures of the console: compiled texts, and passwords that cost little time."""

from __future__ import annotations

import pytest

from admin_gateway.console import build
from coupon_core.security import passwords


@pytest.fixture(scope="session", autouse=True)
def _compiled_texts() -> None:
    build.compile_translations()


@pytest.fixture(autouse=True)
def _cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Use a hash of the same kind that takes a millisecond."""
    cheap = passwords.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "_hasher", cheap)
