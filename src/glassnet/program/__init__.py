"""Programs: from formulas to statements that can be read and run."""

from glassnet.program import sources
from glassnet.program.build import (
    Goal,
    evaluation_program,
    prediction_program,
    target_spec,
    training_program,
)
from glassnet.program.program import Call, Output, Procedure, Program, Role, Statement
from glassnet.program.simplify import simplify

__all__ = [
    "Call", "Goal", "Output", "Procedure", "Program", "Role", "Statement", "evaluation_program",
    "prediction_program", "simplify", "sources", "target_spec", "training_program",
]  # fmt: skip
