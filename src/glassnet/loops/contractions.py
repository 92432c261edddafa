"""Products of matrices and einsum as one: a letter for each axis."""

from __future__ import annotations

from glassnet.graph import Node


def letters_of(node: Node) -> tuple[list[str], str]:
    """A contraction as einsum writes it: the letters of each argument, and of the result."""
    if node.op.name == "einsum":
        left, result = node.settings["subscripts"].replace(" ", "").split("->")
        return left.split(","), result
    a, b = node.args
    stack = "abcdefghjklmnpqstuvwxyz"[: node.ndim - 2]  # i, r and o are the matrices' own
    return [stack[len(stack) - a.ndim + 2 :] + "ir", stack[len(stack) - b.ndim + 2 :] + "ro"], (
        stack + "io"
    )
