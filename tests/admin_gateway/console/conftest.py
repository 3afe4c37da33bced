"""Fixtures of the console: compiled texts, and passwords that cost little time."""

from __future__ import annotations

import pytest

from admin_gateway.console import build
from tests.support.cheap_passwords import cheap_passwords

__all__ = ["cheap_passwords"]


@pytest.fixture(scope="session", autouse=True)
def _compiled_texts() -> None:
    build.compile_translations()
