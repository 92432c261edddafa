"""The benchmark: `python -m benchmarks`, after `pip install '.[bench]'`."""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from benchmarks import fresh_rows, scaling
from benchmarks.machine import load, machine
from benchmarks.peers import PEERS
from benchmarks.rounds import QUICK, Room, Settings, ratios, row, say
from benchmarks.table import show
from benchmarks.tasks import MORE, TABLE

QUICK_TABLE_ROWS = 20 * 1024


def options(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    rows = [*TABLE, *fresh_rows.ROWS]
    parser.add_argument("--rows", nargs="+", metavar="NAME", choices=[*rows, *MORE],
                        help=f"some of: {', '.join(rows)} (if none is named: all of these); "
                             f"{', '.join(MORE)}")  # fmt: skip
    parser.add_argument("--peers", type=_names, default=list(PEERS), metavar="NAME,...",
                        help=f"some of: {'; '.join(PEERS)} (those that are installed)")  # fmt: skip
    parser.add_argument("--threads", type=_counts, default=[1, 2], metavar="1,2")
    parser.add_argument("--scaling", nargs="*", type=_axis, metavar="AXIS",
                        help="also the curves; alone, without --rows, only they")  # fmt: skip
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--picture", type=Path, metavar="FILE")
    parser.add_argument("--quick", action="store_true", help="few short turns: to see that it runs")
    return parser.parse_args(arguments)


def _names(text):
    names = [name.strip() for name in text.split(",")]
    # A comma may belong to a name: "glassnet, NumPy engine".
    joined = [n for n in PEERS if "," in n and n in text]
    parts = {part.strip() for name in joined for part in name.split(",")[1:]}
    chosen = [name for name in names if name not in parts] + joined
    unknown = [name for name in chosen if name not in PEERS]
    if unknown:
        raise argparse.ArgumentTypeError(f"no peer {unknown[0]!r}; there are: {'; '.join(PEERS)}")
    return chosen


def _axis(text):
    if text not in scaling.AXES:
        raise argparse.ArgumentTypeError(f"no axis {text!r}; there are: {', '.join(scaling.AXES)}")
    return text


def _counts(text):
    return [int(part) for part in text.split(",")]


def result_row(name, threads, entries, found, unit="s"):
    fastest, ratio = found
    return {"row": name, "threads": threads, "unit": unit, "entries": [asdict(e) for e in entries],
            "fastest_peer": fastest, "ratio": ratio}  # fmt: skip


def fresh(name, names, settings, quick):
    """The rows that need new processes."""
    say(f"{name}, fresh processes")
    if name == "import":
        entries = fresh_rows.import_row(names, settings)
        yield result_row("import, above NumPy's", 1, entries, fresh_rows.against(entries))
    elif name in fresh_rows.STATES:
        asked = fresh_rows.STATES[name]
        for state, entries in fresh_rows.states_rows(asked, names, settings).items():
            least, ratio = fresh_rows.against(entries)
            found = least, ratio if asked.unit == "s" else None  # less memory is not faster
            yield result_row(f"{asked.title}, {state}", 1, entries, found, asked.unit)
    else:
        entries = fresh_rows.memory_row(names, settings, QUICK_TABLE_ROWS if quick else None)
        least, _ = fresh_rows.against(entries)
        yield result_row("memory above the table", 1, entries, (least, None), "table")


def measure(chosen):
    """Everything that was asked for."""
    settings = QUICK if chosen.quick else Settings()
    only_scaling = chosen.scaling is not None and not chosen.rows
    names = [] if only_scaling else chosen.rows or [*TABLE, *fresh_rows.ROWS]
    axes = [] if chosen.scaling is None else chosen.scaling or list(scaling.AXES)
    result = {"machine": machine(), "settings": asdict(settings), "quick": chosen.quick,
              "load_before": load(), "rows": [], "scaling": []}  # fmt: skip
    with tempfile.TemporaryDirectory() as scratch:
        for threads in chosen.threads:
            with Room(threads, Path(scratch), settings) as room:
                for name in (n for n in names if n in {**TABLE, **MORE}):
                    say(f"{name}, {threads} threads")
                    entries = row(room, {**TABLE, **MORE}[name], chosen.peers)
                    result["rows"].append(result_row(name, threads, entries, ratios(entries)))
                    keep(result, chosen.json)
                for axis in axes:
                    found = scaling.axis(room, axis, chosen.peers, chosen.quick)
                    result["scaling"].append(found)
                    keep(result, chosen.json)
    for name in (n for n in names if n in fresh_rows.ROWS):
        result["rows"] += fresh(name, chosen.peers, settings, chosen.quick)
    order = {name: i for i, name in enumerate([*TABLE, *MORE])}
    result["rows"].sort(key=lambda r: (order.get(r["row"], len(order)), r["threads"]))
    return result


def keep(result, path):
    """What there is so far: a run of an hour that is broken off loses nothing."""
    if path:
        path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def main():
    chosen = options()
    with contextlib.suppress(BrokenPipeError):
        result = measure(chosen)
        keep(result, chosen.json)
        if chosen.picture:
            from benchmarks.picture import draw

            draw(result, chosen.picture)
        show(result)
    sys.exit(0)


if __name__ == "__main__":
    main()
