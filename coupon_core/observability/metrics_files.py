"""Merge the metrics files of processes that have ended.

prometheus-client writes files for each process. Kept, their number would grow with
every reload; deleted, the totals would decrease, which Prometheus interprets as a
counter reset.
"""

import fcntl
import struct
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from coupon_core.observability.process_status import is_alive

SUMMED_METRIC_TYPES = ("counter", "histogram")
DEAD_PROCESS_SUFFIX = "dead"
# The process died before a file was written completely.
UNREADABLE_ERRORS = (RuntimeError, UnicodeDecodeError, struct.error)


@contextmanager
def lock_directory(directory: Path) -> Iterator[None]:
    """Lock the metrics files of a directory against other processes."""
    with (directory / "lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def merge_files_of_dead(directory: Path) -> None:
    """Add the counters of ended processes to one file, and drop their gauges."""
    dead_files = [path for path in directory.glob("*.db") if not _is_in_use(path)]
    for metric_type in SUMMED_METRIC_TYPES:
        sources = [
            path for path in dead_files if path.name.startswith(f"{metric_type}_")
        ]
        target = directory / f"{metric_type}_{DEAD_PROCESS_SUFFIX}.db"
        _add_to_file([path for path in sources if path != target], target)
    for path in dead_files:
        if not path.stem.endswith(f"_{DEAD_PROCESS_SUFFIX}"):
            path.unlink(missing_ok=True)


def _is_in_use(file: Path) -> bool:
    pid = file.stem.rpartition("_")[2]
    return pid.isdecimal() and is_alive(int(pid))


def _add_to_file(sources: list[Path], target: Path) -> None:
    from prometheus_client.mmap_dict import MmapedDict

    sums: dict[str, float] = defaultdict(float)
    for source in sources:
        with suppress(*UNREADABLE_ERRORS):
            for key, value, *_ in MmapedDict.read_all_values_from_file(str(source)):
                sums[key] += value
    if sums:
        target_values = MmapedDict(str(target))
        for key, value in sums.items():
            total = target_values.read_value(key)[0] + value
            target_values.write_value(key, total, timestamp=0.0)
        target_values.close()
