"""Players redeem their own codes, each code once."""

from tests.benchmarks import counts
from tests.benchmarks.environment import MAX_REDEMPTIONS_PER_SECOND, Environment
from tests.benchmarks.http import build_post
from tests.benchmarks.load import LoadPlan
from tests.benchmarks.model import Sample


class Redeem:
    """`POST /v1/coupons/redeem/CODE` by the owners of the codes."""

    name = "redeem"

    def __init__(self, environment: Environment) -> None:
        self.environment, self.players = environment, environment.players
        self.server_pids = environment.gateway_pids
        self.completed = self.unanswered = 0

    def run(self, seconds: float) -> Sample:
        """Run one round."""
        share = self.environment.coupons.allocate(
            int(seconds * MAX_REDEMPTIONS_PER_SECOND)
        )
        requests = [self._build_request(code, user) for code, user in share]
        work = LoadPlan(self.environment.gateway.port, requests, seconds)
        sample = self.environment.drive(work, self.server_pids)
        self.completed += sample.completed
        self.unanswered += sample.unanswered
        return sample

    def _build_request(self, code: str, user: str) -> bytes:
        token = self.players.tokens[user]
        return build_post(f"/v1/coupons/redeem/{code}", token, {"user_id": user})

    def find_mismatches(self) -> list[str]:
        """Each redeem must be exactly one redemption, one use, and one event."""
        return counts.find_mismatches(
            self.environment.database_url("gateway"),
            self.name,
            self.completed,
            unanswered=self.unanswered,
        )
