"""Threads that run compiled code together."""

__all__: list[str] = []
