"""A missing component skips a test, and fails it where the component is required."""

from __future__ import annotations

import pytest

from tests.support.requirements import REQUIRED_VARIABLE, report_missing


def test_a_missing_component_skips_the_test(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(REQUIRED_VARIABLE, "chromium,wrk")
    with pytest.raises(pytest.skip.Exception, match="rabbitmq: it is not installed"):
        report_missing("rabbitmq", "it is not installed")


def test_a_missing_component_that_is_required_fails_the_test(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(REQUIRED_VARIABLE, "chromium,rabbitmq")
    with pytest.raises(pytest.fail.Exception, match="rabbitmq, but it is not"):
        report_missing("rabbitmq", "it is not installed")
