"""The builder of LLVM's text: what it writes is LLVM, and what need not be done is not written."""

import ctypes
import math
import struct

import numpy as np
import pytest
from engines import work

llvm = pytest.importorskip("llvmlite.binding", reason="llvmlite is not installed")

from glassnet.engines.native import ir  # noqa: E402 - after the check
from glassnet.engines.native.binary.compile import loaded_by_llvm, object_code  # noqa: E402
from glassnet.engines.native.codegen.control import counted  # noqa: E402
from glassnet.engines.native.loop import build  # noqa: E402

I64, F32, F64 = ir.IntType(64), ir.FloatType(), ir.DoubleType()


def begun(*kinds, result=I64):
    """(module, builder, arguments) of a function `run`."""
    module = ir.Module()
    function = ir.Function(module, ir.FunctionType(result, kinds), "run")
    return module, ir.IRBuilder(function.append_basic_block("entry")), function.args


def checked(module):
    parsed = llvm.parse_assembly(str(module))
    parsed.verify()
    return parsed


def called(module, *args):
    owner, address = loaded_by_llvm(object_code(module))
    found = ctypes.CFUNCTYPE(ctypes.c_int64, *[ctypes.c_int64] * len(args))(address)(*args)
    assert owner
    return found


def count(module, word):
    return sum(word in line for line in str(module).splitlines())


def summed(write):
    """Of i over 0 .. n - 1: the sum of what `write(b, i, n, y)` gives."""
    module, b, (n, y) = begun(I64, I64)
    with counted(b, n, carried=[I64(0)]) as (i, total, box):
        box[:] = [b.add(total[0], write(b, i, n, y))]
    b.ret(total[0])
    return module


@pytest.mark.parametrize("batch_size", [1, 16, 70])
def test_llvm_accepts_a_whole_program(batch_size):
    net = work.network()
    program = net.training_program(optimizer="adam")
    module = build(program, batch_size, ["float32", "float32"]).module
    assert checked(module).get_function("steps")


@pytest.mark.parametrize("n", [0, 1, 2, 7])
def test_a_loop_runs_as_often_as_range(n):
    module = summed(lambda b, i, n, y: b.mul(i, y))
    assert called(module, n, 3) == sum(3 * i for i in range(n))


@pytest.mark.parametrize(("start", "stop", "step"), [(0, 1, 4), (3, 4, 1), (0, 9, 4), (5, 5, 1)])
def test_a_loop_of_known_length_runs_as_often_as_range(start, stop, step):
    module, b, _ = begun()
    with counted(b, I64(stop), I64(start), step, [I64(0)]) as (i, total, box):
        box[:] = [b.add(b.mul(total[0], I64(10)), i)]
    b.ret(total[0])
    wanted = 0
    for i in range(start, stop, step):
        wanted = 10 * wanted + i
    assert called(module) == wanted
    assert count(module, "br ") == (
        0 if len(range(start, stop, step)) == 1 else count(module, "br ")
    )


def test_what_was_computed_is_used_again():
    module, b, (x, y) = begun(I64, I64)
    b.ret(b.mul(b.add(x, y), b.add(x, y)))
    assert count(module, " add ") == 1
    assert called(module, 3, 4) == 49


def test_what_a_loop_does_not_change_is_computed_in_front_of_it():
    module = summed(lambda b, i, n, y: b.mul(y, y))
    before, _, _ = str(module).partition("body")
    assert " mul " in before
    assert called(module, 5, 4) == 80


def test_a_division_by_an_unknown_number_stays_behind_its_condition():
    module, b, (x, y) = begun(I64, I64)
    with b.if_then(b.icmp_signed("!=", y, I64(0))):
        b.ret(b.udiv(x, y))
    b.ret(I64(-1))
    assert [called(module, 12, y) for y in (5, 0)] == [2, -1]


def test_memory_is_read_each_time():
    module, b, (address,) = begun(I64)
    pointer = b.inttoptr(address, I64.as_pointer())
    first = b.load(pointer)
    b.store(b.add(first, I64(1)), pointer)
    b.ret(b.sub(b.load(pointer), first))
    assert called(module, np.zeros(1, np.int64).ctypes.data) == 1


def test_known_whole_numbers_are_reckoned_at_once():
    module, b, (x,) = begun(I64)
    known = b.mul(b.add(I64(2**63 - 1), I64(1)), I64(1))
    assert known.constant == -(2**63)
    assert b.add(x, I64(0)) is x
    assert b.mul(I64(1), x) is x
    b.ret(b.sub(I64(2), I64(5)))
    assert called(module, 0) == -3


@pytest.mark.parametrize("value", [0.0, -0.0, 0.1, -1e-40, 5e-324, 1e30, math.inf, math.nan])
@pytest.mark.parametrize(("kind", "code"), [(F32, "f"), (F64, "d")])
def test_constants_keep_their_bits(kind, code, value):
    module, b, _ = begun()
    whole = ir.IntType(8 * struct.calcsize(code))
    bits = b.bitcast(kind(value), whole)
    b.ret(bits if whole == I64 else b.zext(bits, I64))
    wanted = int.from_bytes(struct.pack(f"<{code}", value), "little", signed=code == "d")
    assert called(module) == wanted


def test_llvm_refuses_a_counter_behind_its_loop():
    """That the checks above can fail: such a value is not there."""
    module, b, (n,) = begun(I64)
    with counted(b, n) as (i, _, _):
        pass
    b.ret(i)
    with pytest.raises(RuntimeError, match="does not dominate all uses"):
        checked(module)
