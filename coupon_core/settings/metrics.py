"""The settings of the metrics for Prometheus, and of traces."""

from dataclasses import dataclass

from environs import validate

from coupon_core.settings.validators import (
    EXPECTED_RANGE,
    METRICS_PORT_RANGE,
    validate_traces_url,
)
from coupon_core.settings.variables import setting_with_default

TENANT_COUNT_RANGE = validate.Range(0, 1_000, error=EXPECTED_RANGE)


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricsSettings:
    """Where metrics are served, and how many tenants they distinguish."""

    metrics_host: str = setting_with_default(
        "COUPON_METRICS_HOST",
        "address on which metrics are served",
        default="127.0.0.1",
    )
    metrics_port: int = setting_with_default(
        "COUPON_METRICS_PORT",
        "port of the admin gateway's metrics for Prometheus; the query "
        "gateway and the workers use the next two ports; 0 disables metrics",
        default=0,
        validate=METRICS_PORT_RANGE,
    )
    metrics_by_tenant: int = setting_with_default(
        "COUPON_METRICS_BY_TENANT",
        "number of tenants, and of campaigns, that redemptions are counted by in "
        "metrics; all others are counted as other; 0 disables these counters",
        default=0,
        validate=TENANT_COUNT_RANGE,
    )
    traces_url: str = setting_with_default(
        "COUPON_TRACES_URL",
        "URL to which traces are sent by OTLP over HTTP, such as "
        "http://collector:4318/v1/traces; needs the extra otel; empty disables traces",
        default="",
        validate=validate_traces_url,
    )
