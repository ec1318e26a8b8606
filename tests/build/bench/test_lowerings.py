# SPDX-License-Identifier: Apache-2.0
"""`fpgan bench --lowerings`: a row from FINN's builder, what it says where that fails, a layer's count."""

from __future__ import annotations

import json
import logging
import sys
from dataclasses import replace

import onnx
import pytest
from onnx import TensorProto, helper
from typer.testing import CliRunner

import fpgan.finn  # before FINN's builder, which it makes importable
from fpgan.build.bench import lowerings as bench
from fpgan.build.cli.main import app
from fpgan.build.finn import synthesis
from fpgan.build.finn.run_builder import run_builder
from fpgan.hw.system.tools import ToolError

SMALL = replace(bench._SMALL, latent=2, channels=(2,), image_channels=1)


@pytest.mark.verilator
def test_a_row_of_the_command(tmp_path, monkeypatch):
    """FINN's words are nowhere but in its log; a table counts what differs."""
    monkeypatch.setattr(bench, "DEFAULT", replace(bench.DEFAULT, generator=SMALL))
    monkeypatch.setattr(bench, "_ASKED", {"fpgan": 512})
    arguments = ["bench", "--lowerings", "--deconv", "fpgan", "--no-synth", "--out", str(tmp_path)]
    outcome = CliRunner().invoke(app, [*arguments, "--json"])
    (row,) = json.loads(outcome.stdout)["lowerings"]
    assert row["deconv"] == "fpgan" and row["mismatches"] == 0 and row["cycles_per_image"] <= 512
    assert row["lanes"] > 0 and not outcome.stderr
    monkeypatch.setattr(bench, "_measured", lambda *_: row | {"mismatches": 3})
    outcome = CliRunner().invoke(app, arguments)
    assert outcome.exit_code == 1 and "| fpgan | " in outcome.stdout and "fpgan: mismatches" in outcome.stderr


def test_finns_failure_is_one_line(tmp_path, monkeypatch):
    """With the log that holds the rest; streams and logging are ours again."""
    monkeypatch.delenv("PYTEST_CURRENT_TEST")  # FINN asks for it, to raise what it would only note
    node = helper.make_node("ConvTranspose", ["x", "w"], ["y"], name="up")
    infos = [helper.make_tensor_value_info(*each) for each in (
        ("x", TensorProto.FLOAT, [1, 2, 3, 3]), ("y", TensorProto.FLOAT, [1, 2, 4, 4]))]  # fmt: skip
    w = helper.make_tensor("w", TensorProto.FLOAT, [2, 2, 2, 2], [0.5] * 16)
    graph = helper.make_graph([node], "g", infos[:1], infos[1:], [w])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    onnx.save(model, str(tmp_path / "float.onnx"))
    streams, told = (sys.stdout, sys.stderr), list[str]()
    with pytest.raises(ToolError, match=r"^FINN's build failed: .*layer \S+ \(ConvTranspose\)") as failed:
        run_builder(
            tmp_path / "float.onnx", told.append, output_dir=str(tmp_path / "out"), synth_clk_period_ns=5.0,
            target_fps=1000, board="Ultra96", steps=fpgan.finn.build_steps(), generate_outputs=[],
        )  # fmt: skip
    assert told[:2] == ["qonnx_to_finn", "tidy_up"] and told[-1] == "convert_to_hw"
    assert failed.value.log.is_file() and "\n" not in str(failed.value)
    assert (sys.stdout, sys.stderr) == streams and not logging.getLogger().handlers


@pytest.mark.yosys
def test_layers_are_counted_and_summed(tmp_path, monkeypatch):
    """One module under two names is synthesized once, one of other bits by itself."""
    (tmp_path / "rtl").mkdir()
    layers, calls = [], list[str]()
    for name, bits in (("add_0", 8), ("add_1", 8), ("add_2", 4)):
        (tmp_path / "rtl" / f"{name}.v").write_text(
            f"module {name} (input ap_clk, input [{bits - 1}:0] a, b, output reg [{bits - 1}:0] y);\n"
            "always @(posedge ap_clk) y <= a + b;\nendmodule\n"
        )
        layers.append({"name": name, "op": "Add_rtl", "module": name, "sources": [f"{name}.v"]})
    (tmp_path / "layers.json").write_text(json.dumps({"layers": layers}))
    made = synthesis.synth_module
    monkeypatch.setattr(synthesis, "synth_module", lambda *args: calls.append(args[2]) or made(*args))
    found = synthesis.counted(tmp_path, "xczu3eg-sbva484-1-e")
    assert [row["name"] for row in found["layers"]] == ["add_0", "add_1", "add_2"]
    assert calls == ["add_0", "add_2"] and [row["FF"] for row in found["layers"]] == [8, 8, 4]
    assert found["FF"] == found["LUT"] == 20
