"""LLVM: from a module to machine code in memory."""

from __future__ import annotations

import ctypes
import functools
from dataclasses import dataclass
from typing import Any

import llvmlite.binding as llvm
from llvmlite import ir


@dataclass
class Machine:
    """Machine code that can be called; it lives as long as this object."""

    engine: Any
    address: int

    def __call__(self, arena: int, words: int) -> int:
        """Run: addresses of the arena and of the words."""
        function = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p)(self.address)
        return int(function(arena, words))


@functools.cache
def _ready() -> None:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()


def compiled(module: ir.Module, cpu: str | None = None) -> Machine:
    """Optimise and compile for this CPU. No fast-math: the bits are those of the formulas.

    cpu  another level to compile for, such as "x86-64-v3"
    """
    _ready()
    name = llvm.get_host_cpu_name() if cpu is None else cpu
    features = llvm.get_host_cpu_features().flatten() if cpu is None else ""
    target = llvm.Target.from_default_triple()
    machine = target.create_target_machine(opt=2, cpu=name, features=features)
    text = str(module)
    parsed = llvm.parse_assembly(text)
    parsed.triple = llvm.get_default_triple()
    parsed.data_layout = str(machine.target_data)
    options = llvm.create_pipeline_tuning_options(speed_level=2)
    options.slp_vectorization = False
    options.loop_vectorization = False
    builder = llvm.create_pass_builder(machine, options)
    builder.getModulePassManager().run(parsed, builder)
    engine = llvm.create_mcjit_compiler(parsed, machine)
    engine.finalize_object()
    return Machine(engine, engine.get_function_address("run"))
