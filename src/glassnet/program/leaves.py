"""The plain numbers that a step may take beside its arrays."""

from glassnet import graph as g

RATE = g.input("learning_rate", (), "number")
SETTINGS = (RATE, g.SEED, g.STEP)  # in the order of the function's arguments
