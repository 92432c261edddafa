"""Text for people to read: at the prompt it shows itself, line by line."""

from __future__ import annotations


class Text(str):
    r"""A str in every way but one: its repr is the text, without quotes and backslashes.

    >>> Text("one line\nand the next")
    one line
    and the next
    """

    __slots__ = ()

    __repr__ = str.__str__
