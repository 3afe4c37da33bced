"""Server cost of a redeem, compared with an endpoint that only checks a token."""

from tests.benchmarks.model import BenchmarkCase, cpu_per_request
from tests.benchmarks.runners.baseline import Baseline
from tests.benchmarks.runners.redeem import Redeem

CASE = BenchmarkCase(
    name="redeem_cpu",
    description="redeem through the gateway: CPU of gateway + PostgreSQL",
    compared_with="Flask endpoint that checks a JWT under a stock gunicorn: its CPU",
    measured=Redeem,
    baseline=Baseline,
    metric=cpu_per_request,
    max_ratio=1.3,
)
