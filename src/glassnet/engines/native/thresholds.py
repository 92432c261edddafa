"""What work must be worth before it is done another way. Measured; none of them changes a bit.

Products are multiplications with an addition, as a contraction makes them.
"""

from __future__ import annotations

# Threads, inside a step (codegen/partition.py).
SHARED_PRODUCTS = 300_000  # of a segment: some four microseconds
SHARED_NUMBERS = 1024  # of an array, below which it has no parts to share
UPDATE_PRODUCTS = 8  # that take as long as an optimiser's rule for one number

# Threads, for a whole step (threads/pool.py). Measured by benchmarks/threads.py on two cores: of
# the time on one thread, two take 0.95 at 0.7 million products, 0.72 at 1.4, 0.66 at 2.9 and less
# than 0.6 from 5.5 on; where the cores are far apart or taken, up to twice as long, so the tuner
# tries before it believes.
STEP_PRODUCTS = 1_000_000
# A look at a word takes 10 to 50 nanoseconds, and waking a thread some 20 microseconds: who has
# waited for as long as that sleeps.
SPINS = 1000

# Memory (codegen/blocking.py).
PREFETCHED_NUMBERS = 32_768  # of an array, from which what is written is asked for ahead of its use
PREFETCHED_PLACES = 2048  # of a sample, from which a block of samples is in no near cache
LONG_SUM = 64  # terms, while which what follows it can come from memory
STREAMED_NUMBERS = 131_072  # of an array, from which it pays to read every number once only

# Weight gradients of convolutions (codegen/strips.py).
STRIP_PLACES = 128  # of an image that are gone through before the next register block
FEWEST_PLACES = 64  # of an image, from which it pays to keep sums in memory meanwhile

# Large batches (codegen/chunks.py).
CHUNK_BYTES = 400_000  # of samples that are worked on together: less than half of a core's cache
FEWEST_SAMPLES = 256
CHUNK_MEMORY = 67_108_864  # of the values of a chunk: beyond it samples are large, and fewer do
FEWEST_IMAGES = 64

# Code (codegen/nests.py).
LOOPED_OPERATIONS = 24  # of formulas, from which they are written once, in a loop

# Predictions (predict.py).
FEWEST_ROWS, MOST_ROWS = 256, 4096  # of a block: they stay in the caches
BLOCK_PRODUCTS = 900_000  # that fill a block
ARENA_BYTES = 268_435_456  # of all threads together
BLOCK_BYTES = 134_217_728  # of the values of a block
STAGED_BYTES = 524_288  # of rows, above which other threads are asked
LONG_BYTES = 16_384  # of rows, from which it takes longer to copy them than to tell where they lie
FIXED_ROWS = (1, 4, 8, 16)  # numbers of rows that code is made for; the last are a block as a table
# Weights of networks that predict in such blocks: below, bringing rows into lanes pays for itself;
# above, the weights fit no cache from which they could be read anew for each block.
FEWEST_WEIGHTS, MOST_WEIGHTS = 20_000, 1_000_000
SHORT_OPERATIONS = 20_000  # done within a microsecond or two: the GIL is kept meanwhile
