"""CompiledCode code that can be called: found in the cache, or compiled and kept there."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from glassnet.engines.native.binary import cache, fingerprint
from glassnet.engines.native.binary import cache_entry as entry
from glassnet.engines.native.binary import elf_loader as image
from glassnet.engines.native.kernel import Kernel
from glassnet.loops.lowered import Lowered
from glassnet.program import Program

_KIND = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p)
_SHORT_KIND = ctypes.PYFUNCTYPE(ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p)  # keeps the GIL


@dataclass
class CompiledCode:
    """Code that can be called; it lives as long as this object, which holds its owner.

    function  runs it: takes the addresses of the arena and of the arguments
    short     the same, where it is over so soon that other threads of Python may wait
    """

    owner: Any
    address: int
    function: Any = field(init=False)
    short: Any = field(init=False)

    def __post_init__(self) -> None:
        self.function, self.short = _KIND(self.address), _SHORT_KIND(self.address)

    def __call__(self, arena: int, arguments: int) -> int:
        """Run: addresses of the arena and of the arguments."""
        return int(self.function(arena, arguments))


@dataclass
class CodeSource:
    """How the code of a program is come by: from the cache where it is there, or compiled.

    The name and the nests are found once. No lock is held meanwhile (as Python 3.11 holds one for a
    cached_property): a child that is forked at that moment would wait for it for ever.
    """

    program: Program
    _name: str | None = None
    _lowered: Lowered | None = None

    def check(self) -> None:
        """Raise UnsupportedError where the program cannot be lowered; what is kept has been."""
        if not self.is_kept():
            self._nests()

    def is_kept(self) -> bool:
        """True where the program has been compiled before."""
        name = self._named()
        return name is not None and cache.holds(name)

    def made(
        self, batch_size: int, formats: Sequence[str], cpu: str | None
    ) -> tuple[Kernel, CompiledCode]:
        """The kernel and the code for batches of a size and arrays of these formats."""
        name = self._named()
        if name is None:
            kernel, code = self._compiled(batch_size, formats, cpu)
            return kernel, loaded(code)
        variant = fingerprint.of_variant(batch_size, formats, cpu)
        data = cache.read(name, variant)
        found = entry.unpacked(data, self.program) if data is not None else None
        if found is None:
            kernel, code = self._compiled(batch_size, formats, cpu)
            cache.write(name, variant, entry.packed(kernel, self.program, code))
            return kernel, loaded(code)
        kernel, code = found
        return kernel, loaded(code)

    def _named(self) -> str | None:
        """The program's name in the cache; None where it has none, or there is no cache."""
        if cache.folder() is None:
            return None
        if self._name is None:
            self._name = fingerprint.of_program(self.program)
        return self._name

    def _nests(self) -> Lowered:
        from glassnet.loops.lower import lower

        if self._lowered is None:
            self._lowered = lower(self.program)
        return self._lowered

    def _compiled(
        self, batch_size: int, formats: Sequence[str], cpu: str | None
    ) -> tuple[Kernel, bytes]:
        from glassnet.engines.native.binary.compile import host_cpu, object_code
        from glassnet.engines.native.codegen.registers import registers_of
        from glassnet.engines.native.loop import build

        registers = registers_of(*(host_cpu() if cpu is None else (cpu, "")))
        kernel = build(self.program, batch_size, formats, registers, self._nests())
        return kernel, object_code(kernel.module, cpu)


def loaded(code: bytes) -> CompiledCode:
    """An object file in memory."""
    found = image.loaded(code)
    if found is not None:
        return CompiledCode(*found)
    from glassnet.engines.native.binary.compile import loaded_by_llvm

    return CompiledCode(*loaded_by_llvm(code))
