"""Programs: from formulas to statements that can be read and run."""

from glassnet.program import sources
from glassnet.program.build import evaluation_program, prediction_program, training_program
from glassnet.program.measure import Objective, target_spec
from glassnet.program.program import Output, Procedure, ProcedureCall, Program, Role, Statement
from glassnet.program.simplify import simplify

__all__ = [
    "Objective",
    "Output",
    "Procedure",
    "ProcedureCall",
    "Program",
    "Role",
    "Statement",
    "evaluation_program",
    "prediction_program",
    "simplify",
    "sources",
    "target_spec",
    "training_program",
]  # fmt: skip
