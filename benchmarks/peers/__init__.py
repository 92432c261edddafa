"""The peers: one module a library, each with `train(task, threads)` and `predict(task, threads)`.

A module imports its library at the top; it is imported in a child process only.
"""

from __future__ import annotations

from typing import NamedTuple


class Peer(NamedTuple):
    """Where a peer lives, what it needs, and how it is asked."""

    module: str
    library: str  # what must be installed
    form: str = ""  # which of the module's ways
    kinds: tuple[str, ...] = ("train", "predict")
    stages: bool = False  # whether it has images and sequences here


PEERS = {
    "glassnet": Peer("glassnet_peer", "glassnet", "native", stages=True),
    "glassnet, NumPy engine": Peer("glassnet_peer", "glassnet", "numpy", ("train",)),
    "NumPy by hand": Peer("numpy_peer", "numpy"),
    "PyTorch": Peer("torch_peer", "torch", "eager", stages=True),
    "PyTorch compiled": Peer("torch_peer", "torch", "compiled", stages=True),
    "JAX jit": Peer("jax_peer", "jax", "jit", stages=True),
    "JAX scan": Peer("jax_peer", "jax", "scan", ("train",), stages=True),
    "Keras on JAX": Peer("keras_peer", "keras"),
    "scikit-learn": Peer("sklearn_peer", "sklearn"),
    "tinygrad": Peer("tinygrad_peer", "tinygrad"),
    "ONNX Runtime": Peer("onnx_peer", "onnxruntime", "", ("predict",), stages=True),
}
# No peers, but they live in a child process as peers do.
REFERENCE, PEAK = "float64 reference", "FMA peak"
STAGES_REFERENCE = "float64 reference, stages"
HELPERS = {
    REFERENCE: Peer("numpy_peer", "numpy", "reference"),
    STAGES_REFERENCE: Peer("glassnet_peer", "glassnet", "reference"),
    PEAK: Peer("peak_peer", "llvmlite"),
}
OURS = "glassnet"
OWN = {name for name in PEERS if name.startswith(OURS)}
