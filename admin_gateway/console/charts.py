"""Charts as SVG that works without scripts: bars over time, labels, sparklines."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from coupon_core.domain.models.reports import Bucket, ReportInterval

MAX_BARS = 124  # a quarter of a year by day fits; more would be thinner than a pixel
HEIGHT = 100
BAR_WIDTH, GAP_WIDTH = 8, 2
SPARK_HEIGHT, SPARK_STEP = 20, 3  # of the lines of a row of a table
LABEL_FORMATS: Mapping[ReportInterval, str] = {
    ReportInterval.HOUR: "%Y-%m-%d %H:%M",
    ReportInterval.DAY: "%Y-%m-%d",
    ReportInterval.WEEK: "%Y-%m-%d",
    ReportInterval.MONTH: "%Y-%m",
}


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a bar; `name` is what it counts and the class of its colour."""

    name: str
    value: int
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Bar:
    """The bar of a bucket, or of several that do not fit one by one."""

    label: str
    x: int
    segments: Sequence[Segment]


@dataclass(frozen=True, slots=True)
class Chart:
    """Stacked bars over time; `width` and HEIGHT are the box of the SVG."""

    names: Sequence[str]
    bars: Sequence[Bar]
    maximum: int
    width: int
    height: int = HEIGHT


def list_labels(
    buckets: Sequence[Bucket], interval: ReportInterval, zone: str
) -> list[str]:
    """Return the local start of each bucket; with its offset if it occurs twice."""
    starts = [_to_local(bucket.start, zone) for bucket in buckets]
    labels = [start.strftime(LABEL_FORMATS[interval]) for start in starts]
    counts = Counter(labels)
    return [
        f"{label} {start:%z}" if counts[label] > 1 else label
        for label, start in zip(labels, starts, strict=True)
    ]


def _to_local(moment: datetime, zone: str) -> datetime:
    return moment.astimezone(ZoneInfo(zone))


def build_chart(
    labels: Sequence[str],
    buckets: Sequence[Bucket],
    names: Sequence[str],
    maximum: int = 0,
) -> Chart:
    """Return stacked bars of counts; neighbours are added if there are too many.

    Charts that are compared get the same `maximum`.
    """
    rows = [[getattr(bucket.counts, name) for name in names] for bucket in buckets]
    size = max(1, -(-len(rows) // MAX_BARS))
    sums = [
        [sum(column) for column in zip(*rows[start : start + size], strict=True)]
        for start in range(0, len(rows), size)
    ]
    maximum = max(maximum, *map(sum, sums), 1)
    step = BAR_WIDTH + GAP_WIDTH
    bars = [
        Bar(
            _join_labels(labels[position * size : (position + 1) * size]),
            position * step,
            list(_stack(names, values, maximum)),
        )
        for position, values in enumerate(sums)
    ]
    return Chart(names, bars, maximum=maximum, width=max(1, len(bars)) * step)


def _join_labels(labels: Sequence[str]) -> str:
    return labels[0] if len(labels) == 1 else f"{labels[0]} – {labels[-1]}"


def _stack(
    names: Sequence[str], values: Sequence[int], maximum: int
) -> Iterator[Segment]:
    """Yield the parts of a bar from the bottom to the top."""
    top = float(HEIGHT)
    for name, value in zip(names, values, strict=True):
        height = round(value * HEIGHT / maximum, 2)
        top = round(top - height, 2)
        yield Segment(name, value, y=top, height=height)


def draw_sparkline(counts: Sequence[int]) -> str:
    """Return the path of a line for each count: short, for many rows of a table."""
    maximum = max(*counts, 1)
    return "".join(
        f"M{SPARK_STEP * position + 1} {SPARK_HEIGHT}"
        f"v-{max(1, round(SPARK_HEIGHT * count / maximum))}"
        for position, count in enumerate(counts)
        if count
    )
