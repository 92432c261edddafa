"""The optimisers' formulas. Where frameworks differ, PyTorch's definition holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from glassnet import graph as g
from glassnet.graph import Node
from glassnet.optim.optimizer import Optimizer
from glassnet.optim.schedules import Schedule
from glassnet.optim.settings import refuse

New = dict[str, Node]


@dataclass(frozen=True)
class SGD(Optimizer):
    """Gradient descent: w -= learning_rate * dw.

    With momentum, v = momentum * v + dw and w -= learning_rate * v; with nesterov=True,
    w -= learning_rate * (dw + momentum * v). (Sutskever et al., 2013, in PyTorch's form.)
    """

    learning_rate: float | Schedule = 0.01
    momentum: float = 0.0
    nesterov: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.nesterov and not self.momentum:
            refuse(self, "momentum", "above 0 with nesterov=True", self.momentum)

    @property
    def title(self) -> str:
        """What the printed program calls it."""
        kind = " with Nesterov momentum" if self.nesterov else " with momentum"
        return "gradient descent" + (kind if self.momentum else "")

    @property
    def active_slots(self) -> dict[str, float]:
        """The velocity v, with momentum."""
        return {"v": 0.0} if self.momentum else {}

    def update(self, w: Node, dw: Node, learning_rate: Node, t: Node, **slots: Node) -> New:
        """w, or v and w."""
        if not self.momentum:
            return {"w": w - learning_rate * dw}
        v = self.setting("momentum") * slots["v"] + dw
        step = dw + self.setting("momentum") * v if self.nesterov else v
        return {"v": v, "w": w - learning_rate * step}


@dataclass(frozen=True)
class Adam(Optimizer):
    """Means of the gradient and of its square, each corrected for its start at 0.

    w -= learning_rate * m_hat / (sqrt(v_hat) + epsilon); epsilon stands outside of the root and
    after the correction. (Kingma & Ba, 2015, algorithm 1.)
    """

    slots: ClassVar[dict[str, float]] = {"m": 0.0, "v": 0.0}
    learning_rate: float | Schedule = 0.001
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8

    def update(self, w: Node, dw: Node, learning_rate: Node, t: Node, **slots: Node) -> New:
        """m, v and w."""
        m, v = _moments(self, dw, slots)
        return {"m": m, "v": v, "w": w - learning_rate * self.direction(m, v, t)}

    def direction(self, m: Node, v: Node, t: Node) -> Node:
        """m_hat / (sqrt(v_hat) + epsilon)."""
        m_hat = (m / (1 - g.pow(self.setting("beta1"), t))).named("m_hat")
        v_hat = (v / (1 - g.pow(self.setting("beta2"), t))).named("v_hat")
        return m_hat / (g.sqrt(v_hat) + self.setting("epsilon"))


def _moments(rule: Optimizer, dw: Node, slots: New) -> tuple[Node, Node]:
    """Exponential means of dw and dw^2: m += (1 - beta) * (dw - m)."""
    m, v = slots["m"], slots["v"]
    return m + rule.rest("beta1") * (dw - m), v + rule.rest("beta2") * (dw**2 - v)


@dataclass(frozen=True)
class AdamW(Adam):
    """Adam, and weights that decay on their own: w -= learning_rate * weight_decay * w besides.

    (Loshchilov & Hutter, 2019.)
    """

    weight_decay: float = 0.01

    def update(self, w: Node, dw: Node, learning_rate: Node, t: Node, **slots: Node) -> New:
        """m, v and w."""
        m, v = _moments(self, dw, slots)
        step = self.direction(m, v, t) + self.setting("weight_decay") * w
        return {"m": m, "v": v, "w": w - learning_rate * step}


@dataclass(frozen=True)
class Nadam(Optimizer):
    """Adam with Nesterov's look ahead and a momentum that grows (Dozat, 2016; PyTorch's form)."""

    slots: ClassVar[dict[str, float]] = {"m": 0.0, "v": 0.0, "mu_product": 1.0}
    learning_rate: float | Schedule = 0.002
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    momentum_decay: float = 0.004

    def update(self, w: Node, dw: Node, learning_rate: Node, t: Node, **slots: Node) -> New:
        """m, v, the product of all momenta so far, and w."""
        m, v = _moments(self, dw, slots)
        mu = self._momentum(t).named("mu")
        mu_next = self._momentum(t + 1).named("mu_next")
        product = slots["mu_product"] * mu
        ahead = dw * (1 - mu) / (1 - product) + m * mu_next / (1 - product * mu_next)
        v_hat = (v / (1 - g.pow(self.setting("beta2"), t))).named("v_hat")
        step = ahead.named("m_hat") / (g.sqrt(v_hat) + self.setting("epsilon"))
        return {"m": m, "v": v, "mu_product": product, "w": w - learning_rate * step}

    def _momentum(self, t: Node) -> Node:
        return self.setting("beta1") * (1 - 0.5 * g.pow(0.96, t * self.setting("momentum_decay")))


@dataclass(frozen=True)
class RMSprop(Optimizer):
    """Each number's gradient over the root of its mean square: w -= rate * dw / (sqrt(v) + eps).

    (Hinton, lecture 6 of 'Neural networks for machine learning', 2012.)
    """

    learning_rate: float | Schedule = 0.01
    rho: float = 0.99
    epsilon: float = 1e-8
    momentum: float = 0.0

    @property
    def active_slots(self) -> dict[str, float]:
        """The mean square v, and the velocity u with momentum."""
        return {"v": 0.0, "u": 0.0} if self.momentum else {"v": 0.0}

    def update(self, w: Node, dw: Node, learning_rate: Node, t: Node, **slots: Node) -> New:
        """v, u and w."""
        v = slots["v"] + self.rest("rho") * (dw**2 - slots["v"])
        step = dw / (g.sqrt(v) + self.setting("epsilon"))
        if not self.momentum:
            return {"v": v, "w": w - learning_rate * step}
        u = self.setting("momentum") * slots["u"] + step
        return {"v": v, "u": u, "w": w - learning_rate * u}


@dataclass(frozen=True)
class Adagrad(Optimizer):
    """Each number's gradient over the root of the sum of its squares (Duchi et al., 2011)."""

    slots: ClassVar[dict[str, float]] = {"v": 0.0}
    learning_rate: float | Schedule = 0.01
    epsilon: float = 1e-10

    def update(self, w: Node, dw: Node, learning_rate: Node, t: Node, **slots: Node) -> New:
        """v and w."""
        v = slots["v"] + dw**2
        return {"v": v, "w": w - learning_rate * dw / (g.sqrt(v) + self.setting("epsilon"))}


