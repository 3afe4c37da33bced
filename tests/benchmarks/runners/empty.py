"""What the HTTP worker itself costs: a WSGI app that does nothing."""

from __future__ import annotations

from typing import ClassVar

from tests.benchmarks.environment import Environment
from tests.benchmarks.http import build_get
from tests.benchmarks.load import LoadPlan
from tests.benchmarks.model import Sample


class Empty:
    """`GET /` of the empty app under our worker."""

    name = "empty"
    is_stock: ClassVar[bool] = False

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self.server = environment.start_empty_app(self.is_stock)

    def run(self, seconds: float) -> Sample:
        """Run one round."""
        requests = [build_get("/", "x" * 200)]  # about as long as a token
        work = LoadPlan(self.server.port, requests, seconds, repeat=True)
        return self.environment.drive(work, {"gunicorn": self.server.pid})

    def find_mismatches(self) -> list[str]:
        """Return nothing: nothing is stored."""
        return []


class EmptyStock(Empty):
    """The same under gunicorn's own threaded worker."""

    name = "empty stock"
    is_stock = True
