"""Tests of the counters by tenant: their number is limited, and nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, Counter

from coupon_core.observability import metrics
from coupon_core.observability.label_names import LabelNames
from coupon_core.observability.metrics_server import COUNTERS


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[CollectorRegistry]:
    """Record into counters of this process."""
    monkeypatch.setattr(metrics, "_metrics", {})
    monkeypatch.setattr(metrics, "_children", {})
    registry = CollectorRegistry()
    title, description, labels = COUNTERS["tenant_redemptions"]
    counter = Counter(f"coupons_{title}", description, labels, registry=registry)
    metrics.install_metrics({"tenant_redemptions": counter})
    yield registry
    metrics.distinguish_tenants(Path(), 0)


def read_counts(registry: CollectorRegistry) -> dict[tuple[str, str], float]:
    """Return the counts by tenant and campaign."""
    return {
        (sample.labels["tenant"], sample.labels["campaign"]): sample.value
        for family in registry.collect()
        for sample in family.samples
        if sample.name.endswith("_total")
    }


def test_tenants_and_campaigns_beyond_the_limit_are_counted_together(
    registry: CollectorRegistry, tmp_path: Path
) -> None:
    metrics.distinguish_tenants(tmp_path, 2)
    for tenant_id, campaign_id in (
        *(("acme", "launch"), ("acme", "launch"), ("acme", "spring"), ("acme", "fall")),
        *(("globex", ""), ("initech", ""), ("hooli", "launch")),
    ):
        metrics.count_tenant_redemption(tenant_id, campaign_id, metrics.OK)
    assert read_counts(registry) == {
        ("acme", "launch"): 2,
        ("acme", "spring"): 1,
        ("acme", "other"): 1,
        ("globex", ""): 1,
        ("other", ""): 1,
        ("other", "other"): 1,
    }


def test_without_a_limit_nothing_is_counted(
    registry: CollectorRegistry, tmp_path: Path
) -> None:
    metrics.distinguish_tenants(tmp_path, 0)
    metrics.count_tenant_redemption("acme", "", metrics.OK)
    assert read_counts(registry) == {}
    assert [*tmp_path.iterdir()] == []


def test_processes_share_their_names(tmp_path: Path) -> None:
    first, second = (LabelNames(tmp_path / "tenants", 2) for _ in range(2))
    assert "acme" in first
    assert "globex" in second
    for names in (first, second, LabelNames(tmp_path / "tenants", 2)):
        assert [name in names for name in ("initech", "globex", "acme")] == [
            *(False, True, True)
        ]


def test_names_are_other_while_they_cannot_be_stored(tmp_path: Path) -> None:
    names = LabelNames(tmp_path / "missing" / "tenants", 2)
    assert ["acme" in names, "acme" in names] == [False, False]
