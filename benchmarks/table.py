"""The results as tables: every peer of every row, then one line a row."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from benchmarks.peers import OURS, PEAK

TIMES = {"s": ((1.0, "s"), (1e-3, "ms"), (1e-6, "us")), "table": ((1.0, "x table"),),
         "bytes": ((2.0**30, "GiB"), (2.0**20, "MiB"))}  # fmt: skip


def amount(value, unit):
    """0.000123, "s" -> "123 us"."""
    scales = TIMES[unit]
    scale, name = next((s for s in scales if abs(value) >= s[0]), scales[-1])
    return f"{value / scale:.3g} {name}"


def of(row, peer):
    """A peer's entry in a row, if it was timed."""
    return next((e for e in row["entries"] if e["peer"] == peer and e["figures"]), None)


def full(rows):
    """A line a peer."""
    table = Table(title="All peers", title_justify="left")
    for name in ("row", "threads", "peer", "median", "min", "max", "FMA peak", "x fastest"):
        table.add_column(name, justify="left" if name in {"row", "peer"} else "right")
    for row in rows:
        first = row["row"], str(row["threads"])
        for entry in row["entries"]:
            table.add_row(*first, *_line(row, entry))
            first = "", ""
        table.add_section()
    return table


def _line(row, entry):
    name, figures = entry["peer"], entry["figures"]
    if name == PEAK:
        return name, f"{figures['flops'] / 1e9:.0f} GFLOP/s", "", "", "", ""
    if entry["status"] != "ok" or not figures:
        note = f"{entry['status']}: {entry['note']}" if entry["note"] else entry["status"]
        return name, note, "", "", "", ""
    spread = [amount(figures[key], row["unit"]) for key in ("median", "min", "max")]
    share = f"{figures['share']:.0%}" if "share" in figures else ""
    ratio = f"{figures['ratio']:.2f}" if "ratio" in figures else ""
    return name, *spread, share, ratio


SUMMARY = ("work", "threads", "Glassnet", "of the FMA peak", "fastest peer", "its time",
           "Glassnet is faster by", "PyTorch")  # fmt: skip


def summary(rows):
    """A line a row, as lists of text."""
    for row in rows:
        ours, torch = of(row, OURS), of(row, "PyTorch")
        peer = of(row, row["fastest_peer"]) if row["fastest_peer"] else None
        yield [
            row["row"],
            str(row["threads"]),
            amount(ours["figures"]["median"], row["unit"]) if ours else "-",
            f"{ours['figures']['share']:.0%}" if ours and "share" in ours["figures"] else "",
            row["fastest_peer"] or "-",
            amount(peer["figures"]["median"], row["unit"]) if peer else "-",
            f"{row['ratio']:.2f} x" if row["ratio"] else "-",
            amount(torch["figures"]["median"], row["unit"]) if torch else "-",
        ]


def show(result):
    """Print both tables, and where the curves bend."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=140)
    console.print(full(result["rows"]))
    short = Table(title="A line a row", title_justify="left")
    for name in SUMMARY:
        short.add_column(name)
    for line in summary(result["rows"]):
        short.add_row(*line)
    console.print(short)
    for axis in result["scaling"]:
        console.print(_scaling(axis))


def _scaling(axis):
    title = f"Time per sample by {axis['axis']}, {axis['threads']} threads"
    table = Table(axis["axis"], *axis["peers"], title=title, title_justify="left")
    for point in axis["points"]:
        times = (point["per_sample"].get(peer) for peer in axis["peers"])
        table.add_row(str(point["value"]), *(amount(t, "s") if t else "-" for t in times))
    for left in axis["left_out"]:
        table.add_row(str(left["value"]), f"left out: {left['reason']}")
    table.add_row("bends at", *(str(axis["bends"].get(peer, "-")) for peer in axis["peers"]))
    return table
