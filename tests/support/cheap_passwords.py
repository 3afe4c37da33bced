"""Passwords that cost little time; a conftest imports the fixture for its tests."""

from __future__ import annotations

import pytest

from coupon_core.security import passwords


@pytest.fixture(autouse=True)
def cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Use a hash of the same kind that takes a millisecond."""
    cheap = passwords.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "_hasher", cheap)
