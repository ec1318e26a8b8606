# SPDX-License-Identifier: Apache-2.0
"""Small float networks that torch exports and ONNX Runtime, torch.ao or torchao quantizes after training."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable

import numpy as np
import onnx
import onnxruntime
import torch
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process
from torch import nn

IMAGES = 8  # of a calibration


class Residual(nn.Module):
    """Two images of one size, of any scales."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.ConvTranspose2d(4, 6, 4)
        self.body = nn.Sequential(
            nn.Conv2d(6, 6, 3, padding=1), nn.BatchNorm2d(6), nn.ReLU(), nn.Conv2d(6, 6, 3, padding=1)
        )
        self.last = nn.Conv2d(6, 3, 3, padding=1)

    def forward(self, z):
        x = torch.relu(self.first(z))
        return torch.tanh(self.last(torch.relu(x + self.body(x))))


class UNet(nn.Module):
    """Down, up, and the skip beside it."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.Conv2d(2, 4, 4, 2, 1)
        self.inner = nn.Conv2d(4, 6, 3, padding=1)
        self.up = nn.ConvTranspose2d(6, 4, 4, 2, 1)
        self.last = nn.Conv2d(6, 1, 3, padding=1)

    def forward(self, x):
        y = torch.relu(self.inner(torch.relu(self.down(x))))
        return torch.sigmoid(self.last(torch.cat([torch.relu(self.up(y)), x], 1)))


def dcgan():
    return nn.Sequential(
        nn.ConvTranspose2d(4, 6, 4, bias=False), nn.BatchNorm2d(6), nn.ReLU(),
        nn.ConvTranspose2d(6, 1, 4, 2, 1, bias=False), nn.Tanh(),
    )  # fmt: skip


def autoencoder():
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, 2, 1), nn.ReLU(), nn.Conv2d(4, 6, 4), nn.ReLU(), nn.ConvTranspose2d(6, 4, 4),
        nn.LeakyReLU(0.2), nn.ConvTranspose2d(4, 1, 4, 2, 1), nn.Sigmoid(),
    )  # fmt: skip


def fsrcnn():
    return nn.Sequential(
        nn.Conv2d(1, 5, 5, padding=2), nn.PReLU(5), nn.Conv2d(5, 3, 1), nn.PReLU(3),
        nn.Conv2d(3, 3, 3, padding=1), nn.PReLU(3), nn.Conv2d(3, 5, 1), nn.PReLU(5),
        nn.ConvTranspose2d(5, 1, 9, 2, 4, output_padding=1),
    )  # fmt: skip


def dense():
    return nn.Sequential(
        nn.Linear(4, 32), nn.ReLU(), nn.Unflatten(1, (2, 4, 4)), nn.ConvTranspose2d(2, 1, 4, 2, 1), nn.Tanh()
    )


NETWORKS: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
    "dcgan": (dcgan, (4, 1, 1)), "autoencoder": (autoencoder, (1, 8, 8)), "unet": (UNet, (2, 8, 8)),
    "fsrcnn": (fsrcnn, (1, 6, 6)), "residual": (Residual, (4, 1, 1)), "dense": (dense, (4,)),
}  # fmt: skip


def network(name: str) -> tuple[nn.Module, torch.Tensor]:
    """One in eval mode, as if trained, and a batch of its inputs."""
    make, shape = NETWORKS[name]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        module = make().eval()
        for part in module.modules():
            if isinstance(part, nn.BatchNorm2d):
                nn.init.uniform_(part.weight, -1.5, 1.5)
                nn.init.normal_(part.bias)
                part.running_mean.normal_(0, 0.1)
                part.running_var.uniform_(0.5, 2)
        return module, torch.randn(IMAGES, *shape)


def exported(module: nn.Module, x: torch.Tensor, dynamo: bool = False, opset: int = 17) -> onnx.ModelProto:
    """As either exporter of torch writes it."""
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if dynamo:
            program = torch.onnx.export(module, (x[:1],), dynamo=True, external_data=False, verbose=False)
            return program.model_proto
        torch.onnx.export(module, (x[:1],), file, dynamo=False, opset_version=opset)
    return onnx.load_from_string(file.getvalue())


class _Calibration(CalibrationDataReader):
    def __init__(self, name: str, x: torch.Tensor) -> None:
        self._rows = iter([{name: row[None].numpy()} for row in x])

    def get_next(self):
        return next(self._rows, None)


def ort_static(
    model: onnx.ModelProto,
    x: torch.Tensor,
    folder,
    activations="u8",
    per_channel=False,
    prepared=True,
    **more,
) -> onnx.ModelProto:
    """QDQ as onnxruntime.quantization.quantize_static writes it."""
    kinds = {"u8": QuantType.QUInt8, "s8": QuantType.QInt8}
    path, out = folder / "float.onnx", folder / "quantized.onnx"
    onnx.save(model, path)
    if prepared:
        quant_pre_process(path, path, skip_symbolic_shape=True)
    quantize_static(
        path, out, _Calibration(model.graph.input[0].name, x), quant_format=QuantFormat.QDQ,
        activation_type=kinds[activations], weight_type=QuantType.QInt8, per_channel=per_channel, **more,
    )  # fmt: skip
    return onnx.load(out)


def torch_ao(module: nn.Module, x: torch.Tensor, engine: str, opset: int = 13) -> onnx.ModelProto:
    """Post-training quantization by torch.ao in FX mode, as torch.onnx.export writes it."""
    from torch.ao.quantization import get_default_qconfig_mapping
    from torch.ao.quantization.quantize_fx import convert_fx, prepare_fx

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.backends.quantized.engine = engine
        prepared = prepare_fx(module, get_default_qconfig_mapping(engine), (x,))
        prepared(x)
        return exported(convert_fx(prepared), x, opset=opset)


def runtime(model: onnx.ModelProto, x: np.ndarray) -> np.ndarray:
    """What ONNX Runtime makes of the file as it stands, one image after the other."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    name = session.get_inputs()[0].name
    return np.concatenate([session.run(None, {name: image[None]})[0] for image in x])


