"""ONNX Runtime: predictions only."""

from __future__ import annotations

import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from benchmarks.peers.onnx_stages import Graph, before
from benchmarks.worker import DeclinedError, Worker


def model(task):
    graph = Graph()
    name = before(graph, task)
    nodes, arrays = graph.nodes, graph.arrays
    layers = task.start_channels_first()
    for i, (weight, bias) in enumerate(layers):
        arrays += [numpy_helper.from_array(weight, f"w{i}"), numpy_helper.from_array(bias, f"b{i}")]
        nodes.append(helper.make_node("Gemm", [name, f"w{i}", f"b{i}"], [f"z{i}"]))
        last = i == len(layers) - 1
        kind = "Relu" if task.hidden == "relu" and not last else "Sigmoid"
        kind = "Softmax" if last and task.sizes[-1] > 1 else kind
        name = "p" if last else f"a{i}"
        nodes.append(helper.make_node(kind, [f"z{i}"], [name]))
    shapes = [("x", task.data_channels_first()[0].shape[1:]), ("p", task.sizes[-1:])]
    x, p = (helper.make_tensor_value_info(n, TensorProto.FLOAT, [None, *w]) for n, w in shapes)
    whole = helper.make_graph(nodes, "net", [x], [p], arrays)
    return helper.make_model(whole, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def train(task, threads, form):
    raise DeclinedError("it predicts only")


def predict(task, threads, form):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        model(task).SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    x, _ = task.data_channels_first()

    def run(units):
        for _ in range(units * task.steps):
            session.run(None, {"x": x})

    return Worker(lambda: session.run(None, {"x": x})[0], run)
