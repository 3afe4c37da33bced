"""Forked programs are processes like those that are executed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import psutil
import pytest

from tests.support.forked_programs import (
    ForkedProgram,
    get_shared_server,
    is_forkable,
    start_fork,
)
from tests.support.paths import PROJECT_ROOT
from tests.support.servers.process import wait_until

ENVIRONMENT = {"PYTHONPATH": str(PROJECT_ROOT), "TZ": "UTC"}
MODULE = "tests.support.described_process"


def start(home: Path, *arguments: str) -> ForkedProgram:
    command = [sys.executable, "-m", MODULE, *arguments]
    assert is_forkable(command, ENVIRONMENT)
    with (home / "log").open("ab") as log:
        return start_fork(command, ENVIRONMENT, home, log)


def test_it_has_what_an_executed_program_has(tmp_path: Path) -> None:
    program = start(tmp_path, "a", "b")
    assert program.wait(60) == 3
    told = json.loads((tmp_path / "log").read_text())
    assert told == {
        "arguments": ["a", "b"],
        "environment": ENVIRONMENT,
        "directory": str(tmp_path),
        "ids": [program.pid, program.pid],  # of the process and of its session
        "input": "",
    }


def test_threads_that_start_the_first_programs_share_a_server(tmp_path: Path) -> None:
    get_shared_server.cache_clear()
    with ThreadPoolExecutor(4) as pool:
        programs = list(pool.map(partial(start, tmp_path), ["wait"] * 4))
    parents = [psutil.Process(program.pid).parent() for program in programs]
    assert len({parent.ppid() for parent in parents if parent}) == 1
    for program in programs:
        program.kill()
        program.wait(60)


def test_it_writes_nothing_that_an_executed_program_does_not(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "workers", "bureaucrat"]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, check=False)
    with (tmp_path / "log").open("ab") as log:
        program = start_fork(command, ENVIRONMENT, tmp_path, log)
    assert program.wait(60) == done.returncode == 2
    assert (tmp_path / "log").read_bytes() == done.stdout + done.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_signals_end_it_and_are_told(tmp_path: Path, number: signal.Signals) -> None:
    program = start(tmp_path, "wait")
    wait_until((tmp_path / "log").read_text, 60, "its output")
    assert program.poll() is None
    with pytest.raises(subprocess.TimeoutExpired):
        program.wait(0)
    program.send_signal(number)
    assert program.wait(60) == -number
    assert not psutil.pid_exists(program.pid)
    program.kill()  # does nothing


@pytest.mark.parametrize(
    ("command", "environment"),
    [
        ([sys.executable, "-c", ""], ENVIRONMENT),
        (["postgres"], ENVIRONMENT),
        ([sys.executable, "-m", "workers"], {}),
        (
            [sys.executable, "-m", "workers"],
            {"PYTHONPATH": f"{PROJECT_ROOT}{os.pathsep}/packages"},
        ),
    ],
)
def test_other_programs_and_trees_are_executed(
    command: list[str], environment: dict[str, str]
) -> None:
    assert not is_forkable(command, environment)
