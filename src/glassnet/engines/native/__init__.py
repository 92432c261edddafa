"""The native engine, stage by stage.

lower.py    a program as loop nests (pull.py follows formulas down to where values lie)
arrange.py  the nests ordered and fused
layout.py   where every value lies
emit.py     the nests as LLVM code (writer.py: loops, places, memory, terms; values.py, maths:
            operations; turn.py, draw.py, barrier.py: small functions)
loop.py     the training loop around them: gather, nests, results, next batch
compile.py  machine code
machine.py  the code of a program: from the cache (fingerprint.py its name, cache.py its place,
            entry.py its bytes, image.py into memory without LLVM), or compiled
engine.py   what training sees
"""

from glassnet.engines.native.engine import NativeEngine, NativeProgram

__all__ = ["NativeEngine", "NativeProgram"]