@dataclass(frozen=True)
class Adadelta(Optimizer):
    """Steps in the units of the weights: root mean squares of steps over those of gradients.

    (Zeiler, 2012.)
    """

    slots: ClassVar[dict[str, float]] = {"v": 0.0, "u": 0.0}
    learning_rate: float | Schedule = 1.0
    rho: float = 0.9
    epsilon: float = 1e-6

    def update(self, w: Node, dw: Node, learning_rate: Node, t: Node, **slots: Node) -> New:
        """v, w and u: the step is made with the u from before it."""
        v = slots["v"] + self.rest("rho") * (dw**2 - slots["v"])
        u = slots["u"]
        step = (
            g.sqrt(u + self.setting("epsilon")) / g.sqrt(v + self.setting("epsilon")) * dw
        ).named("step")
        return {"v": v, "w": w - learning_rate * step, "u": u + self.rest("rho") * (step**2 - u)}


@dataclass(frozen=True)
class Lion(Optimizer):
    """The sign of a mean of the gradient, and weights that decay (Chen et al., 2023)."""

    slots: ClassVar[dict[str, float]] = {"m": 0.0}
    learning_rate: float | Schedule = 1e-4
    beta1: float = 0.9
    beta2: float = 0.99
    weight_decay: float = 0.0

    def update(self, w: Node, dw: Node, learning_rate: Node, t: Node, **slots: Node) -> New:
        """w, with the m from before, then m."""
        m = slots["m"]
        step = g.sign(m + self.rest("beta1") * (dw - m))
        if self.weight_decay:
            step = step + self.setting("weight_decay") * w
        return {"w": w - learning_rate * step, "m": m + self.rest("beta2") * (dw - m)}
