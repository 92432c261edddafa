"""Machine code that can be called: found in the cache, or compiled and kept there."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from glassnet.engines.native import cache, entry, fingerprint, image
from glassnet.engines.native.kernel import Kernel
from glassnet.program import Program

_KIND = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p)


@dataclass
class Machine:
    """Machine code; it lives as long as this object, which holds its owner."""

    owner: Any
    address: int
    _function: Any = field(init=False)

    def __post_init__(self) -> None:
        self._function = _KIND(self.address)

    def __call__(self, arena: int, words: int) -> int:
        """Run: addresses of the arena and of the words."""
        return int(self._function(arena, words))


def made(
    program: Program, batch_size: int, forms: Sequence[str], cpu: str | None
) -> tuple[Kernel, Machine]:
    """The kernel and the code of a program, from the cache where they are there."""
    name = fingerprint.of_program(program) if cache.folder() is not None else None
    if name is None:
        kernel, code = _compiled(program, batch_size, forms, cpu)
        return kernel, loaded(code)
    variant = fingerprint.of_variant(batch_size, forms, cpu)
    data = cache.read(name, variant)
    found = entry.unpacked(data, program) if data is not None else None
    if found is None:
        kernel, code = _compiled(program, batch_size, forms, cpu)
        cache.write(name, variant, entry.packed(kernel, program, code))
        return kernel, loaded(code)
    kernel, code = found
    return kernel, loaded(code)


def is_kept(program: Program) -> bool:
    """True where the program has been compiled before, and so can be lowered."""
    name = fingerprint.of_program(program) if cache.folder() is not None else None
    return name is not None and cache.holds(name)


def loaded(code: bytes) -> Machine:
    """An object file in memory."""
    found = image.loaded(code)
    if found is not None:
        return Machine(*found)
    from glassnet.engines.native.compile import loaded_by_llvm

    return Machine(*loaded_by_llvm(code))


def _compiled(
    program: Program, batch_size: int, forms: Sequence[str], cpu: str | None
) -> tuple[Kernel, bytes]:
    from glassnet.engines.native.compile import host_cpu, object_code
    from glassnet.engines.native.loop import build
    from glassnet.engines.native.registers import registers_of

    registers = registers_of(*(host_cpu() if cpu is None else (cpu, "")))
    kernel = build(program, batch_size, forms, registers)
    return kernel, object_code(kernel.module, cpu)
