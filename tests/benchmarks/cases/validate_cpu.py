"""Server cost of a validate, compared with an endpoint that only checks a token."""

from tests.benchmarks.model import BenchmarkCase, cpu_per_request
from tests.benchmarks.runners.baseline import Baseline
from tests.benchmarks.runners.validate import Validate

CASE = BenchmarkCase(
    name="validate_cpu",
    description="validate through the gateway: CPU of gateway + PostgreSQL",
    compared_with="Flask endpoint that checks a JWT under a stock gunicorn: its CPU",
    measured=Validate,
    baseline=Baseline,
    metric=cpu_per_request,
    max_ratio=0.8,
)
