"""What a process runs: this tree or the previous release, by a right or wrong clock."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
import tomllib
from dataclasses import dataclass
from pathlib import Path

from tests.support.paths import PROJECT_ROOT

SHIFTED_CLOCK = Path(__file__).with_name("shifted_clock")
# The release before the counts of reports is the last commit without this file.
FIRST_MIGRATION = "coupon_core/persistence/migrations/0025_report_counts.py"
PREVIOUS_RELEASE_ADVICE = (
    "git does not have its commit; fetch the whole history with `git fetch --unshallow`"
)


@dataclass(frozen=True)
class Installation:
    """A tree of the project, and by how many seconds the clock of its host is fast."""

    tree: Path = PROJECT_ROOT
    clock_offset_seconds: int = 0

    def build_environment(self) -> dict[str, str]:
        """Return the variables by which Python runs this tree by this clock."""
        # The tests of traces add packages to those of the suite.
        added = filter(None, [os.environ.get("PYTHONPATH")])
        if not self.clock_offset_seconds:
            return {"PYTHONPATH": os.pathsep.join([str(self.tree), *added])}
        return {
            "PYTHONPATH": f"{SHIFTED_CLOCK}{os.pathsep}{self.tree}",
            "CLOCK_OFFSET_SECONDS": str(self.clock_offset_seconds),
        }


THIS_RELEASE = Installation()


def find_previous_release() -> str | None:
    """Return the commit of the previous release; None in a shallow clone."""
    try:
        added = _run_git("log", "--diff-filter=A", "--format=%H", "--", FIRST_MIGRATION)
        return _run_git("rev-parse", "--verify", f"{added.strip()}^1").strip()
    except (OSError, subprocess.CalledProcessError):
        return None


def export_previous_release(commit: str, home: Path) -> Installation:
    """Write the product code of a commit and the tests of this tree below `home`."""
    tree = home / "previous-release"
    archive = _run_git("archive", commit, "--", ".", ":(exclude)tests")
    with tarfile.open(fileobj=io.BytesIO(archive.encode("latin-1"))) as files:
        files.extractall(tree, filter="data")
    (tree / "tests").symlink_to(PROJECT_ROOT / "tests")
    write_metadata(tree)
    return Installation(tree)


def write_metadata(tree: Path) -> None:
    """Let a release find its own name and version, which are not those of this tree."""
    project = tomllib.loads((tree / "pyproject.toml").read_text())["project"]
    name, version = project["name"], project["version"]
    directory = tree / f"{name}-{version}.dist-info"
    directory.mkdir()
    text = f"Metadata-Version: 2.4\nName: {name}\nVersion: {version}\n"
    (directory / "METADATA").write_text(text)


def _run_git(*arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=PROJECT_ROOT, capture_output=True, check=True
    )
    return done.stdout.decode("latin-1")  # an archive as well
