"""Element-wise functions as LLVM code of our own: only +, -, *, /, fma, roots and bits.

Every CPU rounds these alike, so the results are the same bits everywhere; docs/ulp.md says how
far each is from the truth. Each function takes a Maths, which says where the code goes and on
what kind of number it works, and the values.
"""

from __future__ import annotations

from glassnet.engines.native.maths.arithmetic import F32, F64, I32, I64, Maths
from glassnet.engines.native.maths.power import power
from glassnet.engines.native.maths.table import FUNCTIONS

__all__ = ["F32", "F64", "FUNCTIONS", "I32", "I64", "Maths", "power"]
