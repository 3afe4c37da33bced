"""The load generator wrk, a C program: it leaves the processor to the servers."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.benchmarks.load import LoadPlan, LoadResult

SCRIPT = Path(__file__).with_name("wrk.lua")
SEPARATOR = b"\x01"  # in no request
MIN_SECONDS = 1.0  # wrk counts in whole seconds


def can_drive(seconds: float) -> bool:
    """Return True if wrk is installed and the round is one that it can run."""
    return seconds >= MIN_SECONDS and shutil.which("wrk") is not None


def drive(plan: LoadPlan, clients: int) -> LoadResult:
    """Send the requests of a plan on that many connections, for whole seconds."""
    began = resource.getrusage(resource.RUSAGE_CHILDREN)
    with tempfile.NamedTemporaryFile() as file:
        file.write(SEPARATOR.join(plan.requests))
        file.flush()
        completed = subprocess.run(
            [
                *("wrk", "--threads=1", f"--connections={clients}"),
                f"--duration={round(plan.seconds)}s",
                *("--timeout=10s", f"--script={SCRIPT}"),
                f"http://127.0.0.1:{plan.port}",
            ],
            env=os.environ | _build_variables(plan, file.name),
            capture_output=True,
            text=True,
        )
    if completed.returncode:
        raise RuntimeError(f"wrk failed:\n{completed.stdout}{completed.stderr}")
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = ended.ru_utime + ended.ru_stime - began.ru_utime - began.ru_stime
    return _parse_result(json.loads(completed.stdout.splitlines()[-1]), cpu)


def _build_variables(plan: LoadPlan, path: str) -> dict[str, str]:
    required = plan.required_bytes.decode()
    return {
        "BENCH_REQUESTS": path,
        "BENCH_REPEAT": "1" if plan.repeat else "0",
        **({"BENCH_REQUIRED": required} if required else {}),
    }


def _parse_result(found: dict[str, float], cpu_seconds: float) -> LoadResult:
    problems = {
        "refused": "answers had another status than 2xx or 3xx",
        "wrong": "answers had another body",
        "broken": "connections failed",
        "exhausted": "time the requests ran out before the end of the round",
    }
    return LoadResult(
        seconds=found["seconds"],
        completed=int(found["completed"]),
        # Requests under way when the round ends are served, but their answers are lost.
        unanswered=int(found["sent"] - found["completed"]),
        p50_ms=found["p50_ms"],
        p99_ms=found["p99_ms"],
        cpu_seconds=cpu_seconds,
        failures=[
            f"{found[name]:.0f} {text}"
            for name, text in problems.items()
            if found[name]
        ],
    )