def pt2e(module: nn.Module, x: torch.Tensor, per_channel: bool = False) -> onnx.ModelProto:
    """As torchao's PT2E quantizes what torch.export writes: 8 bits in front of all layers and sums."""
    from torchao.quantization.pt2e import HistogramObserver, MinMaxObserver, PerChannelMinMaxObserver
    from torchao.quantization.pt2e.quantize_pt2e import convert_pt2e, prepare_pt2e
    from torchao.quantization.pt2e.quantizer import QuantizationAnnotation, QuantizationSpec, Quantizer

    aten = torch.ops.aten
    output_channels = {aten.conv2d.default: 0, aten.linear.default: 0, aten.conv_transpose2d.input: 1}
    activations = QuantizationSpec(torch.uint8, HistogramObserver, 0, 255, torch.per_tensor_affine)

    def weights(axis: int) -> QuantizationSpec:
        if not per_channel:
            return QuantizationSpec(torch.int8, MinMaxObserver, -127, 127, torch.per_tensor_symmetric)
        kind = torch.per_channel_symmetric
        return QuantizationSpec(torch.int8, PerChannelMinMaxObserver, -127, 127, kind, axis)

    class Everywhere(Quantizer):
        def annotate(self, model):
            for node in model.graph.nodes:
                given = {}
                if node.target in output_channels:
                    given = {node.args[0]: activations, node.args[1]: weights(output_channels[node.target])}
                elif node.target is aten.add.Tensor:
                    given = dict.fromkeys(node.args, activations)
                node.meta["quantization_annotation"] = QuantizationAnnotation(given, _annotated=True)
            return model

        def validate(self, model):
            pass

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        prepared = prepare_pt2e(torch.export.export(module, (x[:1],)).module(), Everywhere())
        for image in x:
            prepared(image[None])
        return exported(convert_pt2e(prepared), x, dynamo=True)
