# SPDX-License-Identifier: Apache-2.0
"""Export: what qonnx computes from the file are PyTorch's integers, all of them."""

from dataclasses import replace

import numpy as np
import onnx
import pytest
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.core.onnx_exec import execute_onnx
from safetensors.torch import load_file, save_file

from fpgan.build.frontend.read import read_network
from fpgan.build.frontend.safe_load import load_model
from fpgan.build.proof.golden_vectors import golden_vectors
from fpgan.model.checkpoints import shipped
from fpgan.model.config import PRESETS, TrainConfig
from fpgan.model.export import export
from fpgan.model.train import train


def _variant(preset: str, **generator: object) -> TrainConfig:
    config = PRESETS[preset]
    return replace(config, generator=replace(config.generator, **generator))


VARIANTS = {
    "tiny": _variant("tiny", scales="constant"),
    "k5": _variant("k5"),
    "nearest": _variant("tiny", upsample="nearest"),
    "bias": _variant("tiny", bias=True),
    "nearest bias": _variant("tiny", upsample="nearest", bias=True),
    "mixed bits": _variant("tiny", weight_bits=(8, 3, 2), act_bits=(2, 6), latent_bits=6, output_bits=5),
    "classes": _variant("tiny", classes=3, weight_bits=2, act_bits=2),
    "learned scales": _variant("tiny", scales="learned"),
    "learned signed scales": _variant("k5", scales="learned", act_bits=3),
    "bounded accumulators": _variant("tiny", accumulator_bits=(12, 10, 9)),
    "channels": _variant("tiny", weight_scales="channel"),
    "channels, nearest": _variant("tiny", weight_scales="channel", upsample="nearest", bias=True),
    "channels, bounded": _variant("tiny", weight_scales="channel", accumulator_bits=(12, 10, 9)),
    "three channels": _variant("tiny", image_channels=3, kernel=3, output_padding=1),
}


def _differences(path, images):
    """Pixels on which qonnx and the golden vectors differ."""
    model = ModelWrapper(str(path))
    name, result = model.graph.input[0].name, model.graph.output[0].name
    with np.load(path.with_suffix(".golden.npz")) as golden:
        wrong = 0
        for latent, image in zip(golden["latent"][:images], golden["image"][:images], strict=True):
            value = latent[None].astype(np.float32) * golden["latent_scale"]
            wrong += np.sum(execute_onnx(model, {name: value})[result] != image[None] * golden["image_scale"])
        assert len(np.unique(golden["image"])) > 8  # neither flat nor clipped
    return wrong


@pytest.mark.parametrize("name", VARIANTS)
def test_qonnx_computes_pytorchs_integers(name, tmp_path):
    train(VARIANTS[name], tmp_path / "run", steps=0)
    path = export(tmp_path / "run", tmp_path / "model.onnx", vectors=3)
    assert _differences(path, 3) == 0


def test_qonnx_computes_pytorchs_integers_of_the_shipped_checkpoint(tmp_path):
    path = export(shipped("mnist32"), tmp_path / "model.onnx", vectors=3)
    assert _differences(path, 3) == 0


def test_the_file_says_what_it_is_and_keeps_its_nodes(tmp_path):
    train(PRESETS["k5"], tmp_path / "run", steps=0)
    path = export(tmp_path / "run", tmp_path / "deep" / "model.onnx", vectors=2, seed=3)
    assert sorted(p.name for p in path.parent.iterdir()) == ["model.golden.npz", "model.onnx"]
    model = onnx.load(path, load_external_data=False)
    assert {p.key: p.value for p in model.metadata_props}["fpgan.name"] == "k5"
    kinds = [node.op_type for node in model.graph.node if node.op_type != "Quant"]
    level = ["ConvTranspose", "BatchNormalization", "LeakyRelu"]
    assert kinds == [*level, *level, "ConvTranspose", "Tanh"]
    assert sum(node.op_type == "Quant" for node in model.graph.node) == 7
    shape = [d.dim_value for d in model.graph.output[0].type.tensor_type.shape.dim]
    assert shape == [1, 1, 28, 28]


