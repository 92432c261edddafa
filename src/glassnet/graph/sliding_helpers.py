"""The functions that convolutions and pooling are in plain NumPy, as texts.

def conv2d(x, w, padding=0):
    \"\"\"w slides over x: each window times w, summed over its places and channels.\"\"\"
    parts = windows2d(pad2d(x, padding), w.shape[:2])  # (n, i, j, c, k, l)
    return np.einsum("nijckl,klco->nijo", parts, w, optimize=True)
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from typing import NamedTuple

_POSITIONS = {1: ("i",), 2: ("i", "j"), 3: ("h", "i", "j")}
_KERNELS = {1: ("k",), 2: ("k", "l"), 3: ("k", "l", "m")}
_WIDTH = 95  # of a line in a function


class Form(NamedTuple):
    """What some calls need: which settings one of them has, and whether axes differ."""

    stride: bool = False
    padding: bool = False
    dilation: bool = False
    groups: bool = False
    differ: bool = False

    @staticmethod
    def of(forms: Iterable[Form]) -> Form:
        """What all of them need."""
        return Form(*map(any, zip(*[Form(), *forms], strict=True)))


GENERAL = Form(stride=True, padding=True, dilation=True, groups=True, differ=True)


class Function(NamedTuple):
    """A function of the text."""

    head: str
    doc: str
    lines: list[str]

    def __str__(self) -> str:
        lines = "".join(f"    {line}\n" for line in [f'"""{self.doc}"""', *self.lines])
        return f"def {self.head}:\n{lines}"


class Helpers:
    """The functions for images of so many axes.

    conv, pool  what the calls of convolutions and of pooling need
    pools       True where there is pooling: its windows have a stride
    """

    def __init__(self, rank: int, conv: Form, pool: Form, *, pools: bool = True) -> None:
        self.rank, self.conv, self.pool = rank, conv, pool
        self.both = Form.of([conv, pool, Form(stride=pools)])
        self.positions, self.kernel = _POSITIONS[rank], _KERNELS[rank]
        self.spatial = f".shape[:{rank}]"  # of a kernel
        self.axes = str(tuple(range(1, rank + 1)))
        self.last = "-1" if rank == 1 else str(tuple(range(-rank, 0)))

    def of(self, name: str) -> str:
        """An op's function, behind those that it calls."""
        found = {
            "conv": self._conv, "conv_weight": self._conv_weight, "conv_input": self._conv_input,
            "conv_transpose": self._conv_transpose, "max_pool": self._max_pool,
            "max_pool_input": self._max_pool_input, "max_pool_at": self._max_pool_at,
            "avg_pool": self._avg_pool, "avg_pool_input": self._avg_pool_input,
        }[name]()  # fmt: skip
        text = "\n".join(found.lines)
        below = [("windows", self._windows), ("pad", self._pad), ("cut", self._cut)]
        called = [make() for word, make in below if f"{word}{self.rank}d(" in text]
        return "\n\n".join(map(str, [*called, found]))

    # What all of them call.
    def _windows(self) -> Function:
        f, rank = self.both, self.rank
        index = ", ".join(("n", *self.positions, "c", *self.kernel))
        place = ", ".join(map(self._place, self.positions, self.kernel))
        said = f"# view[{index}] is x[n, {place}, c]"
        lines = textwrap.wrap(said, _WIDTH, subsequent_indent="#     ")
        lines += [
            f"{word} = np.broadcast_to({word}, {rank})"
            for word in ("stride", "dilation") if f.differ and getattr(f, word)
        ]  # fmt: skip
        if f.dilation:
            lines.append("reach = dilation * (np.array(size) - 1) + 1")
        covered = "reach" if f.dilation else "size"
        view = (
            f"np.lib.stride_tricks.sliding_window_view(x, {covered}, {self.axes}, writeable=True)"
        )
        cuts = [f"[:, {self._steps('stride')}]"] * f.stride
        cuts += [f"[..., {self._steps('dilation')}]"] * f.dilation
        lines += [f"view = {view}"] * bool(cuts) + [f"view = view{cut}" for cut in cuts[:-1]]
        lines.append(f"return view{cuts[-1]}" if cuts else f"return {view}")
        head = f"windows{rank}d(x, size" + ", stride=1" * f.stride + ", dilation=1" * f.dilation
        return Function(f"{head})", "Every window of x, as a view: nothing is copied.", lines)

    def _place(self, i: str, k: str) -> str:
        f = self.both
        return f"{i}{' * stride' if f.stride else ''} + {k}{' * dilation' if f.dilation else ''}"

    def _steps(self, word: str) -> str:
        each = [f"::{word}[{i}]" if self.both.differ else f"::{word}" for i in range(self.rank)]
        return ", ".join(each)

    def _pad(self) -> Function:
        doc = "The images x with room around them."
        if self.both.differ:
            lines = [
                f"pairs = np.broadcast_to(padding, ({self.rank}, 2))  # (before, behind)",
                "return np.pad(x, ((0, 0), *pairs, (0, 0)), constant_values=value)",
            ]
        else:
            widths = ", ".join(["(0, 0)", *["(padding, padding)"] * self.rank, "(0, 0)"])
            lines = [f"widths = ({widths})", "return np.pad(x, widths, constant_values=value)"]
        return Function(f"pad{self.rank}d(x, padding, value=0)", doc, lines)

    def _cut(self) -> Function:
        """The images of a size in the midst of padded ones."""
        if self.both.differ or self.rank > 2:
            lines = [
                f"first = np.broadcast_to(padding, ({self.rank}, 2))[:, 0]",
                "return x[(slice(None), *(slice(a, a + n) for a, n in zip(first, size)))]",
            ]
        else:
            inside = ", ".join(f"padding : padding + size[{i}]" for i in range(self.rank))
            lines = [f"return x[:, {inside}]"]
        doc = "The images of this size in padded ones: pad the other way."
        return Function(f"cut{self.rank}d(x, size, padding)", doc, lines)

    def _padded(self, x: str, form: Form, value: str = "") -> str:
        if not form.padding:
            return x
        return f"pad{self.rank}d({x}, padding{f', {value}' if value else ''})"

    def _without(self, x: str, size: str, form: Form) -> str:
        return f"cut{self.rank}d({x}, {size}, padding)" if form.padding else x

    def _room(self, form: Form, size: str) -> list[str]:
        """What makes `room` the sizes of padded images."""
        if not form.padding:
            return []
        if self.both.differ:
            return [f"room = size + np.broadcast_to(padding, ({self.rank}, 2)).sum(axis=1)".replace(
                "size", f"np.array({size})")]  # fmt: skip
        return [f"room = [n + 2 * padding for n in {size}]"]

    def _windows_of(self, x: str, size: str, form: Form) -> str:
        words = [x, size, *["stride"] * form.stride]
        if form.dilation:
            words.append("dilation" if form.stride or not self.both.stride else "dilation=dilation")
        return f"windows{self.rank}d({', '.join(words)})"

    # Convolutions.
    def _convolution(self, name: str, args: str, doc: str, lines: list[str]) -> Function:
        """With the settings that calls have, and with groups of channels where one has them."""
        f, words = self.conv, args.split(", ")
        usual = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1}
        given = [word for word in usual if getattr(f, word)]
        head = f"{name}({', '.join([*words, *(f'{word}={usual[word]}' for word in given)])})"
        if not f.groups:
            return Function(head, doc, lines)
        inner = ", ".join(["*pair", *words[2:], *given[:-1]])
        a, b = (f"np.split({word}, groups, axis=-1)" for word in words[:2])
        return Function(head, doc, [
            "if groups > 1:  # each group of channels has kernels of its own",
            f"    parts = [{name}({inner}) for pair in zip({a}, {b})]"
            if len(name + inner + a + b) < 60 else f"    pairs = zip({a}, {b})",
            *([] if len(name + inner + a + b) < 60 else
              [f"    parts = [{name}({inner}) for pair in pairs]"]),
            "    return np.concatenate(parts, axis=-1)",
            *lines,
        ])  # fmt: skip

    def _conv(self) -> Function:
        p, k = "".join(self.positions), "".join(self.kernel)
        parts = self._windows_of(self._padded("x", self.conv), f"w{self.spatial}", self.conv)
        met = ", ".join(("n", *self.positions, "c", *self.kernel))
        doc = "w slides over x: each window times w, summed over its places and channels."
        return self._convolution(f"conv{self.rank}d", "x, w", doc, [
            f"parts = {parts}  # ({met})",
            f'return np.einsum("n{p}c{k},{k}co->n{p}o", parts, w, optimize=True)',
        ])  # fmt: skip

    def _conv_weight(self) -> Function:
        p, k = "".join(self.positions), "".join(self.kernel)
        parts = self._windows_of(self._padded("x", self.conv), "size", self.conv)
        doc = f"The gradient of conv{self.rank}d for w: all that each weight was multiplied with."
        return self._convolution(f"conv{self.rank}d_weight", "x, dz, size", doc, [
            f"parts = {parts}",
            f'return np.einsum("n{p}c{k},n{p}o->{k}co", parts, dz, optimize=True)',
        ])  # fmt: skip

    def _conv_input(self) -> Function:
        doc = f"The gradient of conv{self.rank}d for x: each dz goes back through w to its window."
        return self._back(f"conv{self.rank}d_input", "dz", "dx", doc)

    def _conv_transpose(self) -> Function:
        doc = f"conv{self.rank}d the other way: each number of x goes through w to a window of z."
        return self._back(f"conv{self.rank}d_transpose", "x", "z", doc)

    def _back(self, name: str, dz: str, dx: str, doc: str) -> Function:
        f, at = self.conv, ", ".join(self.kernel)
        places = f"np.ndindex(w{self.spatial})" if self.rank > 1 else "range(len(w))"
        room = "room" if f.padding else "size"
        return self._convolution(name, f"{dz}, w, size", doc, [
            *self._room(f, "size"),
            f"{dx} = np.zeros((len({dz}), *{room}, w.shape[{self.rank}]), {dz}.dtype)",
            f"places = {self._windows_of(dx, f'w{self.spatial}', f)}  # a view of {dx}",
            f"for {at} in {places}:",
            f"    places[..., {at}] += {dz} @ w[{at}].T",
            f"return {self._without(dx, 'size', f)}",
        ])  # fmt: skip

    # Pooling.
    def _pooling(self, name: str, args: str, doc: str, lines: list[str]) -> Function:
        """With the settings that calls have, for each axis where they differ."""
        f, name = self.pool, f"{name[:8]}{self.rank}d{name[8:]}"
        head = f"{name}({args}, size" + ", stride=None" * f.stride + ", padding=0" * f.padding
        first = ["stride = size if stride is None else stride"] * f.stride
        first += [f"size = np.broadcast_to(size, {self.rank})"] * f.differ
        return Function(f"{head})", doc.format(f"{name[:10]}"), [*first, *lines])

    def _pools(self, x: str) -> str:
        """The windows that are pooled."""
        f = self.pool
        size = "size" if f.differ else str(("size",) * self.rank).replace("'", "")
        return f"windows{self.rank}d({x}, {size}, {'stride' if f.stride else 'size'})"

    def _each_place(self) -> str:
        words = "*size" if self.pool.differ else ", ".join(["size"] * self.rank)
        return f"np.ndindex({words})"

    def _top(self, x: str) -> str:
        return self._padded(x, self.pool, "-np.inf")

    def _max_pool(self) -> Function:
        return self._pooling("max_pool", "x", "The largest number of each window.", [
            f"return {self._pools(self._top('x'))}.max(axis={self.last})",
        ])  # fmt: skip

    def _max_pool_input(self) -> Function:
        f = self.pool
        shape = f"x.shape[1:{self.rank + 1}]"
        return self._pooling("max_pool_input", "dz, x", (
            "The gradient of {}: each dz goes to the first maximum of its window."
        ), [
            *([f"shape, x = {shape}, {self._top('x')}"] if f.padding else []),
            f"first = {self._pools('x')}.reshape(*dz.shape, -1).argmax(axis=-1)",
            "dx = np.zeros(x.shape, dz.dtype)",
            f"places = {self._pools('dx')}  # a view of dx",
            f"for i, at in enumerate({self._each_place()}):",
            "    places[(..., *at)] += dz * (first == i)",
            f"return {self._without('dx', 'shape', f)}",
        ])  # fmt: skip

    def _max_pool_at(self) -> Function:
        lead = f"parts.shape[:{self.rank + 2}]"
        return self._pooling("max_pool_at", "h, x", (
            "Of h, the number at the first maximum of each window of x."
        ), [
            f"parts = {self._pools(self._padded('h', self.pool))}",
            f"parts = parts.reshape(*{lead}, -1)",
            f"first = {self._pools(self._top('x'))}.reshape(parts.shape).argmax(axis=-1)",
            "return np.take_along_axis(parts, first[..., None], axis=-1)[..., 0]",
        ])  # fmt: skip

    def _counted(self, sizes: str, dtype: str) -> list[str]:
        """How many numbers each window has; padding is none."""
        f = self.pool
        if not f.padding:
            whole = (
                "int(np.prod(size))"
                if f.differ
                else (f"size**{self.rank}" if self.rank > 1 else "size")
            )
            return [f"count = {whole}"]
        real = f"pad{self.rank}d(np.ones((1, *{sizes}, 1), {dtype}), padding)"
        return [
            f"real = {real}",
            f"count = {self._pools('real')}.sum(axis={self.last})  # without padding",
        ]

    def _avg_pool(self) -> Function:
        f, doc = self.pool, "The mean of each window."
        if not f.padding:
            lines = [f"return {self._pools('x')}.mean(axis={self.last})"]
            return self._pooling("avg_pool", "x", doc, lines)
        return self._pooling("avg_pool", "x", doc, [
            *self._counted(f"x.shape[1:{self.rank + 1}]", "x.dtype"),
            f"x = {self._padded('x', f)}",
            f"return {self._pools('x')}.sum(axis={self.last}) / count",
        ])  # fmt: skip

    def _avg_pool_input(self) -> Function:
        f = self.pool
        room = "room" if f.padding else "shape"
        return self._pooling("avg_pool_input", "dz, shape", (
            "The gradient of {}: each dz is shared out to its window."
        ), [
            *self._counted("shape", "dz.dtype"),
            *self._room(f, "shape"),
            f"dx = np.zeros((len(dz), *{room}, dz.shape[-1]), dz.dtype)",
            f"places = {self._pools('dx')}  # a view of dx",
            f"for at in {self._each_place()}:",
            "    places[(..., *at)] += dz / count",
            f"return {self._without('dx', 'shape', f)}",
        ])  # fmt: skip
