"""The examples of docstrings, and the samples of the documents, on real gateways."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from coupon_core.persistence import database
from tests.sdk.conftest import RunningSystem
from tests.sdk.documents import prepare_codes, read_samples
from tests.sdk.examples import ExampleRunner, list_docstrings
from tests.support.paths import PROJECT_ROOT
from tests.support.requirements import report_missing

pytestmark = [
    pytest.mark.slow,
    pytest.mark.parametrize("migrated_template", ["sqlite"], indirect=True),
]
LAST_LINES = """
answer = app.test_client().post("/redeem/SAVE40", json={"user_id": "ann"})
assert answer.json == {"error": "ALREADY_REDEEMED"}, answer.json


async def call_fastapi():
    transport = httpx2.ASGITransport(app=api)
    async with client, httpx2.AsyncClient(transport=transport) as browser:
        return await browser.post("http://a/redeem/SAVE40?user_id=ann")


answer = asyncio.run(call_fastapi())
assert answer.json() == {"detail": "ALREADY_REDEEMED"}, answer.json()
for client in coupons, admin, fake:
    client.close()
"""
PROGRAMS = Path(sys.executable).parent
BY_HAND = "docs/which-api.md"
STUBS = Path(__file__).parent / "unity" / "Stubs.cs"
UNITY_PROGRAM = """
using System; using System.Collections; using UnityEngine; using UnityEngine.Networking;
class Program {
    static string queryUrl;
    static void onRedeemed(bool isRedeemed, string text) {
        Console.WriteLine((isRedeemed ? "yes " : "no ") + text);
    }
    SAMPLE
    static void Main(string[] given) {
        queryUrl = given[0];
        foreach (var key in new[] { "order-1", "order-1", "order-2" }) {
            var steps = new Program().Redeem(given[1], "ann", given[2], key);
            while (steps.MoveNext()) { }
        }
    }
}
"""

DOCSTRINGS = {name: text for name, text in list_docstrings() if ">>>" in text}


def test_the_samples_of_the_document_run(system: RunningSystem, tmp_path: Path) -> None:
    prepare_codes(system)
    database.release_connection()
    program = read_samples("docs/sdk-python.md", "python", system) + LAST_LINES
    output = run(sys.executable, program, tmp_path, system.environment)
    assert output.startswith("True None\nYou get 100 Bonus Points\n['SAVE40', ")
    assert "\n404 COUPON_NOT_FOUND " in output
    assert (tmp_path / "codes.csv").read_text().count("WINTER-") == 2_002
    assert output.endswith("GET /health 200\nhealthy\n")


def run(
    python: str | Path, program: str, directory: Path, environment: Mapping[str, str]
) -> str:
    """Run a program, which must succeed without a warning; return its output."""
    done = subprocess.run(
        [python, "-W", "error", "-c", program],
        cwd=directory,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )
    assert done.stderr == ""
    assert done.returncode == 0
    return done.stdout


def test_two_signed_redeems_in_one_second_are_two(system: RunningSystem) -> None:
    code = system.tenant.issue_code(system.tenant.define(per_code_limit=9), "ann")
    database.release_connection()
    with system.open_coupons() as coupons:
        counts = [coupons.redeem(code, "ann").redemption_count for _ in range(4)]
        held = {coupons.reserve(code, "ann").reservation_id for _ in range(4)}
    assert (counts, len(held)) == ([1, 2, 3, 4], 4)


def issue_code(system: RunningSystem) -> str:
    code = system.tenant.issue_code(system.tenant.define(), "ann")
    database.release_connection()
    return code


@pytest.mark.parametrize("number", [0, 1], ids=["token", "signature"])
def test_a_redeem_with_curl_works_as_documented(
    number: int, system: RunningSystem
) -> None:
    samples = read_samples(BY_HAND, "sh", system, section="HTTP by hand")
    starts = [match.start() for match in re.finditer("^(?:curl|body=)", samples, re.M)]
    command = [samples[: starts[1]], samples[starts[1] :]][number]
    environment = {
        **system.environment,
        "CODE": issue_code(system),
        "TOKEN": system.tenant.mint_token("ann"),
    }
    answers = {
        subprocess.run(
            ["sh", "-c", command], env=environment, capture_output=True, check=True
        ).stdout
        for _ in range(2)
    }
    (answer,) = answers
    assert json.loads(answer)["status"] == "redeemed"


def test_the_sample_for_unity_compiles_and_redeems_once(
    system: RunningSystem, tmp_path: Path
) -> None:
    if not (shutil.which("mcs") and shutil.which("mono")):
        report_missing("mono", "its C# compiler (mcs) is not installed")
    sample = read_samples(BY_HAND, "csharp", system, section="HTTP by hand")
    (tmp_path / "Program.cs").write_text(UNITY_PROGRAM.replace("SAMPLE", sample))
    compiler = ["mcs", "-warnaserror", "-out:program.exe", "Program.cs", STUBS]
    done = subprocess.run(compiler, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    token = system.tenant.mint_token("ann")
    values = [system.query_gateway.url, issue_code(system), token]
    printed = subprocess.run(
        ["mono", "program.exe", *values],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    first, again, second = (line.partition(" ") for line in printed)
    assert (first[0], again) == ("yes", first)
    assert (second[0], json.loads(second[2])["code"]) == ("no", "ALREADY_REDEEMED")


@pytest.fixture
def programs() -> Iterator[Path]:
    """Return the programs of an empty environment with what the lock file names.

    Beside the environment of the tests, uv links files instead of copying 300 MB.
    """
    with TemporaryDirectory(dir=PROGRAMS.parent) as directory:
        run_uv("venv", "--python", sys.executable, directory)
        path = Path(directory) / "bin"
        lock = ["--require-hashes", "-r", PROJECT_ROOT / "requirements.lock"]
        done = run_uv("pip", "install", "--python", path / "python", *lock)
        if "error sending request" in done.stderr:
            pytest.skip("the package index cannot be reached")
        assert done.returncode == 0, done.stderr
        yield path


def run_uv(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [PROGRAMS / "uv", "--quiet", *arguments]
    return subprocess.run(command, capture_output=True, text=True)


def test_the_wheels_work_in_an_empty_environment(
    programs: Path, system: RunningSystem, tmp_path: Path
) -> None:
    make = ["make", "--silent", "dist", f"DIST={tmp_path}"]
    subprocess.run(make, cwd=PROJECT_ROOT, check=True)
    wheels = sorted(tmp_path.glob("*.whl"))
    names = [path.name.partition("-")[0] for path in wheels]
    assert names == ["couponctl", "coupons_sdk"]
    assert len(list(tmp_path.glob("*.tar.gz"))) == 2
    target = ["--python", programs / "python"]
    for command in ["install", *target, "--no-deps", *wheels], ["check", *target]:
        done = run_uv("pip", *command)
        assert done.returncode == 0, done.stderr
    (empty := tmp_path / "empty").mkdir()
    for command in (
        ["--help"],
        ["db", "upgrade", "--json"],
        ["tenant", "create", "acme", "--json"],
    ):
        done = subprocess.run(
            [programs / "couponctl", *command],
            cwd=empty,
            env={"PATH": os.defpath, "HOME": str(empty)},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["tenant_id"] == "acme"
    program = read_samples("sdk/python/README.md", "python", system)
    output = run(programs / "python", program, empty, system.environment)
    assert output == "False COUPON_NOT_FOUND\n"


def test_every_example_shows_what_the_gateways_answer(system: RunningSystem) -> None:
    failures = []
    with system.open_admin() as admin, system.open_coupons() as coupons:
        runner = ExampleRunner(system, admin, coupons)
        for name, text in sorted(DOCSTRINGS.items(), key=rotates_secrets):
            failures += runner.run(name, text)
    assert not failures, "".join(failures)


def rotates_secrets(docstring: tuple[str, str]) -> bool:
    """Return True if the client cannot sign requests after the examples."""
    return ".keys.Secrets." in docstring[0]
