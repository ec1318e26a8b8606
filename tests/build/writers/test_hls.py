# SPDX-License-Identifier: Apache-2.0
"""The HLS project: its script, its stream depths, its tables, and what is refused."""

from __future__ import annotations

import json

import numpy as np
import pytest
from onnx import helper
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp
from qonnx.util.basic import qonnx_make_model

from fpgan.build.dataflow.ops import RTL_DOMAIN
from fpgan.build.flow import build
from fpgan.build.implement.synth.yosys import netlists
from fpgan.build.implement.synthesize import synth
from fpgan.build.report.page import report
from fpgan.build.writers.hls.emit import run_tcl, stream_depths
from fpgan.build.writers.hls.hls_layers import HLS_DOMAIN, hls_layers, register_hls
from fpgan.build.writers.hls.kernels import MAX_WORD_BITS
from fpgan.build.writers.hls.tables import threshold_tables, weight_chunks
from fpgan.hw.boards import get_board
from fpgan.sim.simulate import simulate

# Options with and without a value, and the most other arguments, of each command that run.tcl may use.
VITIS_COMMANDS = {
    "open_project": ([], ["-reset"], 1),
    "set_top": ([], [], 1),
    "add_files": (["-cflags", "-csimflags"], ["-tb"], 1),
    "open_solution": (["-flow_target"], ["-reset"], 1),
    "set_part": ([], [], 1),
    "create_clock": (["-period", "-name"], [], 0),
    "config_rtl": (["-reset"], [], 0),
    "csim_design": (["-argv"], ["-clean", "-O"], 0),
    "csynth_design": ([], [], 0),
    "export_design": (["-format", "-flow"], [], 0),
}


def recorded(script: str) -> list[tuple[str, ...]]:
    """Run a script in Tcl where the commands of Vitis HLS only note their arguments: a check of syntax."""
    tkinter = pytest.importorskip("tkinter", reason="Python's Tcl interpreter is not installed")
    tcl, calls = tkinter.Tcl(), []
    for name in (*VITIS_COMMANDS, "exit"):
        tcl.createcommand(name, lambda *arguments, name=name: calls.append((name, *arguments)) or "")
    tcl.eval(script)
    for name, *arguments in calls:
        valued, flags, most = VITIS_COMMANDS.get(name, ([], [], 0))
        rest = list(arguments)
        for option in [a for a in arguments if a.startswith("-")]:
            assert option in (*valued, *flags), f"{name} has no option {option}"
            at = rest.index(option)
            del rest[at : at + (2 if option in valued else 1)]
        assert len(rest) <= most, f"{name}: {rest}"
    return calls


def test_run_tcl_holds_only_known_commands():
    calls = recorded(run_tcl(get_board("pynq-z2"), 125))
    assert ("set_part", "xc7z020clg400-1") in calls
    assert ("create_clock", "-period", "8.000", "-name", "default") in calls
    assert ("csim_design", "-argv", "latent.bin image.bin") in calls
    names = [call[0] for call in calls]
    assert names.index("csim_design") < names.index("csynth_design") < names.index("export_design")
    assert names[-1] == "exit"
    with pytest.raises(Exception, match="has no option -sharp"):
        recorded("csynth_design -sharp")
    with pytest.raises(Exception, match="invalid command name"):
        recorded("synth_design")


def test_weights_in_chunks():
    words = np.array([[[1, -2, 3], [-4, 0, 1]]])
    assert weight_chunks(words, 3).tolist() == [[0b001_000_100_011_110_001]]
    assert weight_chunks(np.full((2, 1, 17), -1), 4).tolist() == [[2**64 - 1, 15]] * 2
    assert weight_chunks(np.full((1, 1, 8), -1), 9).tolist() == [[2**63 - 1, 2**9 - 1]]


