"""LLVM: from a module to an object file, and from an object file to code in memory."""

from __future__ import annotations

import functools
import os
import platform
import threading
from typing import Any

import llvmlite.binding as llvm

from glassnet.engines.native import ir
from glassnet.engines.native.threads.dispatch import STEPS, dispatch

_X86 = {"x86_64", "AMD64"}
_LOCK = threading.RLock()  # LLVM is entered by one thread at a time, and never while forking
if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_LOCK.acquire, after_in_parent=_LOCK.release, after_in_child=_LOCK.release
    )


@functools.cache
def _ready(everywhere: bool = False) -> None:
    if everywhere:
        llvm.initialize_all_targets()
        llvm.initialize_all_asmprinters()
    else:
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()


def host_cpu() -> tuple[str, str]:
    """(name, features) of this CPU; where LLVM does not know them, what every such CPU has."""
    with _LOCK:
        _ready()
        try:
            features = llvm.get_host_cpu_features().flatten()
        except RuntimeError:  # LLVM cannot tell on this system
            features = ""
        if not features:  # then its name may be a guess too
            return ("x86-64" if platform.machine() in _X86 else "generic"), ""
        return llvm.get_host_cpu_name() or "generic", features


def object_code(module: ir.Module, cpu: str | None = None, triple: str = "") -> bytes:
    """Compile. No fast-math: the bits are those of the formulas.

    None of LLVM's passes is run before its code generator: `ir` writes code that they were measured
    to make no faster, and they took half of the time to the first step.

    cpu     another level to compile for, such as "x86-64-v3"; None is this CPU
    triple  another kind of machine, such as "aarch64-linux-gnu"
    """
    text, is_loop = str(module), STEPS in module.globals
    with _LOCK:
        return _object_code(text, is_loop, cpu, triple)


def _object_code(text: str, is_loop: bool, cpu: str | None, triple: str) -> bytes:
    """Its own function, so that LLVM's objects are gone before the lock is."""
    machine = _target(cpu, triple)
    parsed = llvm.parse_assembly(text)
    if is_loop:
        parsed.link_in(llvm.parse_assembly(dispatch(machine.triple)))
        for function in parsed.functions:
            if function.name != "run" and not function.is_declaration:
                function.linkage = "internal"
    parsed.triple = machine.triple
    parsed.data_layout = str(machine.target_data)
    return bytes(machine.emit_object(parsed))


def _target(cpu: str | None, triple: str) -> Any:
    _ready(everywhere=bool(triple))
    name, features = (cpu, "") if cpu is not None else host_cpu()
    if triple and cpu is None:
        name, features = "generic", ""
    kind = llvm.Target.from_triple(triple or llvm.get_process_triple())
    return kind.create_target_machine(
        opt=1, cpu=name, features=features, reloc="pic", codemodel="small"
    )


def loaded_by_llvm(code: bytes) -> tuple[Any, int]:
    """(owner of the memory, address of "run") of an object file."""
    with _LOCK:
        engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _target(None, ""))
        engine.add_object_file(llvm.ObjectFileRef.from_data(code))
        engine.finalize_object()
        return engine, engine.get_function_address("run")
