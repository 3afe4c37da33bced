"""Another commit, measured in turn with this one by the same benchmarks."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import IO

from tests.benchmarks.model import Round, Sample
from tests.support.installations import write_metadata
from tests.support.paths import PROJECT_ROOT

SERVE_OPTION = "--serve-rounds"


class OtherTree:
    """The benchmarks in another process, which runs a round whenever it is asked to."""

    def __init__(self, commit: str, requests: IO[str], answers: IO[str]) -> None:
        self.commit, self._requests, self._answers = commit, requests, answers
        self.rounds: list[Round] = []

    def run_round(self) -> None:
        """Let every runner run once over there."""
        print(file=self._requests, flush=True)
        line = self._answers.readline()
        if not line:
            raise RuntimeError(f"the benchmarks of {self.commit} ended")
        self.rounds.append(
            {name: Sample(**sample) for name, sample in json.loads(line).items()}
        )


def print_round(samples: Round) -> None:
    """Answer the process that has asked for a round."""
    values = {name: asdict(sample) for name, sample in samples.items()}
    print(json.dumps(values), flush=True)


@contextmanager
def running_other_tree(ref: str, arguments: Sequence[str]) -> Iterator[OtherTree]:
    """Check a commit out, and start the benchmarks of this tree on its product code.

    It uses the packages of this environment.
    """
    commit = _run_git("rev-parse", "--verify", f"{ref}^{{commit}}")
    with tempfile.TemporaryDirectory(prefix="coupons-bench-") as home:
        tree = Path(home) / "tree"
        _run_git("worktree", "add", "--detach", str(tree), commit)
        try:
            shutil.rmtree(tree / "tests")
            shutil.copytree(PROJECT_ROOT / "tests", tree / "tests")
            write_metadata(tree)
            with _running_benchmarks(tree, arguments) as process:
                assert process.stdin
                assert process.stdout
                yield OtherTree(commit[:12], process.stdin, process.stdout)
        finally:
            _run_git("worktree", "remove", "--force", str(tree))


@contextmanager
def _running_benchmarks(
    tree: Path, arguments: Sequence[str]
) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks", *arguments, SERVE_OPTION],
        cwd=tree,
        env=os.environ | {"PYTHONPATH": str(tree)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.communicate()  # it stops when its input ends


def _run_git(*arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=PROJECT_ROOT, capture_output=True, text=True
    )
    if done.returncode:
        raise SystemExit(f"git {arguments[0]}: {done.stderr.strip()}")
    return done.stdout.strip()
