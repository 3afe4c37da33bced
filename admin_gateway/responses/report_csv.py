"""Reports as CSV, from the same documents as their JSON."""

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from coupon_core.domain.csv_escaping import escape_formula

Document = dict[str, Any]

COUNT_COLUMNS = ("redeemed", "reversed", "refused", "validated")
FUNNEL_STEPS = ("generated", "assigned", "validated", "redeemed")


@dataclass(frozen=True, slots=True)
class CsvTable:
    """The columns of a report as CSV, and how its rows are found."""

    columns: Sequence[str]
    list_rows: Callable[[Document], Iterator[Mapping[str, Any]]]

    def format(self, document: Document) -> str:
        """Return a report as CSV."""
        buffer = io.StringIO()
        writer = csv.writer(buffer)
        writer.writerow(self.columns)
        for row in self.list_rows(document):
            cells = ("" if row[name] is None else row[name] for name in self.columns)
            writer.writerow([escape_formula(str(cell)) for cell in cells])
        return buffer.getvalue()


def to_local_text(timestamp: str, time_zone: str) -> str:
    """Return a timestamp of a document as clocks in a time zone show it."""
    local = datetime.fromisoformat(timestamp).astimezone(ZoneInfo(time_zone))
    return local.strftime("%Y-%m-%d %H:%M")


def _list_buckets(document: Document, time_zone: str) -> Iterator[dict[str, Any]]:
    for bucket in document["series"]:
        yield {**bucket, "local_start": to_local_text(bucket["start"], time_zone)}


def _list_compared_buckets(document: Document) -> Iterator[dict[str, Any]]:
    for campaign in document["campaigns"]:
        for bucket in _list_buckets(campaign, document["time_zone"]):
            yield {**campaign, **bucket}


BUCKET_COLUMNS = ("start", "local_start", *COUNT_COLUMNS)
REDEMPTIONS = CsvTable(
    BUCKET_COLUMNS, lambda report: _list_buckets(report, report["time_zone"])
)
FUNNEL = CsvTable(
    ("step", "count"),
    lambda report: (
        {"step": step, "count": report["totals"][step]} for step in FUNNEL_STEPS
    ),
)
REFUSALS = CsvTable(
    ("action", "reason", "refused"), lambda report: iter(report["refusals"])
)
TOP = CsvTable(
    ("id", "name", "code_count", "redeemed", "reversed"),
    lambda report: iter(report["rows"]),
)
COMPARISON = CsvTable(("campaign_id", "name", *BUCKET_COLUMNS), _list_compared_buckets)
SIGNALS = CsvTable(
    ("hour", "kind", "subject", "count", "first", "last"),
    lambda page: iter(page["signals"]),
)
