# SPDX-License-Identifier: Apache-2.0
"""Damaged and hostile files: a ValueError of one line, never another exception, never much memory or time.

FPGAN_FUZZ_INPUTS multiplies the number of examples (make fuzz).
"""

from __future__ import annotations

import json
import os
import resource

import onnx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper
from onnx_models import Chain

from fpgan.build.dataflow.inspect import inspect
from fpgan.build.dataflow.integer_graph import integer_graph
from fpgan.build.frontend.read import read_network
from fpgan.build.frontend.safe_load import load_model
from fpgan.hw.design import Design
from fpgan.model.config import TrainConfig
from fpgan.model.run import load_run, load_tensors

MORE = int(os.environ.get("FPGAN_FUZZ_INPUTS", "1"))
FUZZ = {"deadline": 20_000, "suppress_health_check": [HealthCheck.function_scoped_fixture]}


def seeds():
    """Valid models that together hold every part of the reader."""
    first = Chain((1, 2, 3, 3)).quant(0.5, 4)
    first = first.op("ConvTranspose", first.weights((2, 4, 4, 4), axis=1), strides=[2, 2], pads=[1] * 4)
    first = first.op("PRelu", first.const(0.25)).op("DepthToSpace", blocksize=2, mode="CRD").quant(0.5, 4)
    first = first.op("Pad", first.const([0, 0, 1, 1, 0, 0, 1, 1], int))
    first = first.op("Conv", first.weights((2, 1, 3, 3)), dilations=[2, 2]).op("Tanh").quant(0.25, 3)
    second = Chain((1, 4), "qcdq", constant_nodes=True).quant(0.5, 4)
    second = second.op("Gemm", second.weights((8, 4)), transB=1)
    second = second.op("Reshape", second.const([1, 2, 2, 2], int)).quant(0.5, 4, False)
    second = second.op("Resize", second.const([]), second.const([1, 1, 2, 2]), mode="nearest")
    second = second.op("Conv", second.weights((2, 2, 3, 3)), pads=[1] * 4, group=1)
    second = second.op("Slice", *(second.const(v, int) for v in ([1], [4], [2]))).quant(0.5, 4)
    return [first.model(), second.op("Flatten").model()]


SEEDS = seeds()
NUMBERS = st.sampled_from([0, 1, -1, 2, 3, 7, 255, 65536, 2**31 - 1, 2**31, -(2**31), 2**40, 2**62, -(2**63)])


def survives(path):
    """Either it is read, or refused in one line."""
    try:
        load_model(path)
        assert all("\n" not in line for line in inspect(path)["blocked"])
    except ValueError as error:
        assert "\n" not in str(error) and str(error)


def test_the_seeds_are_read(tmp_path):
    for model in SEEDS:
        onnx.save(model, tmp_path / "m.onnx")
        integer_graph(read_network(load_model(tmp_path / "m.onnx")))


@settings(max_examples=25 * MORE, **FUZZ)
@given(st.integers(0, 1), st.data())
def test_damaged_bytes(tmp_path, which, data):
    content = bytearray(SEEDS[which].SerializeToString())
    for _ in range(data.draw(st.integers(0, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(content)) | st.just(len(content)))
    (tmp_path / "m.onnx").write_bytes(bytes(content[:cut]))
    survives(tmp_path / "m.onnx")


def change_attribute(node, data):
    if node.attribute:
        attribute = data.draw(st.sampled_from(list(node.attribute)))
        values = data.draw(st.lists(NUMBERS, max_size=5))
        name = attribute.name
        node.attribute.remove(attribute)
        if data.draw(st.booleans()):
            node.attribute.append(helper.make_attribute(name, values or [0]))
        elif values:
            node.attribute.append(helper.make_attribute(name, values[0]))


def change_node(graph, data):
    node = data.draw(st.sampled_from(list(graph.node)))
    kind = data.draw(st.integers(0, 5))
    names = [n for x in graph.node for n in (*x.input, *x.output)] + ["", "nowhere"]
    if kind == 0:
        change_attribute(node, data)
    elif kind == 1:
        node.op_type = data.draw(
            st.sampled_from([n.op_type for n in graph.node] + ["Relu", "Loop", "Concat"])
        )
    elif kind == 2 and node.input:
        node.input[data.draw(st.integers(0, len(node.input) - 1))] = data.draw(st.sampled_from(names))
    elif kind == 3 and node.input:
        del node.input[-1]
    elif kind == 4:
        graph.node.remove(node)
    else:
        node.output[0] = data.draw(st.sampled_from(names))


def change_tensor(graph, data):
    if not graph.initializer:
        return
    tensor = data.draw(st.sampled_from(list(graph.initializer)))
    kind = data.draw(st.integers(0, 3))
    if kind == 0:
        tensor.dims[:] = data.draw(st.lists(NUMBERS, max_size=5))
    elif kind == 1:
        tensor.data_type = data.draw(st.integers(0, 24))
    elif kind == 2:
        value = data.draw(st.sampled_from([float("nan"), float("inf"), -1e38, 0.0, 1e-45]))
        whole = next(t for seed in SEEDS for t in seed.graph.initializer if t.name == tensor.name)
        tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(whole) * 0 + value, tensor.name))
    else:
        values = data.draw(st.lists(NUMBERS, max_size=5))
        tensor.CopyFrom(helper.make_tensor(tensor.name, TensorProto.INT64, [len(values)], values))


