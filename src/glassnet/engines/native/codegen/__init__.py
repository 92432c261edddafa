"""Loop nests as LLVM code."""

__all__: list[str] = []
