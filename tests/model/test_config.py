# SPDX-License-Identifier: Apache-2.0
"""Settings: presets as documented, YAML there and back, one-line errors."""

import re
from pathlib import Path

import pytest

from fpgan.model.config import PRESETS, GeneratorConfig, TrainConfig
from fpgan.model.generator_config import bits_name


def _macs(g: GeneratorConfig) -> int:
    """Weight-tap products of the transposed convolutions: every tap with every input pixel."""
    widths = (g.latent, *g.channels, g.image_channels)
    levels = zip(widths[1:], widths[2:], g.sizes, strict=False)
    return widths[0] * widths[1] * g.base**2 + sum(i * o * (size * g.kernel) ** 2 for i, o, size in levels)


@pytest.mark.parametrize(
    ("name", "size"), [("tiny", 16), ("mnist32", 32), ("seed32", 32), ("rgb64", 64), ("k5", 28)]
)
def test_presets_have_the_documented_shapes(name, size):
    config = PRESETS[name]
    assert config.preset == name
    assert config.generator.image_size == size
    assert set(config.generator.layer_weight_bits) == set(config.generator.layer_act_bits) == {4}


@pytest.mark.parametrize(("name", "macs"), [("mnist32", 4_390_912), ("rgb64", 27_000_832)])
def test_presets_of_the_rival_do_its_work(name, macs):
    assert _macs(PRESETS[name].generator) == macs


@pytest.mark.parametrize(
    ("bits", "weights", "acts", "name"),
    [("float", 32, 32, "float"), ("32", 32, 32, "float"), ("null", 32, 32, "float"), ("4", 4, 4, "W4A4"),
     ("w2a3", 2, 3, "W2A3")],
)  # fmt: skip
def test_one_key_sets_all_bits(bits, weights, acts, name, tmp_path):
    (tmp_path / "c.yaml").write_text(f"bits: {bits}\n")
    config = TrainConfig.from_yaml(tmp_path / "c.yaml")
    assert set(config.generator.layer_weight_bits) == {weights}
    assert set(config.generator.layer_act_bits) == {acts}
    assert bits_name(config.generator) == name
    config.to_yaml(tmp_path / "again.yaml")
    assert TrainConfig.from_yaml(tmp_path / "again.yaml") == config


def test_single_settings():
    config = PRESETS["tiny"].with_settings(
        ["decay=0.5", "generator.classes=10", "augment=[cutout]", "bits=W2A3"]
    )
    assert (config.decay, config.augment, config.preset) == (0.5, ("cutout",), "tiny")
    assert (config.generator.classes, config.generator.channels) == (10, (16, 8))
    assert bits_name(config.generator) == "W2A3"
    assert config.with_settings([]) is config
    for setting, message in (
        ("decay", "set decay: must be key=value"),
        ("generator.colour=red", "set generator.colour=red: unknown key generator.colour"),
        ("batch=[", "set batch=[: is not YAML"),
        ("batch=0", "set batch=0: batch=0: must be at least 2"),
    ):
        with pytest.raises(ValueError, match=re.escape(message)):
            PRESETS["tiny"].with_settings([setting])


def test_bits_of_each_layer_have_a_name():
    assert bits_name(GeneratorConfig(weight_bits=(8, 4, 4, 2), act_bits=3)) == "W8-4-4-2A3"


def test_the_learning_rate_falls_over_the_last_part():
    config = TrainConfig(steps=100, lr=0.5, decay=0.25)
    assert [config.step_lr(s) for s in (0, 75, 76, 99)] == pytest.approx([0.5, 0.5, 0.48, 0.02])
    assert TrainConfig(steps=100, lr=0.5).step_lr(99) == 0.5


