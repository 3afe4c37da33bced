"""Reports as people read them in a terminal."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from click import get_current_context

from admin_gateway.cli.charts import (
    BAR_STYLE,
    ChartRow,
    draw_sparkline,
    get_width,
    print_chart,
    print_line,
)
from admin_gateway.cli.tables import Document
from admin_gateway.responses.report_csv import COUNT_COLUMNS, FUNNEL_STEPS
from coupon_core.domain.models.attempts import AttemptAction

LABEL_FORMATS = {
    "hour": "%a %Y-%m-%d %H:%M",
    "day": "%a %Y-%m-%d",
    "week": "%a %Y-%m-%d",
    "month": "%b %Y",
}
TREND_LABEL_WIDTH = 9


def _to_local(report: Document, timestamp: str) -> datetime:
    zone = ZoneInfo(report["time_zone"])
    return datetime.fromisoformat(timestamp).astimezone(zone)


def _print_header(report: Document, title: str) -> None:
    """Print the title, what the report is about, its period and how fresh it is."""
    tenant_id = get_current_context().params["tenant_id"]
    start, end = (_to_local(report, report[name]) for name in ("from", "to"))
    last = end - timedelta(seconds=1)
    if not (start.hour or start.minute or end.hour or end.minute):
        days = dict.fromkeys(f"{day:%a %Y-%m-%d}" for day in (start, last))
        period = " to ".join(days)
    else:
        period = f"{start:%a %Y-%m-%d %H:%M} to {end:%a %Y-%m-%d %H:%M}"
    print_line((f'{title} of tenant "{tenant_id}"', "bold"))
    for subject in report["subjects"]:
        kind = subject["kind"].capitalize()
        print_line(f"{kind}: {subject['name']} ({subject['id']})")
    print_line(f"{period} ({report['time_zone']})")
    print_line(_describe_freshness(report))
    print_line()


def _describe_freshness(report: Document) -> str:
    if report["counted_until"] is None:
        return "Uses of an earlier release are still being counted; numbers will rise."
    counted_until = _to_local(report, report["counted_until"])
    return f"All uses until {counted_until:%Y-%m-%d %H:%M:%S} are counted."


def _list_labels(report: Document, series: Sequence[Document]) -> list[str]:
    """Return the local start of each bucket; with its offset if it occurs twice."""
    starts = [_to_local(report, bucket["start"]) for bucket in series]
    labels = [start.strftime(LABEL_FORMATS[report["interval"]]) for start in starts]
    counts = Counter(labels)
    return [
        f"{label} {start:%z}" if counts[label] > 1 else label
        for label, start in zip(labels, starts, strict=True)
    ]


def _format_counts(counts: Document) -> list[str]:
    return [f"{counts[name]:,}" for name in COUNT_COLUMNS]


def print_redemptions(report: Document) -> None:
    """Print counts over time: their trends, then each bucket with a bar."""
    interval, series = report["interval"], report["series"]
    _print_header(report, f"Redemptions by {interval}")
    labels = _list_labels(report, series)
    for name in COUNT_COLUMNS:
        _print_trend(name, [bucket[name] for bucket in series], labels)
    print_line()
    rows = [
        ChartRow(label, _format_counts(bucket), bucket["redeemed"])
        for label, bucket in zip(labels, series, strict=True)
    ]
    totals = ChartRow("total", _format_counts(report["totals"]))
    print_chart((interval, *COUNT_COLUMNS), [*rows, totals])


def _print_trend(name: str, values: Sequence[int], labels: Sequence[str]) -> None:
    peak = max(values)
    text = f"  at most {peak:,}: {labels[values.index(peak)]}" if peak else "  none"
    line = draw_sparkline(values, get_width() - TREND_LABEL_WIDTH - 2 - len(text))
    print_line(f"{name:<{TREND_LABEL_WIDTH}}  ", (line, BAR_STYLE), text)


def print_funnel(report: Document) -> None:
    """Print how many coupons or calls reached each step."""
    _print_header(report, "Funnel")
    counts = [report["totals"][step] for step in FUNNEL_STEPS]
    # Validations are calls, and codes may be redeemed without one.
    wholes = [
        counts[0] if step in ("assigned", "redeemed") else 0 for step in FUNNEL_STEPS
    ]
    rows = [
        ChartRow(step, [f"{count:,}", _format_share(count, whole)], count)
        for step, count, whole in zip(FUNNEL_STEPS, counts, wholes, strict=True)
    ]
    print_chart(("step", "count", "of generated"), rows)


def _format_share(count: int, whole: int) -> str:
    return f"{count / whole:.1%}" if whole else "-"


def print_refusals(report: Document) -> None:
    """Print refusals by action and reason."""
    _print_header(report, "Refusals")
    total, has_validations, rows = report["totals"]["refused"], False, []
    for refusal in report["refusals"]:
        is_validation = refusal["action"] == AttemptAction.VALIDATE
        has_validations |= is_validation
        count = refusal["refused"]
        share = _format_share(count, 0 if is_validation else total)
        label = f"{refusal['action']}: {refusal['reason']}"
        rows.append(ChartRow(label, [f"{count:,}", share], count))
    rows.append(ChartRow("total", [f"{total:,}", _format_share(total, total)]))
    print_chart(("action: reason", "refused", "share"), rows)
    if has_validations:
        print_line("\nThe total is without validations, as in the other reports.")
    if report["resolution"] == "day_utc":
        print_line("\nRefusals of more than 90 days ago are kept by day in UTC.")


def print_top(report: Document) -> None:
    """Print a ranking by redemptions."""
    by = report["by"]
    _print_header(report, f"Top by {by}")
    if not report["rows"]:
        print_line("Nothing was redeemed in this period.")
        return
    rows = [_to_top_row(by, row) for row in report["rows"]]
    print_chart((by, "redeemed", "reversed"), rows)


def _to_top_row(by: str, row: Document) -> ChartRow:
    label, note = row["name"] or row["id"], row["id"] if row["name"] else ""
    if by == "code":
        more = f" (+{row['code_count'] - 1} more)" if row["code_count"] > 1 else ""
        label, note = f"{row['id']}{more}", row["name"] or ""
    cells = [f"{row['redeemed']:,}", f"{row['reversed']:,}"]
    return ChartRow(label, cells, row["redeemed"], note)


def print_comparison(report: Document) -> None:
    """Print the totals of each campaign, then the trends of their redemptions."""
    campaigns: list[dict[str, Any]] = report["campaigns"]
    interval = report["interval"]
    _print_header({**report, "subjects": []}, f"Campaigns by {interval}")
    rows = [
        ChartRow(
            campaign["name"],
            _format_counts(campaign["totals"]),
            campaign["totals"]["redeemed"],
            campaign["campaign_id"],
        )
        for campaign in campaigns
    ]
    print_chart(("campaign", *COUNT_COLUMNS), rows)
    print_line()
    print_line(f"Redeemed by {interval}:")
    for campaign in campaigns:
        series = campaign["series"]
        print_line(f"{campaign['name']} ({campaign['campaign_id']})")
        redeemed = [bucket["redeemed"] for bucket in series]
        _print_trend("", redeemed, _list_labels(report, series))


def print_signals(page: Document) -> None:
    """Print signals, with bars for how often each happened."""
    tenant_id = get_current_context().params["tenant_id"]
    print_line((f'Signals of tenant "{tenant_id}", by hour in UTC', "bold"))
    print_line()
    if not page["signals"]:
        print_line("Nothing happened suspiciously often.")
        return
    rows = [
        ChartRow(
            f"{datetime.fromisoformat(signal['hour']):%Y-%m-%d %H:%M}",
            [signal["kind"], f"{signal['count']:,}"],
            signal["count"],
            signal["subject"],
        )
        for signal in page["signals"]
    ]
    print_chart(("hour", "kind", "count"), rows)
