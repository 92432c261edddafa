"""Compiled code: made, kept, loaded."""

__all__: list[str] = []
