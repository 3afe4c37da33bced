"""A program that prints what it was started with, for the tests of forks."""

from __future__ import annotations

import json
import os
import sys
import time


def main() -> int:
    """Describe this process; with the argument `wait`, do not end."""
    described = {
        "arguments": sys.argv[1:],
        "environment": dict(os.environ),
        "directory": os.getcwd(),
        "ids": [os.getpid(), os.getsid(0)],
        "input": sys.stdin.read(),
    }
    print(json.dumps(described), flush=True)
    if "wait" in sys.argv:
        time.sleep(600)
    return 3


if __name__ == "__main__":
    sys.exit(main())
