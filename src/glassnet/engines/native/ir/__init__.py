"""LLVM's language: types, modules, and a builder that writes instructions.

The names are those of llvmlite.ir, of which this is the part that the engine needs.
"""

from __future__ import annotations

from glassnet.engines.native.ir.builder import Access, IRBuilder, Phi
from glassnet.engines.native.ir.module import Block, Function, GlobalVariable, Module
from glassnet.engines.native.ir.types import (
    ArrayType,
    Constant,
    DoubleType,
    FloatType,
    FunctionType,
    IntType,
    LiteralStructType,
    PointerType,
    Type,
    Undefined,
    Value,
    VectorType,
    VoidType,
)

__all__ = [
    "Access",
    "ArrayType",
    "Block",
    "Constant",
    "DoubleType",
    "FloatType",
    "Function",
    "FunctionType",
    "GlobalVariable",
    "IRBuilder",
    "IntType",
    "LiteralStructType",
    "Module",
    "Phi",
    "PointerType",
    "Type",
    "Undefined",
    "Value",
    "VectorType",
    "VoidType",
]
