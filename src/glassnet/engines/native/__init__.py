"""The native engine, stage by stage.

lower.py    a program as loop nests (pull.py follows formulas down to where values lie)
arrange.py  the nests ordered and fused
layout.py   where every value lies
emit.py     the nests as LLVM code (totals.py, sums.py: the order of sums; writer.py: loops, places,
            memory, terms; values.py, maths: operations; turn.py, draw.py: small functions;
            sharing.py: what threads share; ir: LLVM's language)
loop.py     the training loop around them: gather, nests, results, next batch
entrance.py the door to the loop, for one thread or several (barrier.py, parking.py: how they wait)
compile.py  machine code
machine.py  the code of a program: from the cache (fingerprint.py its name, cache.py its place,
            entry.py its bytes, image.py into memory without LLVM), or compiled
engine.py   what training sees (crew.py, team.py: the threads; pace.py: how many)
"""

from glassnet.engines.native.engine import NativeEngine, NativeProgram

__all__ = ["NativeEngine", "NativeProgram"]
