"""The networks of images and sequences that the benchmark times are the same in every library."""

import dataclasses
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TRAIN = ["lenet", "conv-norm-32-32-64-64", "resnet-20", "lstm", "gru", "transformer"]
PREDICT = ["predict-lenet", "predict-lstm"]
PEERS = {"PyTorch": ("torch_peer", "fused"), "JAX": ("jax_peer", "jit"), "ONNX": ("onnx_peer", "")}
LIBRARIES = {"PyTorch": "torch", "JAX": "jax", "ONNX": "onnxruntime"}


@pytest.mark.ci
@pytest.mark.filterwarnings("ignore")  # of other libraries
@pytest.mark.parametrize(
    ("row", "peer"),
    [
        *((row, peer) for row in TRAIN for peer in ("PyTorch", "JAX")),
        *((row, peer) for row in PREDICT for peer in PEERS),
    ],
)
def test_a_peer_does_the_same_work(monkeypatch, row, peer):
    pytest.importorskip(LIBRARIES[peer])
    monkeypatch.syspath_prepend(ROOT)
    from benchmarks.peers import glassnet_peer
    from benchmarks.rounds import difference
    from benchmarks.tasks import TABLE

    task = TABLE[row]
    if task.kind == "train":
        task = dataclasses.replace(task, batch=8, rows=48, rate=1e-4)
    module, form = PEERS[peer]
    make = getattr(importlib.import_module(f"benchmarks.peers.{module}"), task.kind)
    expected = glassnet_peer.reference(task).answers()
    assert difference(task, make(task, 1, form).answers(), expected) == ""
