"""CPU of the HTTP worker itself, compared with gunicorn's own threaded worker."""

from tests.benchmarks.model import BenchmarkCase, cpu_per_request
from tests.benchmarks.runners.empty import Empty, EmptyStock

CASE = BenchmarkCase(
    name="worker_cpu",
    description="empty WSGI app under our worker: CPU of gunicorn",
    compared_with="the same under gunicorn's threaded worker",
    measured=Empty,
    baseline=EmptyStock,
    metric=cpu_per_request,
    max_ratio=0.25,
)
