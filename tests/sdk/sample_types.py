"""`make lint`: check the types of the Python samples with mypy --strict and pyright."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.sdk.documents import extract_samples
from tests.support.paths import PROJECT_ROOT

DOCUMENTS = ("docs/sdk-python.md", "sdk/python/README.md")


def main() -> int:
    """Print what the type checkers find; return the exit status."""
    programs = Path(sys.executable).parent
    with TemporaryDirectory() as directory:
        for number, document in enumerate(DOCUMENTS):
            text = extract_samples(document, "python")
            (Path(directory) / f"samples_{number}.py").write_text(text)
        found = [
            subprocess.run([programs / name, *options, directory], cwd=PROJECT_ROOT)
            for name, options in (
                ("mypy", ["--strict", "--no-error-summary"]),
                ("pyright", ["--pythonpath", sys.executable]),
            )
        ]
    return int(any(done.returncode for done in found))


if __name__ == "__main__":
    sys.exit(main())
