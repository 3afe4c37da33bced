"""Components that tests need and a machine may lack."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest

# A component named here (comma-separated) must exist: CI sets it to what it installs.
REQUIRED_VARIABLE = "COUPON_TESTS_REQUIRE"


def list_required() -> list[str]:
    """Return the components that must not be missing."""
    return os.environ.get(REQUIRED_VARIABLE, "").replace(",", " ").split()


def report_missing(component: str, reason: str) -> NoReturn:
    """Skip the test, or fail it where the component is required."""
    if component in list_required():
        pytest.fail(f"{REQUIRED_VARIABLE} names {component}, but {reason}", False)
    pytest.skip(f"{component}: {reason}")
