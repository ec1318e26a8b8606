# SPDX-License-Identifier: Apache-2.0
"""Rows of PyTorch's DCGAN example, narrow: a float module quantized, its weights loaded and streamed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from json_schema import faults

from fpgan.build.bench import bench, figures
from fpgan.build.bench.designs import BenchDesign, all_designs
from fpgan.build.bench.readme import tables
from fpgan.build.bench.row import _Row
from fpgan.build.bench.table import table
from fpgan.build.files import schema_of
from fpgan.hw.design import Design
from fpgan.hw.system.names import golden_path
from fpgan.model.export import export
from fpgan.model.train import train

LOADED = BenchDesign(
    "loaded", "dcgan2", "ultra96", module="dcgan.py:untrained", arguments={"nz": 8, "ngf": 2}, images=2,
    weight_storage="loaded", clock_mhz=200, target_fps=2000,
)  # fmt: skip
STREAMED = replace(LOADED, name="streamed", board="pynq-z2", weight_storage="streamed", batch=2,
                   clock_mhz=None, target_fps=1000, budget={"BANDWIDTH": 400})  # fmt: skip

Rows = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Without the driver, which test_through_driver.py runs, and test_loaded.py with loaded weights."""
    folder = tmp_path_factory.mktemp("bench")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_Row, "_drive", lambda _: None)
        bench(folder, designs=[LOADED, STREAMED], synth=False)
    return folder


@pytest.fixture(scope="module")
def rows(out: Path) -> Rows:
    result = json.loads((out / "BENCH.json").read_text())
    assert not list(faults(result, schema_of("BENCH"))) and result["complete"] and not result["failed"]
    assert result["software"] == [] and all(row["name"] in table(result) for row in result["designs"])
    return {row["name"]: row for row in result["designs"]}


@pytest.mark.verilator
def test_loaded_weights(out: Path, rows: Rows) -> None:
    row = rows["loaded"]
    assert (row["network"], row["weight_bits"], row["act_bits"]) == ("dcgan2-w4a4-untrained", [4], [4])
    assert (row["images"], row["mismatches"], row["clock_mhz"]) == (2, 0, 200)
    assert row["cycles_per_image"] == row["predicted_cycles_per_image"] <= 100_000
    assert row["load_cycles"] >= (out / row["build"] / "weights.bin").stat().st_size


@pytest.mark.verilator
def test_streamed_weights_in_whole_batches(out: Path, rows: Rows) -> None:
    """Three batches of two: what lies between images of one batch is not what an image takes."""
    row = rows["streamed"]
    assert (row["batch"], row["images"], row["mismatches"], row["load_cycles"]) == (2, 6, 0, None)
    assert abs(row["cycles_per_image"] / row["predicted_cycles_per_image"] - 1) < 0.02
    assert row["through_driver"] is None and row["budget"] == {"BANDWIDTH": 400}
    assert "BANDWIDTH" not in row["limits"] and row["over_limit"] == []
    assert Design.load(out / row["build"]).streams


@pytest.mark.verilator
def test_the_images_have_contrast(out: Path, rows: Rows) -> None:
    """Of a network that makes zeros of everything no hardware could be wrong."""
    model = out / "bench" / "networks" / rows["loaded"]["network"] / "model.onnx"
    images = np.load(golden_path(model))["image"]
    assert images.std() > 20 and np.count_nonzero(images) > 0.9 * images.size


@pytest.mark.verilator
def test_zeros_are_stride_squared_but_in_the_first_layer(out: Path, rows: Rows) -> None:
    row = rows["loaded"]
    first = 8 * 16 * 16
    assert row["macs_per_image_with_zeros"] == first + 4 * (row["useful_macs_per_image"] - first)


@pytest.mark.parametrize(("preset", "zeros"), [("tiny", [1, 4, 4]), ("nearest", [1, 1, 1])])
def test_zeros_of_a_preset(preset: str, zeros: list[int], tmp_path: Path) -> None:
    config = BenchDesign("x", "tiny", "ultra96").config
    upsample = "deconv" if preset == "tiny" else preset
    train(replace(config, generator=replace(config.generator, upsample=upsample)), tmp_path / "run", steps=0)
    assert figures.inserted(export(tmp_path / "run", tmp_path / "x.onnx", vectors=1)) == zeros
    assert len(onnx.load(str(tmp_path / "x.onnx")).graph.node) > len(zeros)


def test_how_many_images() -> None:
    assert [LOADED.simulated(images) for images in (None, 3)] == [2, 3]
    assert [STREAMED.simulated(images) for images in (None, 3, 7)] == [6, 6, 8]
    assert replace(STREAMED, batch=1).simulated(2) == 3


def test_the_rows_of_the_command() -> None:
    rows = {design.name: design for design in all_designs() if design.module}
    assert len(rows) == 6 and {design.preset for design in rows.values()} == {"dcgan64"}
    assert {design.network for design in rows.values()} == {
        "dcgan64-w4a4-untrained", "dcgan64-w8a8-untrained",
    }  # fmt: skip
    assert [design.batch for design in rows.values()] == [None, None, None, 8, 1, 8]


def test_the_line_of_a_readme() -> None:
    row = {
        "name": "dcgan64-kv260-loaded", "preset": "dcgan64", "weight_bits": [4], "act_bits": [4],
        "board": "kv260", "target_fps": None, "cycles_per_image": 31360, "efficiency": 0.9, "rival": None,
        "images": 4, "mismatches": 0, "resources_from": "yosys", "clock_mhz": 300.0, "estimated_ns": 5.0,
        "gops": 1, "gops_with_zeros": 4,
        "resources": {"LUT": 58560, "DSP": 7, "BRAM18": 9, "URAM": 12},
        "at_estimated_clock": {"clock_mhz": 200.0, "frames_per_second": 6378.0, "gops": 1},
    }  # fmt: skip
    text = tables({"designs": [row]})
    line = "| PyTorch's DCGAN with its weights loaded at W4A4, KV260 | **31,360** | 0.90 | 58,560 (50 %) "
    assert f"{line}| 7 (1 %) | 9 (3 %) + 12 URAM | 200 | 6,378 |" in text
