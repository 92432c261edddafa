"""An object file put into memory by ourselves, on Linux with x86-64: no LLVM is loaded for it.

The sections are laid one after another, behind them a slot for each function from outside (a
jump and its address); then the relocations are applied as the ABI defines them. Whatever is not
plain comes back as None, and LLVM loads it.
"""

from __future__ import annotations

import ctypes
import mmap
import platform
import struct
import sys
from dataclasses import dataclass, field
from typing import Any, NamedTuple

_ALLOC, _NOBITS, _SYMTAB, _RELA = 2, 8, 2, 4  # ELF: a section flag, and kinds of sections
_ABSOLUTE, _RELATIVE, _SLOT = {1}, {2, 4}, {9, 41, 42}  # kinds of relocations
_JUMP = b"\xff\x25\x02\x00\x00\x00\x00\x00"  # jmp to the address that lies 8 bytes further
_READ_EXECUTE = 5


class _Section(NamedTuple):
    name: int
    kind: int
    flags: int
    address: int
    offset: int
    size: int
    link: int
    info: int
    align: int
    entry: int


class _Symbol(NamedTuple):
    name: int
    info: int
    other: int
    section: int
    value: int
    size: int


@dataclass
class _Image:
    """The file, its parts, and the memory that is being filled."""

    data: bytes
    sections: list[_Section]
    symbols: list[_Symbol]
    names: bytes
    at: dict[int, int] = field(default_factory=dict)  # where a section lies
    slots: dict[str, int] = field(default_factory=dict)
    memory: Any = None
    base: int = 0

    def name(self, symbol: _Symbol) -> str:
        return self.names[symbol.name : self.names.index(b"\0", symbol.name)].decode()


def loaded(data: bytes, name: str = "run") -> tuple[Any, int] | None:
    """(owner of the memory, address of a function); None where LLVM must load the file."""
    if sys.platform != "linux" or platform.machine() != "x86_64" or sys.maxsize < 2**32:
        return None
    try:
        image = _parsed(data)
        _lay(image)
        for section in image.sections:
            if section.kind == _RELA and section.info in image.at:
                _relocate(image, section)
        return _finished(image, name)
    except (LookupError, ValueError, OSError, AttributeError, struct.error):
        return None


def _parsed(data: bytes) -> _Image:
    if data[:6] != b"\x7fELF\x02\x01":
        raise ValueError("not a 64-bit ELF file")
    (first,) = struct.unpack_from("<Q", data, 0x28)
    size, count, _ = struct.unpack_from("<HHH", data, 0x3A)
    kind = struct.Struct("<IIQQQQIIQQ")
    sections = [_Section(*kind.unpack_from(data, first + i * size)) for i in range(count)]
    (table,) = [s for s in sections if s.kind == _SYMTAB]
    names = sections[table.link]
    found = struct.iter_unpack("<IBBHQQ", data[table.offset : table.offset + table.size])
    return _Image(data, sections, [_Symbol(*s) for s in found],
                  data[names.offset : names.offset + names.size])  # fmt: skip


def _lay(image: _Image) -> None:
    """Copy the sections into fresh memory, and fill the slots."""
    size = 0
    for i, section in enumerate(image.sections):
        if section.flags & _ALLOC and section.size:
            size += -size % max(1, section.align)
            image.at[i] = size
            size += section.size
    size += -size % 16
    outside = [image.name(s) for s in image.symbols[1:] if not s.section]
    image.memory = memory = mmap.mmap(-1, size + 16 * len(outside) + 16)
    image.base = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    for i, place in image.at.items():
        section = image.sections[i]
        if section.kind != _NOBITS:
            memory[place : place + section.size] = image.data[
                section.offset : section.offset + section.size
            ]
    for name in outside:
        memory[size : size + 16] = _JUMP + struct.pack("<Q", _outside(name))
        image.slots[name] = size
        size += 16


def _outside(name: str) -> int:
    """The address of a function of the C library; AttributeError where there is none."""
    found = ctypes.cast(ctypes.CDLL(None)[name], ctypes.c_void_p).value
    if not found:
        raise LookupError(name)
    return found


def _relocate(image: _Image, section: _Section) -> None:
    entries = image.data[section.offset : section.offset + section.size]
    for offset, info, addend in struct.iter_unpack("<QQq", entries):
        kind, symbol = info & 0xFFFFFFFF, image.symbols[info >> 32]
        place = image.at[section.info] + offset
        if symbol.section:
            target = image.at[symbol.section] + symbol.value
        else:
            target = image.slots[image.name(symbol)] + (8 if kind in _SLOT else 0)
        if kind in _ABSOLUTE and symbol.section:
            struct.pack_into("<Q", image.memory, place, image.base + target + addend)
        elif kind in _RELATIVE or (kind in _SLOT and not symbol.section):
            struct.pack_into("<i", image.memory, place, target + addend - place)
        else:
            raise ValueError(f"relocation {kind}")


def _finished(image: _Image, name: str) -> tuple[Any, int]:
    """From now on the memory is read and run, not written."""
    (symbol,) = [s for s in image.symbols if s.section and image.name(s) == name]
    library = ctypes.CDLL(None, use_errno=True)
    arguments = ctypes.c_void_p(image.base), ctypes.c_size_t(len(image.memory)), _READ_EXECUTE
    if library.mprotect(*arguments):
        raise OSError(ctypes.get_errno(), "mprotect")
    return image.memory, image.base + image.at[symbol.section] + symbol.value
