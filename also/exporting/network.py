"""A policy's network as an ONNX graph, written node by node: `also/services/trainer/network.py` without its replicas.

Every input has N rows, one a decision; an agent is told apart by its place among the agents, so that one agent alone
can ask, and all together.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from also.exporting.policy import is_discrete
from also.v1.policy_pb2 import Policy, PolicyPort

Tensors = Mapping[str, NDArray[np.float32]]

OPSET, IR_VERSION = 17, 8
"""Of ONNX 1.12, which every runtime reads that is in use."""

_TYPES = {"float32": TensorProto.FLOAT, "int64": TensorProto.INT64, "bool": TensorProto.BOOL}

_CLIP, _NEVER = 10.0, -1e9
"""Bound of a normalised observation, and what stands for an action that is not allowed; as in training."""


def network(policy: Policy, tensors: Tensors) -> onnx.ModelProto:
    """The graph.

    Args:
        policy: what it is; its ports are the graph's.
        tensors: what acts, by the names of `also/services/trainer/acting.py`.
    """
    graph = _Graph(tensors)
    hidden = _trunk(graph, policy)
    if policy.memory_size:
        hidden = _remembered(graph, hidden, policy.memory_size)
    values = graph.add("Add", graph.add("MatMul", hidden, "head_weight"), "head_bias")
    if is_discrete(policy):
        if policy.action_space.masked:
            values = graph.add("Where", "action_mask", values, graph.number("never", _NEVER))
        graph.add("Identity", values, to=policy.outputs[1].name)
        graph.add("ArgMax", values, to="action", axis=1, keepdims=0)
    else:
        graph.add("Identity", values, to="mean")
        low, high = (graph.numbers(name, getattr(policy.action_space, name)) for name in ("low", "high"))
        graph.add("Min", graph.add("Max", values, low), high, to="action")
        graph.add("Exp", "log_deviation", to="deviation")
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "policy",
            [_port(each) for each in policy.inputs],
            [_port(each) for each in policy.outputs],
            graph.constants,
        ),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="ALSO",
        producer_version=policy.also_version,
        doc_string=f"{policy.task}, checkpoint {policy.checkpoint_id} of campaign {policy.campaign_id}",
    )
    onnx.checker.check_model(model, full_check=True)
    return model


def _trunk(graph: "_Graph", policy: Policy) -> str:
    """The hidden layers."""
    inputs = "observation"
    if policy.normalises:
        centred = graph.add("Mul", graph.add("Sub", inputs, "observation_mean"), "observation_factor")
        inputs = graph.add("Clip", centred, graph.number("lowest", -_CLIP), graph.number("highest", _CLIP))
    own = graph.add("Add", graph.add("Gather", "identity", "agent", axis=0), "bias_0")
    hidden = graph.add("Relu", graph.add("Add", graph.add("MatMul", inputs, "weight_0"), own))
    layer = 1
    while f"weight_{layer}" in graph.tensors:
        weighed = graph.add("MatMul", hidden, f"weight_{layer}")
        hidden = graph.add("Relu", graph.add("Add", weighed, f"bias_{layer}"))
        layer += 1
    return hidden


def _remembered(graph: "_Graph", hidden: str, size: int) -> str:
    """A gated recurrent unit (Cho 2014), in the variant of `torch.nn.GRU`; its name, which is the next memory's."""
    sizes = graph.integers("gate_sizes", [size] * 3)
    parts = {}
    for name, given in (("gru_input", hidden), ("gru_memory", "memory")):
        weighed = graph.add("Add", graph.add("MatMul", given, name), f"{name}_bias")
        parts[name] = graph.split(weighed, sizes)
    of_input, of_memory = parts["gru_input"], parts["gru_memory"]
    reset, update = (graph.add("Sigmoid", graph.add("Add", of_input[gate], of_memory[gate])) for gate in (0, 1))
    kept = graph.add("Mul", reset, of_memory[2])
    proposal = graph.add("Tanh", graph.add("Add", of_input[2], kept))
    apart = graph.add("Mul", update, graph.add("Sub", "memory", proposal))
    return graph.add("Add", proposal, apart, to="next_memory")


def _port(port: PolicyPort) -> Any:
    axes = [axis if axis == "N" else int(axis) for axis in port.shape.split(", ")]
    return helper.make_tensor_value_info(port.name, _TYPES[port.type], axes, port.description)


class _Graph:
    """Nodes and constants of a graph that is being written."""

    def __init__(self, tensors: Tensors) -> None:
        self.tensors = tensors
        self.nodes: list[onnx.NodeProto] = []
        self.constants = [numpy_helper.from_array(np.ascontiguousarray(each), name) for name, each in tensors.items()]

    def add(self, kind: str, *inputs: str, to: str = "", **attributes: Any) -> str:
        """Append a node of one output; the output's name."""
        name = to or f"{kind.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name

    def split(self, given: str, sizes: str) -> list[str]:
        """Append a node that splits the columns; the names of its three outputs."""
        names = [f"split_{len(self.nodes)}_{part}" for part in range(3)]
        self.nodes.append(helper.make_node("Split", [given, sizes], names, axis=1))
        return names

    def number(self, name: str, value: float) -> str:
        """A constant float32 ()."""
        return self._constant(name, np.float32(value))

    def numbers(self, name: str, values: Any) -> str:
        """A constant float32 (n,)."""
        return self._constant(name, np.asarray(values, np.float32))

    def integers(self, name: str, values: list[int]) -> str:
        """A constant int64 (n,)."""
        return self._constant(name, np.asarray(values, np.int64))

    def _constant(self, name: str, value: Any) -> str:
        self.constants.append(numpy_helper.from_array(np.asarray(value), name))
        return name
