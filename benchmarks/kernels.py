"""Small compiled loops: a function of the native engine over arrays, alone."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import llvmlite.binding as llvm
import numpy as np

from glassnet.engines.native import ir
from glassnet.engines.native.maths import FUNCTIONS, I64, Maths, power

LANES = 16
Array = np.ndarray[Any, Any]
warm: list[Any] = []  # compiled code lives as long as its engine


def compiled(text: str, cpu: str = "") -> int:
    """The address of the function `run` in a module of LLVM text."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    features = llvm.get_host_cpu_features().flatten() if not cpu else ""
    machine = llvm.Target.from_default_triple().create_target_machine(
        opt=3, cpu=cpu or llvm.get_host_cpu_name(), features=features
    )
    module = llvm.parse_assembly(text)
    module.triple, module.data_layout = llvm.get_default_triple(), str(machine.target_data)
    options = llvm.create_pipeline_tuning_options(speed_level=2)
    options.loop_vectorization = options.slp_vectorization = False
    builder = llvm.create_pass_builder(machine, options)
    builder.getModulePassManager().run(module, builder)
    engine = llvm.create_mcjit_compiler(module, machine)
    engine.finalize_object()
    warm.append(engine)
    return int(engine.get_function_address("run"))


def call(address: int, *args: Any) -> None:
    """Whole numbers and arrays go in as 64 bits each."""
    values = [a.ctypes.data if isinstance(a, np.ndarray) else a for a in args]
    ctypes.CFUNCTYPE(None, *[ctypes.c_int64] * len(values))(address)(*values)


def loop(module: ir.Module, args: int, carried: list[Any], lanes: int = LANES) -> tuple[Any, ...]:
    """The frame of run(n, ...): (builder, arguments, i, carried values, finish)."""
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), [I64] * args), "run")
    entry, body, done = (function.append_basic_block(n) for n in ("entry", "body", "done"))
    ir.IRBuilder(entry).branch(body)
    b = ir.IRBuilder(body)
    i = b.phi(I64)
    i.add_incoming(I64(0), entry)
    phis = [b.phi(c.type) for c in carried]
    for phi, c in zip(phis, carried, strict=True):
        phi.add_incoming(c, entry)

    def finish(values: list[Any]) -> ir.IRBuilder:
        following = b.add(i, I64(lanes))
        for phi, value in zip([i, *phis], [following, *values], strict=True):
            phi.add_incoming(value, b.block)
        b.cbranch(b.icmp_signed("<", following, function.args[0]), body, done)
        end = ir.IRBuilder(done)
        end.ret_void()
        return end

    return b, function.args, i, phis, finish


def kernel(name: str, element: Any, lanes: int = LANES, cpu: str = "") -> int:
    """run(n, x, out) or, for pow, run(n, x, y, out); without lanes for 1."""
    module = ir.Module()
    count = 2 if name == "pow" else 1
    b, args, i, _, finish = loop(module, count + 2, [], lanes)
    kind = ir.VectorType(element, lanes) if lanes > 1 else element

    def at(address: Any) -> Any:
        return b.bitcast(b.gep(b.inttoptr(address, element.as_pointer()), [i]), kind.as_pointer())

    m = Maths(b, kind)
    xs = []
    for address in args[1:-1]:
        xs.append(b.load(at(address)))
        xs[-1].align = 4
    b.store((power if name == "pow" else FUNCTIONS[name])(m, *xs), at(args[-1])).align = 4
    finish([])
    return compiled(str(module), cpu)


def evaluate(address: int, *xs: Array) -> Array:
    """A kernel over arrays whose length is a multiple of the lanes."""
    out = np.empty_like(xs[0])
    call(address, xs[0].size, *xs, out)
    return out


def c_library(name: str) -> Callable[[Array], Array]:
    """A function of the C library on 80-bit floats, in a compiled loop."""
    text = f"""
        declare x86_fp80 @{name}(x86_fp80)
        define void @run(i64 %n, i64 %x, i64 %out) {{
        entry:
          %from = inttoptr i64 %x to ptr
          %to = inttoptr i64 %out to ptr
          br label %body
        body:
          %i = phi i64 [ 0, %entry ], [ %next, %body ]
          %a = getelementptr x86_fp80, ptr %from, i64 %i
          %value = load x86_fp80, ptr %a
          %found = call x86_fp80 @{name}(x86_fp80 %value)
          %b = getelementptr x86_fp80, ptr %to, i64 %i
          store x86_fp80 %found, ptr %b
          %next = add i64 %i, 1
          %more = icmp slt i64 %next, %n
          br i1 %more, label %body, label %done
        done:
          ret void
        }}"""
    address = compiled(text)

    def run(x: Array) -> Array:
        out = np.empty_like(x)
        call(address, x.size, x, out)
        return out

    return run
