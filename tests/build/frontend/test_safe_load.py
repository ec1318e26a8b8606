# SPDX-License-Identifier: Apache-2.0
"""Files as they are loaded: versions of the standard, and data that lies beside a model."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
import torch
from onnx import numpy_helper
from onnx_models import Chain

from fpgan.build.frontend.read import read_network
from fpgan.build.frontend.safe_load import load_model


def layer(opset=13):
    """A quantized input and a transposed convolution."""
    chain = Chain((1, 3, 4, 4), opset=opset).quant(0.5, 4)
    return chain.op("ConvTranspose", chain.weights((3, 2, 4, 4)), strides=[2, 2], pads=[1] * 4)


@pytest.mark.parametrize("opset", [9, 11, 13, 15, 18, 21])
def test_opsets(opset, tmp_path):
    chain = layer(opset)
    if opset < 11:
        chain = chain.op("Clip", min=0.0, max=3.0)
    else:
        chain = chain.op("Clip", chain.const(0.0), chain.const(3.0))
    onnx.save(chain.quant(0.5, 6).model(), tmp_path / "m.onnx")
    function = read_network(load_model(tmp_path / "m.onnx")).layers[0].functions[0]
    values = torch.tensor([-1.0, 2.0, 9.0]).reshape(1, 3, 1, 1)
    assert function(values).ravel().tolist() == [0, 2, 3]


@pytest.mark.parametrize("opset", [8, 26])
def test_other_opsets_are_refused(opset, tmp_path):
    onnx.save(layer(opset).quant(0.5, 6).model(), tmp_path / "m.onnx")
    with pytest.raises(ValueError, match=f"opset {opset}; 9 to 25 are supported"):
        load_model(tmp_path / "m.onnx")


def external(tmp_path, location):
    """A model whose first weights lie at `location`."""
    model = layer().quant(0.5, 6).model()
    tensor = next(t for t in model.graph.initializer if len(t.dims) == 4)
    values = numpy_helper.to_array(tensor)
    onnx.external_data_helper.set_external_data(tensor, location)
    tensor.ClearField("raw_data")
    (tmp_path / "m.onnx").write_bytes(model.SerializeToString())
    return values


def test_external_data_inside_the_folder(tmp_path):
    values = external(tmp_path, "w.bin")
    (tmp_path / "w.bin").write_bytes(values.tobytes())
    network = read_network(load_model(tmp_path / "m.onnx"))
    assert np.array_equal(network.layers[0].linear.weights, np.rint(values / 0.25))
    (tmp_path / "w.bin").write_bytes(values.tobytes()[:-4])
    with pytest.raises(ValueError, match="its shape needs 384"):
        load_model(tmp_path / "m.onnx")
    (tmp_path / "w.bin").unlink()
    with pytest.raises(ValueError, match="is missing"):
        load_model(tmp_path / "m.onnx")


@pytest.mark.parametrize("location", ["../w.bin", "/etc/passwd", "link", "a/../../w.bin", ""])
def test_external_data_never_leaves_the_folder(tmp_path, location):
    inner = tmp_path / "inner"
    inner.mkdir()
    (tmp_path / "w.bin").write_bytes(bytes(384))
    (inner / "link").symlink_to(tmp_path / "w.bin")
    external(inner, location)
    with pytest.raises(ValueError, match="lies outside the model's folder"):
        load_model(inner / "m.onnx")