def test_thresholds_by_stage():
    levels = np.arange(4 * 5).reshape(4, 5)  # 4 channels, 2 folds of 2; 5 thresholds: 3 stages
    tables = threshold_tables(levels, 2)
    assert tables.shape == (3, 2, 8)
    assert tables[0].tolist() == [[3, 13, *[0] * 6], [8, 18, *[0] * 6]]  # the fourth of each channel
    assert tables[1, 0].tolist() == [1, 0, 11, 0, *[0] * 4]  # the second; the sixth, which there is not
    assert tables[2, 1].tolist() == [5, 7, 9, 0, 15, 17, 19, 0]


def test_a_fifo_is_the_depth_of_its_stream():
    register_hls()

    def node(op, source, *targets, **attributes):
        return helper.make_node(
            op, [source], list(targets), domain=RTL_DOMAIN, backend="fpgadataflow", **attributes
        )

    fifo = {"shape": [1, 2, 2, 4], "elems": 2}
    nodes = [
        node("Deconv_rtl", "a", "b"), node("Thresholding_rtl", "b", "c"), node("Fork_rtl", "c", "d", "e"),
        node("Fifo_rtl", "e", "f", depth=9, **fifo), node("Deconv_rtl", "f", "g"),
        node("Fifo_rtl", "g", "h", depth=9, **fifo),
    ]  # fmt: skip
    model = ModelWrapper(qonnx_make_model(helper.make_graph(nodes, "depths", [], [])))
    model = hls_layers(model)
    assert {n.domain for n in model.get_nodes_by_op_type("Deconv_hls")} == {HLS_DOMAIN}
    assert stream_depths(model) == {"b": 32, "c": 2, "d": 2, "e": 10, "g": 32}


def test_finn_gets_the_kernels_of_the_build(build_preset, tmp_path):
    """dataflow.onnx has Deconv_hls, of which FINN's C simulation compiles what BUILD/hls holds."""
    register_hls()
    folder = build_preset("tiny", target_fps=100_000, backend="hls")
    model = ModelWrapper(str(folder / "dataflow.onnx"))
    nodes = model.get_nodes_by_op_type("Deconv_hls")
    layers = json.loads((folder / "report.json").read_text())["layers"]
    assert [node.name for node in nodes] == [layer["name"] for layer in layers if layer["op"] == "Deconv_hls"]
    assert not model.get_nodes_by_op_type("Deconv_rtl")
    for node in nodes[1:-1]:  # the first and the last have the ports' words
        op = getCustomOp(node)
        op.set_nodeattr("code_gen_dir_cppsim", str(tmp_path))
        op.code_generation_cppsim(model)
        text = (tmp_path / f"{node.name}_kernel.hpp").read_text().replace(f"{node.name}_kernel", node.name)
        assert text == (folder / "hls" / f"{node.name}.hpp").read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"backend": "vhdl"}, "backend=vhdl; choose rtl or hls"),
        ({"backend": "hls", "cores": ["lut", "dsp2x"]}, "dsp2x needs a second clock"),
    ],
)
def test_refused_builds(export_preset, tmp_path, arguments, message):
    with pytest.raises(ValueError, match=message):
        build(export_preset("tiny"), tmp_path / "b", **arguments)
    assert not (tmp_path / "b").exists()


def test_a_word_too_wide_for_ap_int(export_preset, tmp_path, monkeypatch):
    monkeypatch.setattr("fpgan.build.writers.hls.kernels.MAX_WORD_BITS", 8)
    assert MAX_WORD_BITS == 4096
    with pytest.raises(ValueError, match=r"stream word of \d+ bits; Vitis HLS takes at most 8"):
        build(export_preset("tiny"), tmp_path / "b", backend="hls")
    assert not (tmp_path / "b").exists()


def test_what_needs_rtl_says_so(build_preset):
    folder = build_preset("tiny", target_fps=100_000, backend="hls")
    for call in (
        lambda: synth(folder), lambda: report(folder), lambda: simulate(folder, 2, stall=0.5),
        lambda: simulate(folder, 2, netlists=netlists), lambda: simulate(folder, 2, waves=True),
    ):  # fmt: skip
        with pytest.raises(
            ValueError, match="needs RTL, this is a build for hls; run fpgan build --backend rtl"
        ):
            call()
