"""The rules by which `simplify` rewrites a formula, by the op that they look at.

A rule takes a node and its arguments and gives the plainer form, or None where it has nothing to
say. It may rely on the shape and kind of what it gives: `simplify` drops what has another. The
first rule of an op that says something is taken; its order in the table changes no result.
"""

from collections.abc import Callable
from typing import Any

from glassnet.program.rules import arithmetic, choice, safe, shapes

Rule = Callable[..., Any]  # (node, *arguments) -> another node, or None

RULES: dict[str, tuple[Rule, ...]] = {
    "add": (shapes.joined, arithmetic.add, safe.bernoulli, choice.either, arithmetic.common),
    "sub": (arithmetic.sub, choice.either, arithmetic.common),
    "mul": (arithmetic.mul, choice.into_branch, arithmetic.fill_inwards,
            arithmetic.division_outwards, arithmetic.factor_outwards),
    "div": (safe.quotient, arithmetic.div, choice.quotient_into_branch, arithmetic.lowest_terms,
            shapes.mean_of_sum),
    "neg": (arithmetic.neg,),
    "pow": (arithmetic.pow_,),
    "log": (safe.log,),
    "log1p": (safe.log1p,),
    "where": (choice.where,),
    "less": (choice.constant_last,),
    "less_equal": (choice.constant_last,),
    "greater": (choice.constant_last,),
    "greater_equal": (choice.constant_last,),
    "sum": (shapes.whole_reduction, shapes.axes, shapes.scale_outwards),
    "mean": (shapes.whole_reduction, shapes.axes, shapes.scale_outwards),
    "reshape": (shapes.reshape,),
    "expand": (shapes.expand,),
    "transpose": (shapes.transpose,),
    "matmul": (shapes.product,),
    "cast": (shapes.cast,),
}  # fmt: skip

__all__ = ["RULES", "Rule"]
