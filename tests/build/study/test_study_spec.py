# SPDX-License-Identifier: Apache-2.0
"""Specifications of studies: what they mean, and one line for each that means nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from PIL import Image

from fpgan.build.study.space import Parameter, grid, train_config
from fpgan.build.study.spec import Spec, parent_config
from fpgan.model.config import PRESETS

SPACE: dict[str, Any] = {"generator.weight_bits": [2, 4], "build.board": ["Ultra96-V2", "zcu104"]}
DIGITS = Path(__file__).parents[3] / "build" / "study" / "digits.yaml"


def read(folder: Path, steps: int | None = None, **keys: Any) -> Spec:
    path = folder / "spec.yaml"
    path.write_text(yaml.safe_dump({"preset": "tiny", "space": SPACE} | keys, sort_keys=False))
    return Spec.from_yaml(path, steps)


def test_a_grid_has_every_combination_once(tmp_path: Path) -> None:
    spec = read(tmp_path, build={"target_fps": 1000, "cores": "lut"})
    settings = [spec.settings(values) for values in grid(spec.space)]
    found = [(c.generator.weight_bits, o.board, o.target_fps, o.cores) for c, o in settings]
    assert found == [
        (w, board, 1000, ("lut",)) for w in (2, 4) for board in ("ultra96", "zcu104")
    ]  # fmt: skip
    assert spec.name == "spec" and spec.objectives == ("score", "lut_equivalents")


def test_steps_and_base_are_put_on_the_preset(tmp_path: Path) -> None:
    base = {"lr": 1e-5, "generator": {"channels": [8, 4]}, "generator.latent": 5}
    config = read(tmp_path, base=base, steps=100).config
    assert (config.steps, config.float_steps, config.lr) == (100, 90, 1e-5)  # the preset's share of float
    assert config.generator.channels == (8, 4) and config.generator.latent == 5
    assert config.generator.scales == PRESETS["tiny"].generator.scales
    assert read(tmp_path, steps=7).config.steps == 7


def test_a_file_instead_of_a_preset(tmp_path: Path) -> None:
    PRESETS["k5"].to_yaml(tmp_path / "own.yaml")
    spec = read(tmp_path, preset=None, config="own.yaml", base={"batch": 4})
    assert spec.config.generator == PRESETS["k5"].generator and spec.config.batch == 4


def test_datasets_are_looked_for_from_the_file_that_names_them(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "own.yaml").write_text("dataset: images\n", encoding="utf-8")
    assert read(tmp_path, base={"dataset": "images"}).config.dataset == str(tmp_path / "images")
    spec = read(tmp_path, preset=None, config="other/own.yaml")
    assert spec.config.dataset == str(other / "images")
    spec = read(tmp_path, space={"dataset": ["digits", "images", "fashion:idx"]})
    found = [spec.settings(values)[0].dataset for values in grid(spec.space)]
    assert found == ["digits", str(tmp_path / "images"), f"fashion:{tmp_path / 'idx'}"]


def test_data_that_no_trial_could_learn_from(tmp_path: Path) -> None:
    for i in range(2):
        (tmp_path / str(i)).mkdir()
        Image.new("L", (8, 8), 90 * i).save(tmp_path / str(i) / "a.png")
    classes = {"generator": {"classes": 3}}
    read(tmp_path).check_data()
    read(tmp_path, base={"dataset": "."}).check_data()
    read(tmp_path, base={"dataset": "."}, space=SPACE | {"generator.classes": [3, 2]}).check_data()
    for keys, line in (
        ({"base": {"dataset": "none"}}, f"dataset {tmp_path / 'none'}: no folder"),
        ({"space": SPACE | {"dataset": ["digits", "none"]}}, f"dataset {tmp_path / 'none'}: no folder"),
        ({"base": {"dataset": "."} | classes}, "classes=3: dataset .* has 2 labels"),
    ):
        with pytest.raises(ValueError, match=line):
            read(tmp_path, **keys).check_data()


def test_lists_and_single_layers_can_be_varied(tmp_path: Path) -> None:
    space = {"generator.channels": [[8, 4], [4, 2]], "generator.weight_bits.1": [2, 8], "bits": ["W4A3"]}
    spec = read(tmp_path, space=space)
    values = list(grid(spec.space))
    assert [v["generator.channels"] for v in values] == ["[8, 4]"] * 2 + ["[4, 2]"] * 2
    config, _ = spec.settings(values[3])
    g = config.generator
    assert (g.channels, g.weight_bits, g.layer_act_bits) == ((4, 2), (4, 8, 4), (3, 3))


def test_parents_are_shared_by_what_matters_in_float() -> None:
    tiny = PRESETS["tiny"]
    settings = ("bits=W2A8", "distill=3.0", "generator.scales=constant", "generator.latent_bits=6", "steps=9")
    same = [tiny, *(tiny.with_settings([s]) for s in settings)]
    assert len({parent_config(c, 50) for c in same}) == 1
    for setting in ("generator.channels=[8, 4]", "lr=0.0123", "seed=3", "generator.upsample=nearest"):
        assert parent_config(tiny.with_settings([setting]), 50) != parent_config(tiny, 50)
    made = parent_config(tiny, 50)
    assert made.steps == 50 and made.float_steps == 0 and not made.generator.quantized


def test_with_parents_every_step_has_quantizers(tmp_path: Path) -> None:
    assert read(tmp_path, parent_steps=5).config.float_steps == 0


def test_the_shipped_study() -> None:
    spec = Spec.from_yaml(DIGITS, steps=200)
    settings = [spec.settings(values) for values in grid(spec.space)]
    bits = {(c.generator.weight_bits, c.generator.act_bits, c.generator.channels) for c, _ in settings}
    assert len(settings) == len(bits) == 32 and spec.config.steps == 200 and spec.config.dataset == "digits"
    assert len({parent_config(c, 1) for c, _ in settings}) == 2


def test_ranges() -> None:
    whole = Parameter.parsed("generator.latent", {"low": 8, "high": 64, "step": 8})
    real = Parameter.parsed("lr", {"low": 1e-5, "high": 1e-3, "log": True})
    assert whole.whole and not real.whole and real.samples == (1e-5, 1e-3)


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"space": {"generator.wait_bits": [2]}}, "unknown key generator.wait_bits; known are latent, channels"),
    ({"space": {"bored": [2]}}, "unknown key bored; known are preset"),
    ({"space": {"build.boared": ["ultra96"]}}, "unknown key build.boared; known are board, clock_mhz"),
    ({"space": {"build.board": ["ultra96", "ultra69"]}}, "board 'ultra69' is not known; the nearest is"),
    ({"space": {"generator.weight_bits": [4, 9]}}, "weight_bits=9"),
    ({"space": {"generator.channels": [[8, 0]]}}, r"channels\[1\]=0"),
    ({"space": {"bits": ["W4A4", "float"]}}, r"space.bits=float: a float generator makes no hardware"),
    ({"space": {"generator.latent.0": [4]}}, "generator.latent.0: one layer can be set by generator.weight"),
    ({"space": {"generator.weight_bits.3": [4]}}, "generator.weight_bits.3: there are 3, counted from 0"),
    ({"space": {"lr": [0.1, 0.1]}}, "space.lr: .* names a value twice"),
    ({"space": {"lr": 0.1}}, "space.lr=0.1: give a list of values, or low and high"),
    ({"space": {"lr": []}}, r"space.lr=\[\]: give a list of values"),
    ({"space": {"lr": {"low": 0.1, "high": 0.2}}}, "space.lr: a grid needs a list of values"),
    ({"space": {"lr": {"low": 0.2, "high": 0.1}}, "search": {}}, "low=0.2 must be below high=0.1"),
    ({"space": {"lr": {"low": 0, "high": 1, "log": True}}, "search": {}}, "log needs low above 0"),
    ({"space": {}}, "space: names nothing to vary"),
    ({"spaces": {}}, "unknown key spaces of the file; known are name, preset"),
    ({"preset": "huge"}, "preset huge: unknown; known are tiny"),
    ({"config": "x.yaml"}, "give either preset or config"),
    ({"steps": 0}, "steps=0: must be a whole number of at least 1"),
    ({"base": {"steps": 0}}, "steps=0: must be at least 1; a score needs a trained generator"),
    ({"base": {"generator": {"lament": 3}}}, "unknown key generator.lament"),
    ({"objectives": ["score", "beauty"]}, "objectives: 'beauty' is unknown; known are score, lut"),
    ({"objectives": []}, r"objectives=\[\]: must be a list"),
    ({"search": {"sampler": "mine"}}, "search.sampler='mine': must be tpe or nsga2"),
    ({"search": {"tries": 3}}, "unknown key tries of search; known are sampler, trials"),
    ({"images": 1}, "images=1: give 2 or more"),
    ({"parent_steps": 0}, "parent_steps=0: must be a whole number of at least 1"),
]  # fmt: skip


@pytest.mark.parametrize(("keys", "line"), WRONG, ids=[str(keys) for keys, _ in WRONG])
def test_one_line_for_what_is_wrong(tmp_path: Path, keys: dict[str, Any], line: str) -> None:
    with pytest.raises(ValueError, match=line) as caught:
        read(tmp_path, **keys)
    text = str(caught.value)
    assert text.startswith(f"{tmp_path / 'spec.yaml'}: ") and "\n" not in text


@pytest.mark.parametrize("text", ["- 1", "a: [", "", "[" * 2_000])
def test_files_that_are_no_specification(tmp_path: Path, text: str) -> None:
    (tmp_path / "spec.yaml").write_text(text)
    with pytest.raises(ValueError, match=r"spec\.yaml: "):
        Spec.from_yaml(tmp_path / "spec.yaml")
    with pytest.raises(ValueError, match=r"none\.yaml: does not exist"):
        Spec.from_yaml(tmp_path / "none.yaml")


def test_settings_are_what_a_file_would_have() -> None:
    values = {"lr": 1e-5, "augment": '["cutout"]', "precision": "bf16", "compile": True, "build.board": "x"}
    config = train_config(PRESETS["tiny"], values)
    assert (config.lr, config.augment, config.precision, config.compile) == (1e-5, ("cutout",), "bf16", True)
