# SPDX-License-Identifier: Apache-2.0
"""Settings: presets as documented, YAML there and back, one-line errors."""

import re

import pytest

from fpgan.model.config import PRESETS, GeneratorConfig, TrainConfig


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


@pytest.mark.parametrize("name", PRESETS)
def test_yaml_there_and_back(name, tmp_path):
    PRESETS[name].to_yaml(tmp_path / "c.yaml")
    assert TrainConfig.from_yaml(tmp_path / "c.yaml") == PRESETS[name]


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
        ("batch: many", "batch"),
        ("betas: 3", "betas"),
        ("generator: {weight_bits: [4, 4]}", "weight_bits: 2 values for 4 layers"),
        ("generator: {weight_bits: 4.5}", "weight_bits"),
        ("generator: {channels: 8}", "channels"),
        ("generator: {act_bits: 9}", "act_bits=9: must be 2 to 8"),
        ("generator: {latent: 0}", "latent=0"),
        ("lr: .nan", "lr=nan"),
        ("batch: true", "batch=True: must be int"),
        ("generator: {image_size: 64}", "image_size=64: the 3 levels reach 4 -> 8 -> 16 -> 32"),
        ("generator: {channels: [4,4,4,4,4,4,4,4,4]}", "9 levels make 2048 pixels a side; the limit is 1024"),
        ("generator: {kernel: 2, padding: 9}", "pixels a side"),
        ("generator: {output_padding: 2}", "output_padding=2 must be smaller than stride=2"),
        ("generator: {activation: gelu}", "activation='gelu'"),
        ("generator: {upsample: bicubic}", "upsample='bicubic'"),
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
    with pytest.raises(ValueError, match="cannot be read"):
        TrainConfig.from_yaml(tmp_path / "none.yaml")
