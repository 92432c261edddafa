"""What a call of compiled code hands over: arguments of 8 bytes each, numbers or addresses."""

from __future__ import annotations

from typing import Any

ARGUMENTS = ("start", "stop", "n_rows", "batch", "seed", "workspace", "drawn", "row_indices",
             "results", "outputs", "thread", "threads", "state")  # fmt: skip
# workspace is 0 for rows in their own order; drawn is the epoch whose order lies there already.
# row_indices is the address of the numbers of the rows that take part; 0 for the first n_rows.
# outputs is the address of the addresses of arrays for outputs that are rows. Behind these each
# input has its address, and for each axis the bytes from one number to the next.

STATE_WORDS = 32  # of what threads share: these places, those that are waited on apart
ARRIVED, TURN, GO, CLOSED, SPINS, SLEPT, ARENA, GIVEN = 0, 8, 16, 24, 25, 26, 27, 28
# ARRIVED, TURN, SPINS and SLEPT are the barrier's (barrier.py): SPINS is how often a thread looks
# before it sleeps. GO, CLOSED, ARENA and GIVEN are the dispatch's (dispatch.py).
WORKSPACE = 4  # arrays of one 8-byte word a row that shuffling needs: keys, rows, both once more


def signed(word: int) -> int:
    """The 64 bits of a word without a sign, as a number with one."""
    return word - (word >> 63 << 64)


def address(array: Any) -> int:
    """Where an array's numbers begin."""
    found: int = array.__array_interface__["data"][0]
    return found
