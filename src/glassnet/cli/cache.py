"""glassnet cache: the machine code that is kept on disk."""

from __future__ import annotations

from typing import Annotated

import typer

from glassnet.cli.console import Console
from glassnet.cli.options import Debug
from glassnet.engines.native.binary import cache as store


def cache(
    clear: Annotated[bool, typer.Option("--clear", help="Remove what is kept.")] = False,
    debug: Debug = False,
) -> None:
    """Show where compiled networks are kept, how many and how large."""
    console = Console()
    folder = store.folder()
    if folder is None:
        console.result(f"The cache is off ({store.VARIABLE} says so).")
        return
    if clear:
        console.result(f"Removed {store.clear()} entries from {folder}.")
        return
    found = store.entries()
    size, limit = sum(entry.size for entry in found), store.LIMIT
    console.result(f"folder   {folder}")
    console.result(f"entries  {len(found)}")
    console.result(f"size     {size / 2**20:.1f} MiB of at most {limit / 2**20:.0f} MiB")