@settings(max_examples=60 * MORE, **FUZZ)
@given(st.integers(0, 1), st.data())
def test_changed_graphs(tmp_path, which, data):
    model = onnx.ModelProto()
    model.CopyFrom(SEEDS[which])
    for _ in range(data.draw(st.integers(1, 4))):
        if model.graph.node:
            data.draw(st.sampled_from([change_node, change_node, change_tensor]))(model.graph, data)
    (tmp_path / "m.onnx").write_bytes(model.SerializeToString())
    survives(tmp_path / "m.onnx")


def grown(kind):
    """Small files that ask for terabytes."""
    chain = Chain((1, 2, 3, 3)).quant(0.5, 4)
    if kind == "constant":
        chain.nodes.append(helper.make_node("ConstantOfShape", [chain.const([2**20, 2**20], int)], ["big"]))
        return chain.op("Add", "big").quant(0.5, 4).model()
    if kind == "doubling":
        name = chain.const([1.0])
        for index in range(60):
            chain.nodes.append(helper.make_node("Concat", [name, name], [f"d{index}"], axis=0))
            name = f"d{index}"
        return chain.op("Add", name).quant(0.5, 4).model()
    if kind == "product":
        names = [chain.const([1.0] * 70_000), chain.const([[1.0]] * 70_000)]
        chain.nodes.append(helper.make_node("Mul", names, ["big"]))
        return chain.op("Add", "big").quant(0.5, 4).model()
    weights = chain.weights((2, 2, 3, 3))
    more = {"dilation": {"dilations": [10**6, 10**6]}, "stride": {"strides": [10**6, 10**6]},
            "padding": {"pads": [2**40] * 4}, "output": {"output_padding": [2**40, 2**40]}}[kind]  # fmt: skip
    return chain.op("ConvTranspose", weights, **more).quant(0.5, 4).model()


@pytest.mark.parametrize(
    "kind", ["constant", "doubling", "product", "dilation", "stride", "padding", "output"]
)
def test_sizes_are_checked_before_anything_is_allocated(tmp_path, kind):
    (tmp_path / "m.onnx").write_bytes(grown(kind).SerializeToString())
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert len(inspect(tmp_path / "m.onnx")["blocked"]) >= 1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 600_000  # KiB


TEXT = st.text(st.characters(codec="utf-8"), max_size=60)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3), max_leaves=8,
)  # fmt: skip


def refused_or_read(call, path):
    try:
        call(path)
    except ValueError as error:
        assert str(error) and "\n" not in str(error).strip()


@settings(max_examples=25 * MORE, **FUZZ)
@given(st.data())
def test_yaml(tmp_path, export_preset, data):
    """Noise, and a real configuration with some lines exchanged."""
    lines = (export_preset("tiny").parent / "run" / "config.yaml").read_text().splitlines()
    for _ in range(data.draw(st.integers(0, 3))):
        index = data.draw(st.integers(0, len(lines) - 1))
        value = data.draw(TEXT | JSON.map(json.dumps) | NUMBERS.map(str))
        lines[index] = lines[index].split(":")[0] + ": " + value
    content = data.draw(st.binary(max_size=80) | st.just("\n".join(lines).encode()))
    (tmp_path / "c.yaml").write_bytes(content)
    refused_or_read(TrainConfig.from_yaml, tmp_path / "c.yaml")


@settings(max_examples=25 * MORE, **FUZZ)
@given(st.data())
def test_design_json(tmp_path, data):
    names = ("name", "top", "board", "part", "family", "clock_mhz", "fifos", "golden", "pumped", "sources",
             "layers", "input", "output")  # fmt: skip
    content = data.draw(
        st.binary(max_size=80)
        | JSON.map(lambda v: json.dumps(v).encode())
        | st.fixed_dictionaries(dict.fromkeys(names, JSON)).map(lambda v: json.dumps(v).encode())
    )
    (tmp_path / "design.json").write_bytes(content)
    refused_or_read(Design.load, tmp_path)


@settings(max_examples=25 * MORE, **FUZZ)
@given(st.data())
def test_safetensors(tmp_path, export_preset, data):
    run = export_preset("tiny").parent / "run"
    content = bytearray((run / "checkpoint.safetensors").read_bytes())
    for _ in range(data.draw(st.integers(0, 8))):  # most of all in the header
        content[data.draw(st.integers(0, min(2000, len(content) - 1)))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(content)) | st.just(len(content)))
    (tmp_path / "checkpoint.safetensors").write_bytes(bytes(content[:cut]))
    (tmp_path / "config.yaml").write_bytes((run / "config.yaml").read_bytes())
    refused_or_read(load_tensors, tmp_path / "checkpoint.safetensors")
    refused_or_read(load_run, tmp_path)
