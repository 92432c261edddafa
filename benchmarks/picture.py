"""One picture of a result: how many times longer each peer takes, and the scaling curves."""

from __future__ import annotations

import matplotlib as mpl

from benchmarks.peers import OURS, PEERS

COLORS = dict(zip(PEERS, mpl.colormaps["tab20"].colors, strict=False))

# What grows along each axis of benchmarks.scaling, and what stays.
WORK = {
    "width": "units of each layer; three layers, batches of 128",
    "batch": "rows of a batch; 30-64-64-1",
    "depth": "hidden layers of 64 units; batches of 32",
    "rows": "rows of the table; 30-64-64-1, batches of 500",
}


def draw(result, path):
    """Write the picture; its kind follows the name of the file."""
    from matplotlib.figure import Figure

    rows = [row for row in result["rows"] if row["unit"] == "s"]
    axes = result["scaling"]
    heights = [0.4 * len(rows) + 1.2] * bool(rows) + [3.2] * -(-len(axes) // 2)
    if not heights:
        return
    figure = Figure(figsize=(10, sum(heights) + 0.6), layout="constrained")
    grid = figure.add_gridspec(len(heights), 2, height_ratios=heights)
    if rows:
        _dots(figure.add_subplot(grid[0, :]), rows)
    for i, axis in enumerate(axes):
        _curve(figure.add_subplot(grid[int(bool(rows)) + i // 2, i % 2]), axis)
    figure.savefig(path, dpi=150)


def _dots(axes, rows):
    """A line a row: every peer's time over Glassnet's."""
    shown = set()
    for at, row in enumerate(rows):
        times = {
            e["peer"]: e["figures"]["median"] for e in row["entries"] if "median" in e["figures"]
        }
        for peer, value in times.items():
            if peer in COLORS and times.get(OURS, 0) > 0 and value > 0:
                label = None if peer in shown else peer
                shown.add(peer)
                axes.plot(value / times[OURS], at, "o", color=COLORS[peer], label=label)
    axes.axvline(1, color="0.7", zorder=0)
    axes.set(xscale="log", xlabel="time over Glassnet's time (right of 1: slower than Glassnet)")
    axes.set_yticks(range(len(rows)), [f"{r['row']}, {r['threads']} thr." for r in rows])
    axes.invert_yaxis()
    if shown:
        axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False, fontsize="small")


def _curve(axes, axis):
    for peer in axis["peers"]:
        points = [(p["value"], p["per_sample"][peer] * 1e6) for p in axis["points"]
                  if peer in p["per_sample"]]  # fmt: skip
        if points:
            axes.plot(*zip(*points, strict=True), "o-", color=COLORS[peer], label=peer)
    threads = f"{axis['threads']} thread{'s' * (axis['threads'] > 1)}"
    axes.set(xscale="log", yscale="log", xlabel=f"{WORK[axis['axis']]} ({threads})",
             ylabel="us a sample")  # fmt: skip
    axes.legend(frameon=False, fontsize="small")
