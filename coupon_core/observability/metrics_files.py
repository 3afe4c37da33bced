"""The files in which processes count: those of the dead are folded into one.

prometheus-client gives each process files of its own. Left alone they would grow in
number with every reload; removed, the totals would fall, which to Prometheus is a
restart from zero.
"""

import fcntl
import struct
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from coupon_core.observability.process_status import is_alive

SUMMED = ("counter", "histogram")
OF_THE_DEAD = "dead"
UNREADABLE = (RuntimeError, UnicodeDecodeError, struct.error)  # half written, it died


@contextmanager
def alone(directory: Path) -> Iterator[None]:
    """Be the only one of all processes who reads or folds these files."""
    with (directory / "lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def fold(directory: Path) -> None:
    """Add what the dead have counted to one file, and forget what they measured."""
    dead = [one for one in directory.glob("*.db") if not _is_used(one)]
    for kind in SUMMED:
        theirs = [one for one in dead if one.name.startswith(f"{kind}_")]
        kept = directory / f"{kind}_{OF_THE_DEAD}.db"
        _add_up([one for one in theirs if one != kept], kept)
    for one in dead:
        if not one.stem.endswith(f"_{OF_THE_DEAD}"):
            one.unlink(missing_ok=True)


def _is_used(file: Path) -> bool:
    pid = file.stem.rpartition("_")[2]
    return pid.isdecimal() and is_alive(int(pid))


def _add_up(files: list[Path], kept: Path) -> None:
    from prometheus_client.mmap_dict import MmapedDict

    sums: dict[str, float] = defaultdict(float)
    for file in files:
        with suppress(*UNREADABLE):
            for key, value, *_ in MmapedDict.read_all_values_from_file(str(file)):
                sums[key] += value
    if sums:
        whole = MmapedDict(str(kept))
        for key, value in sums.items():
            whole.write_value(key, whole.read_value(key)[0] + value, 0.0)
        whole.close()
