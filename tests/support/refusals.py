"""Helpers for tests of what the core refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from coupon_core.domain.models import Refused


def capture_refusal(
    action: Callable[..., Any], *arguments: Any, **keywords: Any
) -> Any:
    """Return the reason why an action is refused; fail if it succeeds."""
    with pytest.raises(Refused) as caught:
        action(*arguments, **keywords)
    return caught.value.reason
