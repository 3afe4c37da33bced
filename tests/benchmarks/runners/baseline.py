"""The least work that Flask can do for a request with a token."""

from tests.benchmarks.environment import Environment
from tests.benchmarks.http import build_get
from tests.benchmarks.load import LoadPlan
from tests.benchmarks.model import Sample


class Baseline:
    """`GET /hello` of the baseline app, with each user's token in turn."""

    name = "hello"

    def __init__(self, environment: Environment) -> None:
        self.environment, self.server = environment, environment.baseline
        tokens = environment.players.tokens.values()
        self.requests = [build_get("/hello", token) for token in tokens]

    def run(self, seconds: float) -> Sample:
        """Run one round."""
        work = LoadPlan(self.server.port, self.requests, seconds, repeat=True)
        return self.environment.drive(work, {"gunicorn": self.server.pid})

    def find_mismatches(self) -> list[str]:
        """Return nothing: the baseline stores nothing."""
        return []
