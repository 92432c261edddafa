"""A new language is a table of formulas and a grammar of a few statements."""

from cases.networks import BY_NAME

from glassnet.graph.op import ADD, ATOM, MUL
from glassnet.graph.text import bracketed
from glassnet.program import writers
from glassnet.program.sources import layout, statements

# A language of the test's own, in the manner of R.
TABLE = {"matmul": ("{} %*% {}", MUL), "add": ("{} + {}", ADD), "sigmoid": ("plogis({})", ATOM)}


class Toy:
    def formula(self, node, parts, batch):
        text, strength = TABLE[node.op.name]
        needed = 0 if strength == ATOM else strength
        return text.format(*(bracketed(part, needed) for part in parts)), strength

    def rows_of(self, name):
        return f"nrow({name})"

    def assignment(self, name, formula):
        return f"{name} <- {formula}"

    def change(self, name, target, value, written):
        return f"{name} <- {written(value)[0]}"

    def call(self, name, arguments):
        return f"{name}({', '.join(arguments)})"


def write(program, *, whole=False):
    body = statements.body(program, Toy())
    return "\n".join([*layout.sections(program, body.lines, "%"), *body.results])


def test_language_that_registers_its_writer_is_known(monkeypatch):
    monkeypatch.setattr(writers, "_WRITERS", dict(writers._WRITERS))
    writers.register("toy", write)
    program = BY_NAME["aim"].build().prediction_program()
    assert program.source("toy").splitlines() == [
        "    % forward",
        "    z1 <- x %*% W1 + b1     % (B, 4)",
        "    a1 <- plogis(z1)        % (B, 4)",
        "    z2 <- a1 %*% W2 + b2    % (B, 1)",
        "    a2 <- plogis(z2)        % (B, 1)",
        "a2",
    ]
