"""The least that a Flask with a token can do."""

from tests.bench.http import get
from tests.bench.load import Work
from tests.bench.model import Sample
from tests.bench.stage import Stage


class Hello:
    """`GET /hello` of `tests.bench.hello_app` with every user's token in turn."""

    name = "hello"

    def __init__(self, stage: Stage) -> None:
        self.stage, self.server = stage, stage.hello
        tokens = stage.people.tokens.values()
        self.requests = [get("/hello", token) for token in tokens]

    def run(self, seconds: float) -> Sample:
        """One round."""
        work = Work(self.server.port, self.requests, seconds, repeat=True)
        return self.stage.drive(work, {"gunicorn": self.server.pid})

    def wrong(self) -> list[str]:
        """Nothing is stored, so nothing can be counted."""
        return []
