"""What was measured as a JSON document, and that document as a table."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

import psutil

from tests.bench.model import Options, Row, Sample, cpu_of_one, rate
from tests.bench.run import Results, Rounds

Json = dict[str, Any]
ROOT = Path(__file__).parents[2]
PACKAGES = ("flask", "gunicorn", "peewee", "psycopg", "pyjwt", "werkzeug")
NOTES = (
    "A ratio is taken within each round, where its two sides ran one after the other;"
    " shown are the median and the range over the rounds.",
    "CPU is that of the servers' processes, not the client's. The gateway checks each"
    " user's token once and then remembers it; the hello checks it each time.",
)


def document(options: Options, results: Results) -> Json:
    """Everything, for comparing with other runs."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "revision": _revision(),
        "seconds": round(results.seconds, 1),
        "machine": _machine(),
        "versions": _versions(results.postgres),
        "options": asdict(options),
        "counts_match": not results.wrong,
        "wrong": results.wrong,
        "rows": [_row(row, results.rounds) for row in results.rows],
        "runners": _runners(results.rounds),
        "notes": NOTES,
    }


def _revision() -> str:
    command = ["git", "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    except OSError:
        return "unknown"
    return done.stdout.strip() or "unknown"


def _machine() -> Json:
    return {
        "system": platform.platform(),
        "processor": _processor(),
        "cores": psutil.cpu_count(),
        "memory_mb": psutil.virtual_memory().total // 2**20,
        "load": os.getloadavg(),
    }


def _processor() -> str:
    facts = Path("/proc/cpuinfo")
    lines = facts.read_text().splitlines() if facts.exists() else []
    names = (line.partition(": ")[2] for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _versions(postgres: str) -> Json:
    packages = {name: version(name) for name in PACKAGES}
    return {"python": platform.python_version(), "postgresql": postgres} | packages


def _row(row: Row, rounds: Rounds) -> Json:
    ratios = [_ratio(row, samples) for samples in rounds]
    return {
        "name": row.name,
        "what": row.what,
        "compared_with": row.compared_with,
        "ratio": _spread(ratios),
        "goal": row.goal,
        "ok": row.is_met(median(ratios)),
        "measured": row.measured.name,
        "baseline": row.baseline.name,
    }


def _ratio(row: Row, samples: dict[str, Sample]) -> float:
    measured, baseline = samples[row.measured.name], samples[row.baseline.name]
    return row.metric(measured) / row.metric(baseline)


def _spread(values: Sequence[float]) -> Json:
    return {"median": median(values), "least": min(values), "most": max(values)}


def _runners(rounds: Rounds) -> Json:
    return {name: _runner([samples[name] for samples in rounds]) for name in rounds[0]}


def _runner(samples: Sequence[Sample]) -> Json:
    return {
        "done": sum(sample.done for sample in samples),
        "per_second": _spread([rate(sample) for sample in samples]),
        "cpu_us": _spread([cpu_of_one(sample) for sample in samples]),
        "cpu_us_by_server": {
            server: median(s.cpu_seconds[server] / s.done * 1e6 for s in samples)
            for server in samples[0].cpu_seconds
        },
        "p50_ms": median(sample.p50_ms for sample in samples),
        "p99_ms": median(sample.p99_ms for sample in samples),
        "rss_mb": max(sample.rss_bytes for sample in samples) / 2**20,
    }


def table(told: Json) -> str:
    """The document as lines for people."""
    rows = [_row_line(row) for row in told["rows"]]
    runners = [_runner_line(name, one) for name, one in told["runners"].items()]
    return "\n".join(["", *rows, "", RUNNER_HEAD, *runners, "", _about(told), *NOTES])


def _row_line(row: Json) -> str:
    ratio, ok = row["ratio"], "ok" if row["ok"] else "MISSED"
    spread = f"{ratio['least']:.2f}–{ratio['most']:.2f}"
    return (
        f"{row['what']}\n    beside {row['compared_with']}\n"
        f"    {ratio['median']:.2f} × ({spread}), goal {row['goal']}: {ok}"
    )


RUNNER_HEAD = (
    f"{'':10} {'CPU µs':>8} {'requests/s':>11} {'p50 ms':>7} {'p99 ms':>7}"
    f" {'RSS MB':>7}  CPU µs by server"
)


def _runner_line(name: str, one: Json) -> str:
    parts = [f"{name} {cpu:.0f}" for name, cpu in one["cpu_us_by_server"].items()]
    return (
        f"{name:10} {one['cpu_us']['median']:8.0f}"
        f" {one['per_second']['median']:11,.0f} {one['p50_ms']:7.1f}"
        f" {one['p99_ms']:7.1f} {one['rss_mb']:7.0f}  {', '.join(parts)}"
    )


def _about(told: Json) -> str:
    versions = ", ".join(f"{name} {text}" for name, text in told["versions"].items())
    machine, options = told["machine"], told["options"]
    served = f"gunicorn with {options['workers']} workers of 8 threads"
    return (
        f"{machine['processor']}, {machine['cores']} cores; {versions}.\n"
        f"{options['rounds']} rounds of {options['seconds']:g} s, {options['clients']}"
        f" clients, {options['users']} users, {served};"
        f" {told['seconds']:.0f} s in all; {told['revision']}."
    )
