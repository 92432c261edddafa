"""The registers of a CPU, and how many sums fit into them: the size of a register block.

It changes no bits: every sum has its own order, however many are made at once.
"""

from __future__ import annotations

from dataclasses import dataclass

from glassnet.engines.native.codegen.layout import LANES

_BITS = {"float32": 32, "float64": 64, "int64": 64, "bool": 8}


@dataclass(frozen=True)
class Registers:
    """So many of so many bits.

    >>> Registers(32, 512).sums("float32"), Registers(16, 256).sums("float32")
    (24, 6)
    """

    count: int
    bits: int

    def sums(self, dtype: str) -> int:
        """Sums of LANES numbers that stay in registers, beside the factors of a product."""
        each = max(1, LANES * _BITS[dtype] // self.bits)
        return max(1, (self.count - self.count // 4) // each)


WIDEST = Registers(32, 512)


def registers_of(name: str, features: str) -> Registers:
    """Those of a CPU by LLVM's name of it and the features it adds, such as "+avx2,+fma".

    >>> registers_of("x86-64-v3", "")
    Registers(count=16, bits=256)
    """
    known = set(features.split(","))
    if name == "x86-64-v4" or "+avx512f" in known:
        return WIDEST
    if name == "x86-64-v3" or "+avx2" in known:
        return Registers(16, 256)
    if name.startswith("x86") or "+sse2" in known:
        return Registers(16, 128)
    return Registers(32, 128)
