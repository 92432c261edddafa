"""Convolutions and pooling in plain NumPy: how they are called, and the helpers that they call.

A helper is only as general as the calls of its program need: `conv2d(x, w)` knows of no stride as
long as no call has one. What a helper must know is found from all calls in the program; without
any, it is the most general form, which can be called in every way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from glassnet.graph.node import Node
from glassnet.graph.sliding import Sliding, each, pairs

_CONVOLUTIONS = ("conv", "conv_input", "conv_weight", "conv_transpose")
_POOLING = ("max_pool", "max_pool_input", "max_pool_at", "avg_pool", "avg_pool_input")
_POSITIONS = {1: ("i",), 2: ("i", "j"), 3: ("h", "i", "j")}
_KERNELS = {1: ("k",), 2: ("k", "l"), 3: ("k", "l", "m")}
_IMAGES = {1: "sequences", 2: "images", 3: "volumes"}


def pool_sliding(rank: int, settings: dict[str, Any]) -> Sliding:
    """How the windows of pooling slide: side by side, unless a stride is given."""
    size, stride = settings["size"], settings.get("stride")
    stride = size if stride is None else stride
    return Sliding.of(size, rank, stride, padding=settings.get("padding", 0))


# Calls.
def writer(name: str) -> Callable[[list[str], dict[str, Any], Node], str]:
    """What writes a call: conv2d(x, W1, stride=2, padding=1)."""

    def write(parts: list[str], settings: dict[str, Any], node: Node) -> str:
        rank = _rank(node)
        words = [*parts, *_words(rank, settings, is_pool=name in _POOLING)]
        return f"{_in_print(name, rank)}({', '.join(words)})"

    return write


def _in_print(name: str, rank: int) -> str:
    """max_pool_input -> max_pool2d_input."""
    base = "conv" if name in _CONVOLUTIONS else name[: len("max_pool")]
    return f"{base}{rank}d{name.removeprefix(base)}"


def _rank(node: Node) -> int:
    return node.args[0].ndim - 2


def _words(rank: int, settings: dict[str, Any], *, is_pool: bool) -> Iterator[str]:
    """The settings of a call, without those that are as usual."""
    sizes = settings.get("sizes" if is_pool else "size")
    if sizes is not None:
        yield _tuple(each(sizes, rank))
    if is_pool:
        yield _one_or_each(pool_sliding(rank, settings).size)
    stride = settings.get("stride")
    size = settings["size"] if is_pool else 1
    if stride is not None and each(stride, rank) != each(size, rank):
        yield f"stride={_one_or_each(each(stride, rank))}"
    padding = pairs(settings.get("padding", 0), rank)
    if any(map(any, padding)):
        yield f"padding={_padding(padding)}"
    dilation = each(settings.get("dilation", 1), rank)
    if set(dilation) != {1}:
        yield f"dilation={_one_or_each(dilation)}"
    if settings.get("groups", 1) != 1:
        yield f"groups={settings['groups']}"


def _tuple(numbers: Sequence[int]) -> str:
    return str(tuple(numbers))


def _one_or_each(numbers: Sequence[int]) -> str:
    return str(numbers[0]) if len(set(numbers)) == 1 else _tuple(numbers)


def _padding(padding: Sequence[tuple[int, int]]) -> str:
    sides = {n for pair in padding for n in pair}
    return str(sides.pop()) if len(sides) == 1 else str(tuple(padding))


# What the helpers of a program must know.
class Form(NamedTuple):
    """Of some calls: which settings one of them has, and whether axes differ."""

    stride: bool = False
    padding: bool = False
    dilation: bool = False
    groups: bool = False
    differ: bool = False

    @staticmethod
    def of(nodes: Sequence[Node]) -> Form:
        """What these calls need."""
        found = [_form(node) for node in nodes]
        return Form(*(any(flags) for flags in zip(*found, strict=True))) if found else Form()

    def joined(self, other: Form) -> Form:
        """What both need."""
        return Form(*(a or b for a, b in zip(self, other, strict=True)))


_GENERAL = Form(stride=True, padding=True, dilation=True, groups=True, differ=True)


def _form(node: Node) -> Form:
    rank, settings = _rank(node), node.settings
    if node.op.name in _POOLING:
        slid = pool_sliding(rank, settings)
        usual = slid.size
    else:
        slid = Sliding.of(1, rank, settings.get("stride", 1), settings.get("dilation", 1),
                          settings.get("padding", 0))  # fmt: skip
        usual = (1,) * rank
    sides = {n for pair in slid.padding for n in pair}
    differ = any(len(set(n)) > 1 for n in (slid.size, slid.stride, slid.dilation, tuple(sides)))
    return Form(
        slid.stride != usual, sides != {0}, set(slid.dilation) != {1},
        settings.get("groups", 1) != 1, differ,
    )  # fmt: skip


def helper_of(name: str) -> Callable[[Sequence[Node]], str]:
    """The functions that calls of an op need, for the calls in a program; all forms for none."""

    def helper(nodes: Sequence[Node]) -> str:
        own = [node for node in nodes if node.op.name == name]
        ranks = sorted({_rank(node) for node in own}) or [1, 2, 3]
        return "\n\n".join(_Helpers(rank, nodes).of(name) for rank in ranks)

    return helper


class _Helpers:
    """The helpers for images of so many axes, in a program of these nodes."""

    def __init__(self, rank: int, nodes: Sequence[Node]) -> None:
        of = {kind: [n for n in nodes if n.op.name in names and _rank(n) == rank]
              for kind, names in (("conv", _CONVOLUTIONS), ("pool", _POOLING))}  # fmt: skip
        general = not any(of.values())
        self.rank = rank
        self.conv = _GENERAL if general else Form.of(of["conv"])
        self.pool = _GENERAL._replace(dilation=False, groups=False) if general else (
            Form.of(of["pool"])
        )
        both = self.conv.joined(self.pool)
        self.windows = both._replace(stride=both.stride or bool(of["pool"]))
        self.positions, self.kernel = _POSITIONS[rank], _KERNELS[rank]
        self.colons = ", ".join(":" * rank)

    def of(self, name: str) -> str:
        """An op's function, behind the function that it calls."""
        write = {
            "conv": self._conv, "conv_input": self._conv_input,
            "conv_transpose": self._conv_transpose, "conv_weight": self._conv_weight,
            "max_pool": self._max_pool, "max_pool_input": self._max_pool_input,
            "max_pool_at": self._max_pool_at, "avg_pool": self._avg_pool,
            "avg_pool_input": self._avg_pool_input,
        }[name]  # fmt: skip
        return f"{_function(*self._windows())}\n\n{_function(*write())}"

    # Windows.
    def _windows(self) -> tuple[str, str, list[str]]:
        f, rank = self.windows, self.rank
        head = f"windows{rank}d(x, size" + ", stride=1" * f.stride + ", dilation=1" * f.dilation
        place = ", ".join(self._place(i, k) for i, k in zip(self.positions, self.kernel,
                                                            strict=True))  # fmt: skip
        index = ", ".join(("n", *self.positions, "c", *self.kernel))
        doc = f"Every window of x, as a view: ({index}) is x[n, {place}, c]."
        lines = [
            f"{word} = np.broadcast_to({word}, {rank})"
            for word in ("stride", "dilation") if f.differ and getattr(f, word)
        ]  # fmt: skip
        if f.dilation:
            lines.append("reach = dilation * (np.array(size) - 1) + 1")
        axes = _tuple(range(1, rank + 1))
        view = (
            f"np.lib.stride_tricks.sliding_window_view(x, {'reach' if f.dilation else 'size'}, "
            f"axis={axes}, writeable=True)"
        )
        if not f.stride and not f.dilation:
            return head + ")", doc, [*lines, f"return {view}"]
        steps = self._steps("stride") if f.stride else [":"] * rank
        inside = [":", *steps, *([":", *self._steps("dilation")] if f.dilation else [])]
        return head + ")", doc, [*lines, f"view = {view}", f"return view[{', '.join(inside)}]"]

    def _place(self, i: str, k: str) -> str:
        f = self.windows
        return f"{i}{' * stride' if f.stride else ''} + {k}{' * dilation' if f.dilation else ''}"

    def _steps(self, word: str) -> list[str]:
        return [f"::{word}[{i}]" if self.windows.differ else f"::{word}" for i in range(self.rank)]

    def _windows_of(self, x: str, size: str, form: Form, stride: str = "stride") -> str:
        words = [x, size]
        if form.stride or stride != "stride":
            words.append(stride)
        if form.dilation:
            words.append("dilation" if len(words) == 3 or not self.windows.stride
                         else "dilation=dilation")  # fmt: skip
        return f"windows{self.rank}d({', '.join(words)})"

    # Padding.
    def _pad(self, x: str, form: Form, value: str = "") -> list[str]:
        if not form.padding:
            return []
        filled = f", constant_values={value}" if value else ""
        if form.differ:
            return [*self._sides(form), f"{x} = np.pad({x}, ((0, 0), *padding, (0, 0)){filled})"]
        widths = ", ".join(["(0, 0)", *["(padding, padding)"] * self.rank, "(0, 0)"])
        return [f"{x} = np.pad({x}, ({widths}){filled})"]

    def _sides(self, form: Form) -> list[str]:
        if not (form.padding and form.differ):
            return []
        return [f"padding = np.broadcast_to(padding, ({self.rank}, 2))  # before and behind"
                if self.rank > 1 else "padding = np.broadcast_to(padding, (1, 2))"]  # fmt: skip

    def _room(self, form: Form, size: str = "size") -> str:
        """The sizes of the padded images."""
        if not form.padding:
            return f"*{size}"
        if form.differ:
            return f"*(n + sum(p) for n, p in zip({size}, padding))"
        return f"*(n + 2 * padding for n in {size})"

    def _cut(self, x: str, form: Form, size: str = "size") -> str:
        """The images without their padding."""
        if not form.padding:
            return x
        first = "padding[{0}, 0]" if form.differ else "padding"
        slices = [f"{first} : {first} + {size}[{{0}}]".format(i) for i in range(self.rank)]
        return f"{x}[:, {', '.join(slices)}]"

    # Convolutions.
    def _arguments(self, form: Form) -> str:
        usual = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1}
        return "".join(f", {word}={n}" for word, n in usual.items() if getattr(form, word))

    def _in_groups(self, call: str, a: str, b: str, more: str = "") -> list[str]:
        """Each group of channels on its own."""
        if not self.conv.groups:
            return []
        words = [w for w in ("stride", "padding", "dilation") if getattr(self.conv, w)]
        given = "".join(f", {word}" for word in ([more] if more else []) + words)
        return [
            "if groups > 1:  # each group of channels has kernels of its own",
            f"    pairs = zip(np.split({a}, groups, axis=-1), np.split({b}, groups, axis=-1))",
            f"    return np.concatenate([{call}(*pair{given}) for pair in pairs], axis=-1)",
        ]

    def _conv(self) -> tuple[str, str, list[str]]:
        f, name = self.conv, f"conv{self.rank}d"
        met = ", ".join(("n", *self.positions, "c", *self.kernel))
        doc = "w slides over x: each window times w, summed over its places and channels."
        size = f"w.shape[:{self.rank}]"
        letters = self._letters()
        return f"{name}(x, w{self._arguments(f)})", doc, [
            *self._in_groups(name, "x", "w"),
            *self._pad("x", f),
            f"parts = {self._windows_of('x', size, f)}  # ({met})",
            f'return np.einsum("{letters}", parts, w, optimize=True)',
        ]  # fmt: skip

    def _letters(self) -> str:
        p, k = "".join(self.positions), "".join(self.kernel)
        return f"n{p}c{k},{k}co->n{p}o"

    def _conv_weight(self) -> tuple[str, str, list[str]]:
        f, name = self.conv, f"conv{self.rank}d_weight"
        p, k = "".join(self.positions), "".join(self.kernel)
        return f"{name}(x, dz, size{self._arguments(f)})", (
            f"The gradient of conv{self.rank}d for w: all that each weight was multiplied with."
        ), [
            *self._in_groups(name, "x", "dz", "size"),
            *self._pad("x", f),
            f"parts = {self._windows_of('x', 'size', f)}",
            f'return np.einsum("n{p}c{k},n{p}o->{k}co", parts, dz, optimize=True)',
        ]  # fmt: skip

    def _conv_input(self) -> tuple[str, str, list[str]]:
        doc = (f"The gradient of conv{self.rank}d for x: each dz goes back through w to its "
               "window.")  # fmt: skip
        return self._back(f"conv{self.rank}d_input", "dz", "dx", doc)

    def _conv_transpose(self) -> tuple[str, str, list[str]]:
        doc = f"conv{self.rank}d the other way: each number of x goes through w to a window of z."
        return self._back(f"conv{self.rank}d_transpose", "x", "z", doc)

    def _back(self, name: str, dz: str, dx: str, doc: str) -> tuple[str, str, list[str]]:
        f, at = self.conv, ", ".join(self.kernel)
        size = f"w.shape[:{self.rank}]"
        loop = f"for {at} in np.ndindex({size}):" if self.rank > 1 else (
            "for k in range(len(w)):"
        )
        return f"{name}({dz}, w, size{self._arguments(f)})", doc, [
            *self._in_groups(name, dz, "w", "size"),
            *self._sides(f),
            f"{dx} = np.zeros((len({dz}), {self._room(f)}, w.shape[{self.rank}]), {dz}.dtype)",
            f"places = {self._windows_of(dx, size, f)}  # a view of {dx}",
            loop,
            f"    places[..., {at}] += {dz} @ w[{at}].T",
            f"return {self._cut(dx, f)}",
        ]  # fmt: skip

    # Pooling.
    def _pool_arguments(self) -> str:
        f = self.pool
        return "size" + ", stride=None" * f.stride + ", padding=0" * f.padding

    def _pool_head(self) -> list[str]:
        """Settings for each axis, where they are needed."""
        f, lines = self.pool, []
        if f.stride:
            lines.append("stride = size if stride is None else stride")
        if f.differ:
            lines.append(f"size = np.broadcast_to(size, {self.rank})")
        return lines

    def _pool_size(self) -> str:
        if self.pool.differ:
            return "size"
        return f"({', '.join(['size'] * self.rank)}{',' * (self.rank == 1)})"

    def _pool_windows(self, x: str) -> str:
        f = self.pool
        return self._windows_of(x, self._pool_size(), Form(), "stride" if f.stride else "size") \
            if not f.stride else self._windows_of(x, self._pool_size(), Form(stride=True))

    def _last_axes(self) -> str:
        return "-1" if self.rank == 1 else _tuple(range(-self.rank, 0))

    def _max_pool(self) -> tuple[str, str, list[str]]:
        return f"max_pool{self.rank}d(x, {self._pool_arguments()})", (
            "The largest number of each window."
        ), [
            *self._pool_head(),
            *self._pad("x", self.pool, "-np.inf"),
            f"return {self._pool_windows('x')}.max(axis={self._last_axes()})",
        ]  # fmt: skip

    def _first(self, shape: str) -> list[str]:
        return [
            *self._pool_head(),
            *self._pad("x", self.pool, "-np.inf"),
            f"first = {self._pool_windows('x')}.reshape({shape}, -1).argmax(axis=-1)",
        ]  # fmt: skip

    def _max_pool_input(self) -> tuple[str, str, list[str]]:
        f = self.pool
        inner = f"x.shape[1:{self.rank + 1}]"
        return f"max_pool{self.rank}d_input(dz, x, {self._pool_arguments()})", (
            f"The gradient of max_pool{self.rank}d: each dz goes to the first maximum of its "
            "window."
        ), [
            *([f"shape = {inner}"] if f.padding else []),
            *self._first("*dz.shape"),
            "dx = np.zeros(x.shape, dz.dtype)",
            f"places = {self._pool_windows('dx')}  # a view of dx",
            f"for i, at in enumerate(np.ndindex{self._ndindex()}):",
            "    places[(..., *at)] += dz * (first == i)",
            f"return {self._cut('dx', f, 'shape')}",
        ]  # fmt: skip

    def _ndindex(self) -> str:
        return "(*size)" if self.pool.differ else f"({', '.join(['size'] * self.rank)})"

    def _max_pool_at(self) -> tuple[str, str, list[str]]:
        lead = f"parts.shape[:{self.rank + 2}]"
        lines = self._first(f"*{lead}")
        last = lines.pop()
        pad = self._pad("h", self.pool)[-1:]
        return f"max_pool{self.rank}d_at(h, x, {self._pool_arguments()})", (
            "Of h, the number at the first maximum of each window of x."
        ), [
            *lines, *pad,
            f"parts = {self._pool_windows('h')}",
            f"parts = parts.reshape(*{lead}, -1)",
            last.replace(f".reshape(*{lead}, -1)", ".reshape(parts.shape)"),
            "return np.take_along_axis(parts, first[..., None], axis=-1)[..., 0]",
        ]  # fmt: skip

    def _share(self, like: str) -> list[str]:
        """How many numbers, without padding, each window has: 1 / share of each."""
        shape = f"(1, *{like}, 1)"
        return [
            f"real = np.pad(np.ones({shape}), ((0, 0), *padding, (0, 0)))" if self.pool.differ else
            f"real = np.pad(np.ones({shape}), "
            f"({', '.join(['(0, 0)', *['(padding, padding)'] * self.rank, '(0, 0)'])}))",
            f"count = {self._pool_windows('real')}.sum(axis={self._last_axes()})  # without padding",
        ]  # fmt: skip

    def _avg_pool(self) -> tuple[str, str, list[str]]:
        f, head = self.pool, f"avg_pool{self.rank}d(x, {self._pool_arguments()})"
        doc = "The mean of each window."
        if not f.padding:
            return head, doc, [
                *self._pool_head(),
                f"return {self._pool_windows('x')}.mean(axis={self._last_axes()})",
            ]  # fmt: skip
        total = f"{self._pool_windows('x')}.sum(axis={self._last_axes()})"
        return head, doc, [
            *self._pool_head(), *self._sides(f),
            *self._share(f"x.shape[1:{self.rank + 1}]"),
            *self._pad("x", f)[-1:],
            f"return {total} / count.astype(x.dtype)",
        ]  # fmt: skip

    def _avg_pool_input(self) -> tuple[str, str, list[str]]:
        f = self.pool
        count = "count.astype(dz.dtype)" if f.padding else (
            "int(np.prod(size))" if f.differ else f"size**{self.rank}" if self.rank > 1 else "size"
        )
        return f"avg_pool{self.rank}d_input(dz, shape, {self._pool_arguments()})", (
            f"The gradient of avg_pool{self.rank}d: each dz is shared out to its window."
        ), [
            *self._pool_head(), *self._sides(f),
            *(self._share("shape") if f.padding else []),
            f"dx = np.zeros((len(dz), {self._room(f, 'shape')}, dz.shape[-1]), dz.dtype)",
            f"places = {self._pool_windows('dx')}  # a view of dx",
            f"for at in np.ndindex{self._ndindex()}:",
            f"    places[(..., *at)] += dz / {count}",
            f"return {self._cut('dx', f, 'shape')}",
        ]  # fmt: skip


def _function(head: str, doc: str, lines: Sequence[str]) -> str:
    return "\n".join([f"def {head}:", f'    """{doc}"""', *(f"    {line}" for line in lines)]) + "\n"
