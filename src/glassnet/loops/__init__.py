"""From a program to loop nests: for native code, C and other targets alike."""

__all__: list[str] = []
