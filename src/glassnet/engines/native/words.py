"""What a call of native code hands over: numbers and addresses, 8 bytes each."""

from __future__ import annotations

WORDS = ("start", "stop", "n_rows", "batch", "seed", "workspace", "drawn", "chosen", "results",
         "outputs", "thread", "threads", "state")  # fmt: skip
# workspace is 0 for rows in their own order; drawn is the epoch whose order lies there already.
# chosen is the address of the numbers of the rows that take part; 0 for the first n_rows.
# outputs is the address of the addresses of arrays for outputs that are rows. Each input has words
# behind these: its address, and for each axis the bytes from one number to the next.

STATE_WORDS = 16  # of the barrier where threads wait for one another
WORKSPACE = 4  # arrays of one 8-byte word a row that shuffling needs: keys, rows, both once more