@pytest.mark.parametrize("name", PRESETS)
def test_yaml_there_and_back(name, tmp_path):
    PRESETS[name].to_yaml(tmp_path / "c.yaml")
    assert TrainConfig.from_yaml(tmp_path / "c.yaml") == PRESETS[name]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("images", "{}/images"), ("../images", "{}/../images"), ("/data/images", "/data/images"),
        ("fashion:idx", "fashion:{}/idx"), ("emoji:a.ttf", "emoji:{}/a.ttf"),
        ("digits", "digits"), ("fashion", "fashion"), ("emoji", "emoji"), ("<python>", "<python>"),
        ("clipart", "clipart"), ("clipart:png", "clipart:{}/png"),
    ],
)  # fmt: skip
def test_a_relative_dataset_is_one_from_the_file(written, meant, tmp_path, monkeypatch):
    """One from wherever the user happens to stand would be other images, or none, the next time."""
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "c.yaml").write_text(f"dataset: {written}\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    kind, _, path = meant.format(tmp_path / "a").rpartition(":")
    whole = f"{kind}:{Path(path).resolve()}" if kind else str(Path(path).resolve()) if "/" in path else path
    assert TrainConfig.from_yaml("a/c.yaml").dataset == whole
    monkeypatch.chdir(tmp_path / "a")
    TrainConfig(dataset=written).to_yaml("b/again.yaml")
    monkeypatch.chdir("/")
    assert TrainConfig.from_yaml(tmp_path / "a" / "b" / "again.yaml").dataset == whole


def test_what_is_left_out_keeps_its_default(tmp_path):
    (tmp_path / "c.yaml").write_text("generator: {weight_bits: [8, 4, 3, 2], image_size: 32}\n")
    config = TrainConfig.from_yaml(tmp_path / "c.yaml")
    assert config.generator.layer_weight_bits == (8, 4, 3, 2)
    assert config.generator.channels == GeneratorConfig().channels


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("stepz: 3", "unknown key stepz"),
        ("generator: {chanels: [3]}", "unknown key generator.chanels"),
        ("- 1", "must be a mapping"),
        ("generator: 4", "generator must be a mapping"),
        ("a: [", "is not YAML"),
        ("a: " + "[" * 2_000, "is nested more than 64 levels deep"),
        ("batch: many", "batch"),
        ("betas: 3", "betas"),
        ("generator: {weight_bits: [4, 4]}", "weight_bits: 2 values for 4 layers"),
        ("generator: {weight_bits: 4.5}", "weight_bits"),
        ("generator: {channels: 8}", "channels"),
        ("generator: {act_bits: 9}", "act_bits=9: must be 2 to 8"),
        ("generator: {latent: 0}", "latent=0"),
        ("lr: .nan", "lr=nan"),
        ("decay: 2", "decay=2: must be from 0 to 1"),
        ("distill: -1", "distill=-1: must be a number of at least 0"),
        ("augment: [mirror]", "augment='mirror': must be of flip, colour, translation, cutout"),
        ("labels: guessed", "labels='guessed': must be own or clusters"),
        ("labels: clusters", "labels=clusters: generator.classes=0; give the number of clusters"),
        ("loss: wasserstein", "loss='wasserstein': must be bce or hinge"),
        ("discriminator_norm: layer", "discriminator_norm='layer': must be batch or spectral or none"),
        ("discriminator_rate: 0", "discriminator_rate=0: must be a number above 0"),
        ("r1: .inf", "r1=inf: must be a number of at least 0"),
        ("augment: cutout", "augment='cutout': must be a list"),
        ("precision: int8", "precision='int8': must be float32 or bf16 or fp16"),
        ("compile: 3", "compile=3: must be bool"),
        ("bits: W4", "bits='W4': must be like W4A4"),
        ("bits: W1A4", "weight_bits=1: must be 2 to 8"),
        (
            "generator: {weight_bits: float}",
            "weight_bits=float, act_bits=4: either both are float or neither",
        ),
        ("generator: {scales: guessed}", "scales='guessed': must be constant or learned"),
        ("generator: {classes: -1}", "classes=-1"),
        ("batch: true", "batch=True: must be int"),
        ("generator: {image_size: 64}", "image_size=64: the 3 levels reach 4 -> 8 -> 16 -> 32"),
        ("generator: {channels: [4,4,4,4,4,4,4,4,4]}", "9 levels make 2048 pixels a side; the limit is 1024"),
        ("generator: {kernel: 2, padding: 9}", "pixels a side"),
        ("generator: {output_padding: 2}", "output_padding=2 must be smaller than stride=2"),
        ("generator: {activation: gelu}", "activation='gelu'"),
        ("generator: {upsample: bicubic}", "upsample='bicubic'"),
        (
            "generator: {channels: [100000000]}",
            "channels=[100000000]: 52800000000 weights; the limit is 2684",
        ),
        (f"generator: {{stride: 1, kernel: 3, channels: {[1] * 65}}}", "of at least one layer, at most 64"),
        ("features: 100000000", "features=100000000: must be at most 4096"),
        ("batch: 1", "batch=1: must be at least 2"),
    ],
)
def test_a_bad_setting_is_one_line_that_names_it(text, message, tmp_path):
    path = tmp_path / "c.yaml"
    path.write_text(text)
    with pytest.raises(ValueError, match=re.escape(message)) as error:
        TrainConfig.from_yaml(path)
    assert str(error.value).startswith(str(path))
    assert "\n" not in str(error.value)


def test_a_missing_file_is_one_line(tmp_path):
    with pytest.raises(ValueError, match=r"none.yaml: does not exist"):
        TrainConfig.from_yaml(tmp_path / "none.yaml")
