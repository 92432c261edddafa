"""The native engine: the whole training loop compiled by LLVM.

engine.py   what training sees; predict.py, plain_rows.py, fixed_rows.py, blocks.py: predictions
machine.py  the compiled code of a program: from the cache, or made anew
loop.py     the training loop: gather, nests, results, next batch
kernel.py   a program on its way to machine code; arena.py its memory, listing.py its stages
codegen/    loop nests as LLVM code; ir/: LLVM's language; maths/: functions of our own
loading/    the user's rows into the arena
threads/    threads that run compiled code together
binary/     object files: compiled, kept, loaded

Before all of this, `glassnet.loops` makes loop nests of a program.
"""

from glassnet.engines.native.engine import NativeEngine, NativeTrainer
from glassnet.engines.native.predict import NativePredictor

__all__ = ["NativeEngine", "NativePredictor", "NativeTrainer"]
