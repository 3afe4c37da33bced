"""The result as a JSON document, and that document as a table."""

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

from tests.benchmarks import wrk
from tests.benchmarks.model import (
    BenchmarkCase,
    Options,
    Round,
    Sample,
    cpu_per_request,
    requests_per_second,
)
from tests.benchmarks.other_tree import OtherTree
from tests.benchmarks.run import Results
from tests.support.paths import PROJECT_ROOT

Json = dict[str, Any]
PACKAGES = ("flask", "gunicorn", "peewee", "psycopg", "pyjwt", "werkzeug")
NOTES = (
    "A ratio is taken within each round, where its two sides ran one after the other;"
    " shown are the median and the range over the rounds.",
    "CPU is that of the servers; the client's is shown beside it. The gateway checks"
    " each user's token once and then remembers it; the hello checks it each time.",
    "The yardsticks hello and empty stock run under gunicorn's own threaded worker with"
    " 8 threads and its Python parser.",
    "The limit of requests per caller is switched off: few players send all the load.",
)


def build_document(
    options: Options, results: Results, other: OtherTree | None = None
) -> Json:
    """Return the whole result, for comparison with other runs."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "revision": _read_revision(),
        "seconds": round(results.seconds, 1),
        "machine": _describe_machine(),
        "versions": _list_versions(results.postgres),
        "options": asdict(options),
        "load_generator": "wrk" if wrk.can_drive(options.seconds) else "Python",
        "counts_match": not results.mismatches,
        "wrong": results.mismatches,
        "rows": [_build_row(row, results.rounds) for row in results.cases],
        "runners": _summarize_runners(results.rounds),
        "against": _compare_with(other, results) if other else None,
        "notes": NOTES,
    }


def _read_revision() -> str:
    command = ["git", "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, cwd=PROJECT_ROOT)
    except OSError:
        return "unknown"
    return done.stdout.strip() or "unknown"


def _describe_machine() -> Json:
    return {
        "system": platform.platform(),
        "processor": _read_processor_name(),
        "cores": psutil.cpu_count(),
        "memory_mb": psutil.virtual_memory().total // 2**20,
        "load": os.getloadavg(),
    }


def _read_processor_name() -> str:
    facts = Path("/proc/cpuinfo")
    lines = facts.read_text().splitlines() if facts.exists() else []
    names = (line.partition(": ")[2] for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _list_versions(postgres: str) -> Json:
    packages = {name: version(name) for name in PACKAGES}
    return {"python": platform.python_version(), "postgresql": postgres} | packages


def _build_row(row: BenchmarkCase, rounds: list[Round]) -> Json:
    ratios = [_compute_ratio(row, samples) for samples in rounds]
    return {
        "name": row.name,
        "what": row.description,
        "compared_with": row.compared_with,
        "ratio": _summarize(ratios),
        "goal": row.goal,
        "ok": row.is_met(median(ratios)),
        "measured": row.measured.name,
        "baseline": row.baseline.name,
    }


def _compare_with(other: OtherTree, results: Results) -> Json:
    """Return each row's metric as a ratio to that of the other commit, in pairs."""
    pairs = list(zip(results.rounds, results.other_rounds, strict=True))
    return {
        "commit": other.commit,
        "rows": {
            row.name: _summarize(
                [
                    row.metric(ours[row.measured.name])
                    / row.metric(theirs[row.measured.name])
                    for ours, theirs in pairs
                ]
            )
            for row in results.cases
        },
        "runners": _summarize_runners(results.other_rounds),
    }


def _compute_ratio(row: BenchmarkCase, samples: dict[str, Sample]) -> float:
    measured, baseline = samples[row.measured.name], samples[row.baseline.name]
    return row.metric(measured) / row.metric(baseline)


def _summarize(values: Sequence[float]) -> Json:
    return {"median": median(values), "least": min(values), "most": max(values)}


def _summarize_runners(rounds: list[Round]) -> Json:
    return {
        name: _summarize_runner([samples[name] for samples in rounds])
        for name in rounds[0]
    }


def _summarize_runner(samples: Sequence[Sample]) -> Json:
    return {
        "done": sum(sample.completed for sample in samples),
        "per_second": _summarize([requests_per_second(sample) for sample in samples]),
        "cpu_us": _summarize([cpu_per_request(sample) for sample in samples]),
        "cpu_us_by_server": {
            server: median(s.cpu_seconds[server] / s.completed * 1e6 for s in samples)
            for server in samples[0].cpu_seconds
        },
        "client_cpu_us": median(
            s.client_cpu_seconds / s.completed * 1e6 for s in samples
        ),
        "p50_ms": median(sample.p50_ms for sample in samples),
        "p99_ms": median(sample.p99_ms for sample in samples),
        "rss_mb": max(sample.rss_bytes for sample in samples) / 2**20,
    }


def render_table(document: Json) -> str:
    """Return the document as a table for people."""
    rows = [_render_row(row) for row in document["rows"]]
    runners = [
        _render_runner(name, runner) for name, runner in document["runners"].items()
    ]
    return "\n".join(
        [
            "",
            *rows,
            *_render_comparison(document["against"]),
            "",
            RUNNER_HEADER,
            *runners,
            "",
            describe_run(document),
            *NOTES,
        ]
    )


def _render_row(row: Json) -> str:
    ok = "ok" if row["ok"] else "MISSED"
    return (
        f"{row['what']}\n    compared with {row['compared_with']}\n"
        f"    {_render_ratio(row['ratio'])}, goal {row['goal']}: {ok}"
    )


def _render_ratio(ratio: Json) -> str:
    return f"{ratio['median']:.2f} × ({ratio['least']:.2f}–{ratio['most']:.2f})"


def _render_comparison(against: Json | None) -> list[str]:
    if against is None:
        return []
    return [
        "",
        f"This tree compared with {against['commit']}, what is measured only:",
        *(
            f"    {name}: {_render_ratio(ratio)}"
            for name, ratio in against["rows"].items()
        ),
    ]


RUNNER_HEADER = (
    f"{'':20} {'CPU µs':>8} {'client':>7} {'requests/s':>11} {'p50 ms':>7}"
    f" {'p99 ms':>7} {'RSS MB':>7}  CPU µs by server"
)


def _render_runner(name: str, runner: Json) -> str:
    parts = [f"{name} {cpu:.0f}" for name, cpu in runner["cpu_us_by_server"].items()]
    return (
        f"{name:20} {runner['cpu_us']['median']:8.0f} {runner['client_cpu_us']:7.0f}"
        f" {runner['per_second']['median']:11,.0f} {runner['p50_ms']:7.1f}"
        f" {runner['p99_ms']:7.1f} {runner['rss_mb']:7.0f}  {', '.join(parts)}"
    )


def describe_run(document: Json) -> str:
    """Return the machine, the versions and the options as a sentence."""
    versions = ", ".join(
        f"{name} {text}" for name, text in document["versions"].items()
    )
    machine, options = document["machine"], document["options"]
    served = f"gunicorn with {options['workers']} workers of 8 threads"
    load = document["load_generator"]
    return (
        f"{machine['processor']}, {machine['cores']} cores, {machine['system']}; "
        f"{versions}; load by {load};"
        f" load average {machine['load'][0]:.1f} at the end.\n"
        f"{options['rounds']} rounds of {options['seconds']:g} s, {options['clients']}"
        f" clients, {options['users']} users, {served};"
        f" {document['seconds']:.0f} s in total; {document['revision']}."
    )
