"""Players validate codes."""

from tests.benchmarks.environment import Environment
from tests.benchmarks.http import build_get
from tests.benchmarks.load import LoadPlan
from tests.benchmarks.model import Sample

CODE_COUNT = 4_000  # validated repeatedly


class Validate:
    """`GET /v1/coupons/validate/CODE` by the owners of different codes."""

    name = "validate"

    def __init__(self, environment: Environment) -> None:
        self.environment, self.server_pids = environment, environment.gateway_pids
        self.requests = [
            build_get(f"/v1/coupons/validate/{code}", environment.players.tokens[user])
            for code, user in environment.coupons.allocate(CODE_COUNT)
        ]

    def run(self, seconds: float) -> Sample:
        """Run one round."""
        port, good = self.environment.gateway.port, b'"valid":true'
        work = LoadPlan(port, self.requests, seconds, repeat=True, required_bytes=good)
        return self.environment.drive(work, self.server_pids)

    def find_mismatches(self) -> list[str]:
        """Return nothing: nothing is stored; an invalid code counts as a failure."""
        return []
