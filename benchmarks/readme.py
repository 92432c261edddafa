"""Write the table of speeds into the README, from the JSON file of a run.

    python -m benchmarks --json benchmarks/latest.json
    python -m benchmarks.readme [--json FILE] [--readme FILE]

It replaces what stands between two comments, and nothing else; where the run has curves, they are
drawn into docs/pictures/scaling.png.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from benchmarks.table import SUMMARY, summary

BEGIN, END = "<!-- benchmarks: begin -->", "<!-- benchmarks: end -->"
HERE = Path(__file__).parent
PICTURE = HERE.parent / "docs" / "pictures" / "scaling.png"


def table(result):
    """A Markdown table, and a line about the machine."""
    lines = [f"| {' | '.join(SUMMARY)} |", "|" + "---|" * len(SUMMARY)]
    lines += [f"| {' | '.join(line)} |" for line in summary(result["rows"])]
    machine = result["machine"]
    versions = ", ".join(f"{name} {v}" for name, v in machine["versions"].items())
    flags = " ".join(machine["flags"])
    source = (
        f"Medians of {result['settings']['rounds']} interleaved rounds on {machine['cores']} cores "
        f"({machine['cpu']}, {machine['family']}; {flags}), float32; Python {machine['python']}, "
        f"{versions}."
    )
    return "\n".join([*lines, "", source])


def written(text, result):
    """The README's text with the table in its place."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"The README has no place for the table. Add these lines:\n{BEGIN}\n{END}")
    return f"{before}{BEGIN}\n{table(result)}\n{END}{after}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, default=HERE / "latest.json")
    parser.add_argument("--readme", type=Path, default=HERE.parent / "README.md")
    parser.add_argument("--picture", type=Path, default=PICTURE)
    options = parser.parse_args()
    if not options.json.exists():
        sys.exit(f"{options.json} does not exist. Run: python -m benchmarks --json {options.json}")
    result = json.loads(options.json.read_text(encoding="utf-8"))
    try:
        text = written(options.readme.read_text(encoding="utf-8"), result)
    except ValueError as error:
        sys.exit(str(error))
    options.readme.write_text(text, encoding="utf-8")
    if result["scaling"]:
        from benchmarks.picture import draw

        draw({**result, "rows": []}, options.picture)


if __name__ == "__main__":
    main()
