"""Writes docs/coverage.md: every op of the graph, and how the native engine runs it.

python docs/make_coverage.py
"""

from pathlib import Path

from glassnet.engines.native.coverage import coverage


def main() -> None:
    found = coverage()
    missing = [name for name, how in found.items() if not how]
    lines = [
        "# What the native engine runs",
        "",
        "Made by `python docs/make_coverage.py`. What it cannot run is an error that names the op,",
        'before training starts; `engine="auto"` then takes the NumPy engine and says so once.',
        "",
        "| op | how |",
        "|---|---|",
        *[f"| `{name}` | {how or 'NumPy engine only'} |" for name, how in found.items()],
        "",
        f"{len(found) - len(missing)} of {len(found)} ops"
        + (f"; missing: {', '.join(missing)}." if missing else "."),
        "",
        "Not in every form: random numbers that are no rows, `argmax` over another axis than the",
        "last, backward slices in a gradient, `take` from a computed table, a reshape or a",
        "transpose that moves the batch, sums, extremes and powers of whole numbers, loops that",
        "carry what is no row of the batch.",
        "",
        "`within` checks an index in the step itself: one that follows from weights, draws or",
        "other rows. Indices that follow from their row's data are looked at before the step, in",
        "both engines; those that a formula holds in their range, `clip(index, 0, n - 1)`, never.",
    ]
    Path(__file__).with_name("coverage.md").write_text("\n".join(lines) + "\n")
    print(lines[-10])


if __name__ == "__main__":
    main()