def test_models_side_by_side_keep_their_own_vectors(tmp_path):
    """Also where their names differ only behind the last dot."""
    train(PRESETS["tiny"], tmp_path / "run", steps=0)
    names = {"g.v1": "g.v1.golden.npz", "g.v2": "g.v2.golden.npz", "g.onnx": "g.golden.npz"}
    for count, name in enumerate(names, 1):
        export(tmp_path / "run", tmp_path / name, vectors=count)
    for count, (name, golden) in enumerate(names.items(), 1):
        network = read_network(load_model(tmp_path / name))
        assert len(golden_vectors(tmp_path / name, network).vectors.latent) == count
        assert (tmp_path / golden).is_file()


def test_golden_vectors_follow_the_seed(tmp_path):
    train(PRESETS["tiny"], tmp_path / "run", steps=0)
    files = [
        export(tmp_path / "run", tmp_path / f"{i}.onnx", vectors=4, seed=s) for i, s in enumerate((1, 1, 2))
    ]
    first, again, other = (np.load(f.with_suffix(".golden.npz")) for f in files)
    assert first["latent"].shape == (4, 16, 1, 1)
    assert first["image"].shape == (4, 1, 16, 16)
    assert np.array_equal(first["image"], again["image"])
    assert not np.array_equal(first["latent"], other["latent"])


def test_labels_are_exact_integers_in_the_golden_vectors(tmp_path):
    train(VARIANTS["classes"], tmp_path / "run", steps=0)
    with np.load(
        export(tmp_path / "run", tmp_path / "m.onnx", vectors=7).with_suffix(".golden.npz")
    ) as golden:
        assert golden["label"].tolist() == [0, 1, 2, 0, 1, 2, 0]
        assert golden["latent"].shape == (7, 19, 1, 1)
        assert np.array_equal(golden["latent"][:, 16:, 0, 0], 127 * np.eye(3, dtype=int)[golden["label"]])
        assert np.abs(golden["latent"][:, :16]).max() < 127


def test_learned_scales_stay_powers_of_two_after_training_moved_them(tmp_path):
    """Moved by a fraction of an exponent: the hardware's scale is rounded, and qonnx still agrees."""
    train(VARIANTS["learned scales"], tmp_path / "run", steps=0)
    tensors = load_file(tmp_path / "run" / "checkpoint.safetensors")
    learned = [name for name in tensors if name.endswith("scaling_impl.value")]
    assert len(learned) == 2
    before = _scales(export(tmp_path / "run", tmp_path / "before.onnx", vectors=1))
    for name in learned:
        tensors[name] -= 0.7
    save_file(tensors, tmp_path / "run" / "checkpoint.safetensors")
    path = export(tmp_path / "run", tmp_path / "model.onnx", vectors=3)
    assert _differences(path, 3) == 0
    after = _scales(path)
    assert all(np.log2(scale) == np.round(np.log2(scale)) for scale in after)
    assert sorted(a / b for a, b in zip(after, before, strict=True))[:2] == [0.5, 0.5]


def _scales(path):
    model = ModelWrapper(str(path))
    return [float(model.get_initializer(n.input[1])) for n in model.graph.node if n.op_type == "Quant"]


def test_a_float_generator_is_not_exported(tmp_path):
    train(PRESETS["tiny"].with_bits("float"), tmp_path / "run", steps=0)
    with pytest.raises(ValueError, match="hardware needs quantizers"):
        export(tmp_path / "run", tmp_path / "m.onnx")
    assert not (tmp_path / "m.onnx").exists()


def test_a_failed_export_writes_nothing(tmp_path):
    (tmp_path / "out").mkdir()
    train(PRESETS["tiny"], tmp_path / "run", steps=0)
    with pytest.raises(ValueError, match="is a folder"):
        export(tmp_path / "run", tmp_path / "out")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out", "run"]


def test_no_vectors_is_one_line(tmp_path):
    with pytest.raises(ValueError, match="vectors=0"):
        export(tmp_path, tmp_path / "m.onnx", vectors=0)
