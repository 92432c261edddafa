"""Losses of distances: twins and triplets, whose networks learn what is alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from glassnet import graph as g
from glassnet.errors import SettingError, ShapeError
from glassnet.graph import Node
from glassnet.losses.loss import Loss
from glassnet.spec import shape_text

_FEWEST = 2  # distances of a triplet


@dataclass(frozen=True)
class Contrastive(Loss):
    """y d^2 / 2 + (1 - y) max(margin - d, 0)^2 / 2 of a distance d between two rows.

    y is 1 where the two are alike, and 0 where they are not: those end `margin` apart or farther.
    (Hadsell et al., 2006, equation 4, whose Y is 1 - y.)

    >>> import glassnet as gn
    >>> encoder = gn.Network([gn.Dense(4, "tanh"), gn.Dense(2)], name="encoder")
    >>> x1, x2 = gn.Input((3,)), gn.Input((3,))
    >>> twins = gn.Network(inputs=[x1, x2], outputs=gn.Distance()(encoder(x1), encoder(x2)))
    >>> one, two = [[1, 0, 0], [0, 1, 0]], [[1, 0, 0], [0, 0, 1]]
    >>> history = twins.fit([one, two], [1, 0], loss="contrastive", epochs=300, verbose=0)
    >>> twins.predict([one, two]).ravel().round(1).tolist()
    [0.0, 1.0]
    """

    title: ClassVar[str] = "contrastive"
    margin: float = 1.0

    def __post_init__(self) -> None:
        _check_margin(self)

    def formula(self, y: Node, p: Node) -> Node:
        """(B, ...)."""
        near = g.relu((self.margin - p).named("gap")).named("near")
        return (y * p**2 + (1 - y).named("unlike") * near**2) / 2


@dataclass(frozen=True)
class Triplet(Loss):
    """max(d_alike - d_other + margin, 0) of the distances from an anchor to two rows (B, 2).

    y says which of the two is the alike one, 0 or 1; where it always comes first, y is all 0. Of
    more distances (B, K) all but the y-th are others, and the mean over them is taken. (Schroff et
    al., 2015, equation 3, with distances as in PyTorch, not their squares.)

    >>> import glassnet as gn
    >>> encoder = gn.Network([gn.Dense(4, "tanh"), gn.Dense(2)], name="encoder")
    >>> anchor, alike, other = (gn.Input((3,), name=name) for name in ("anchor", "alike", "other"))
    >>> a = encoder(anchor)
    >>> d = gn.Concatenate()(gn.Distance()(a, encoder(alike)), gn.Distance()(a, encoder(other)))
    >>> net = gn.Network(inputs=[anchor, alike, other], outputs=d)
    >>> rows = {"anchor": [[1, 0, 0]], "alike": [[1, 0.1, 0]], "other": [[0, 0, 1]]}
    >>> history = net.fit(rows, [0], loss=gn.losses.Triplet(margin=1.0), epochs=300, verbose=0)
    >>> near, far = net.predict(rows)[0]
    >>> bool(far - near > 0.99)
    True
    """

    title: ClassVar[str] = "triplet"
    target: ClassVar[str] = "class"
    margin: float = 1.0

    def __post_init__(self) -> None:
        _check_margin(self)

    def formula(self, y: Node, p: Node) -> Node:
        """(B, ...)."""
        K = int(p.shape[-1])
        if K < _FEWEST:
            raise ShapeError(
                f"Triplet: the output is two distances or more, (B, 2), got {shape_text(p.shape)}: "
                "gn.Concatenate()(gn.Distance()(a, alike), gn.Distance()(a, other))."
            )
        alike = g.expand_dims(g.pick(p, y), -1).named("alike")
        others = (1 - g.one_hot(y, depth=K, dtype=p.dtype)).named("others")
        return g.sum(others * g.relu(alike - p + self.margin), axis=-1) / (K - 1)


def _check_margin(loss: Contrastive | Triplet) -> None:
    if not loss.margin > 0:
        name = type(loss).__name__
        raise SettingError(f"{name}: margin must be more than 0, got {loss.margin!r}.")
