"""The user's rows into the engine's memory."""

__all__: list[str] = []
