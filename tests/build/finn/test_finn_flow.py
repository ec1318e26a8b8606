# SPDX-License-Identifier: Apache-2.0
"""FINN's own build steps on our layers: each that runs without Vivado."""

from __future__ import annotations

import json
import math
import re
import shutil
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from finn_builder import Flow, altered, between_dmas, importable_builder, tcl_before_vivado
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp

from fpgan.build.finn.flow import finn_flow
from fpgan.build.finn.steps import step_fpgan_golden
from fpgan.build.proof.golden_vectors import run_dataflow
from fpgan.build.writers.rtl import TOP, top_module
from fpgan.hw.boards import get_board
from fpgan.hw.sources import sources
from fpgan.hw.system.children import run
from fpgan.hw.system.tools import find_tool, verilator_env
from fpgan.sim.packing import pack
from fpgan.sim.simulate import simulate
from fpgan.sim.vectors import Vectors

TINY: dict[str, Any] = {"generator": {"channels": (4, 2)}, "target_fps": 100_000}


@pytest.fixture(scope="module")
def flow(build_preset, tmp_path_factory) -> Iterator[Flow]:
    with importable_builder(tmp_path_factory.mktemp("finn")):
        yield Flow(build_preset("tiny", **TINY), tmp_path_factory.mktemp("flow"))


def test_all_steps_before_vivado_run(flow):
    assert list(flow.models) == [
        "step_create_dataflow_partition", "step_specialize_layers", "step_fpgan_golden",
        "step_generate_estimate_reports", "step_hw_codegen", "step_hw_ipgen",
    ]  # fmt: skip
    assert "create_bd_design" in flow.script


def test_specialize_layers_keeps_ours(flow):
    before = [node.op_type for node in ModelWrapper(str(flow.build / "dataflow.onnx")).graph.node]
    after = [node.op_type for node in flow.models["step_specialize_layers"].graph.node]
    assert before == after and {"Deconv_rtl", "Fifo_rtl", "Thresholding_rtl"} <= set(after)


def test_finn_executes_the_golden_vectors(flow):
    found = [path.name for path in (flow.output / "verification_output").iterdir()]
    assert sorted(found) == [f"verify_fpgan_golden_{i}_SUCCESS.npy" for i in range(4)]


def test_finn_sees_a_wrong_weight(flow, tmp_path):
    from finn.builder.build_dataflow_steps import verify_step

    model = ModelWrapper(flow.models["step_specialize_layers"].model, make_deepcopy=True)
    name = model.graph.node[0].input[1]
    model.set_initializer(name, -model.get_initializer(name))
    cfg = flow.cfg.from_dict(flow.cfg.to_dict() | {"output_dir": str(tmp_path)})
    parent = cfg.get_intermediate_models_directory() / "dataflow_parent.onnx"
    shutil.copyfile(flow.output / "intermediate_models" / parent.name, parent)
    verify_step(model, cfg, "wrong", need_parent=True)
    assert "verify_wrong_0_FAIL.npy" in {path.name for path in (tmp_path / "verification_output").iterdir()}


def test_estimates_are_those_of_our_report(flow):
    cycles, resources = flow.report("estimate_layer_cycles"), flow.report("estimate_layer_resources")
    operations = flow.report("op_and_param_counts")
    names = [node.name for node in flow.generated.graph.node]
    for name, layer in zip(names, flow.own_report["layers"], strict=True):
        assert cycles[name] == layer["cycles"]
        if layer["op"] != "Thresholding_rtl":  # FINN's, of whose cost our report knows better
            for theirs, ours in (("LUT", "LUT"), ("DSP", "DSP"), ("BRAM_18K", "BRAM18")):
                assert resources[name][theirs] == layer["estimates"][ours], (name, ours)
    useful = sum(count for kind, count in operations["total"].items() if kind.startswith("op_mac"))
    assert useful == flow.own_report["useful_macs_per_image"]
    assert flow.report("estimate_network_performance")["max_cycles"] == max(cycles.values())


def test_code_is_that_of_the_stitched_design(flow):
    """Wrappers, parameters and memory files equal BUILD/rtl, but for names and where the files are."""
    for node, layer in zip(flow.generated.graph.node, flow.own_report["layers"], strict=True):
        folder = Path(getCustomOp(node).get_nodeattr("code_gen_dir_ipgen"))
        made = {path.name.replace(node.name, layer["name"]): path for path in folder.iterdir()}
        assert f"{layer['name']}.v" in made
        for name, path in made.items():
            text = path.read_text().replace(f"{folder}/", "./").replace(node.name, layer["name"])
            assert text == (flow.build / "rtl" / name).read_text(), path


def check_block_design(script: str, modules: list[str], prefix: str = "") -> None:
    """Files and modules of the cells exist, and the cells are in a row with clock and reset."""
    cells = [prefix + name for name in modules]
    files = [Path(name) for name in re.findall(r"^add_files -norecurse (/\S+)$", script, re.M)]
    assert [path.suffix for path in files if not path.exists()] == [".v"]  # Vivado's own wrapper
    for module, cell in zip(modules, cells, strict=True):
        assert f"create_bd_cell -type module -reference {module} {cell}\n" in script
        (source,) = (path for path in files if path.name == f"{module}.v")
        assert f"module {module} " in source.read_text()
        assert all(f"[get_bd_pins {cell}/{clock}]" in script for clock in ("ap_clk", "ap_rst_n"))
    links = re.findall(r"connect_bd_intf_net \[get_bd_intf_pins (\S+)\] \[get_bd_intf_pins (\S+)\]", script)
    assert links == [(f"{a}/out0_V", f"{b}/in0_V") for a, b in pairwise(cells)]


def test_stitched_ip(flow):
    check_block_design(flow.script, [node.name for node in flow.generated.graph.node])


def test_stitched_ip_of_the_shell(flow, tmp_path):
    """FINN renames the layers between the DMAs and does not generate their code again."""
    from finn.transformation.fpgadataflow.make_zynq_proj import _build_sdp_kernel

    kernel = between_dmas(flow, tmp_path).graph.node[1]
    file, part = getCustomOp(kernel).get_nodeattr("model"), flow.cfg._resolve_fpga_part()
    script = tcl_before_vivado(lambda: _build_sdp_kernel((kernel.name, file, part, 10.0, False)))
    check_block_design(script, [node.name for node in flow.generated.graph.node], f"{kernel.name}_")


def test_other_layers_go_the_same_way(flow, build_preset, tmp_path):
    build = build_preset("tiny", **{**TINY, "target_fps": 20_000}, deconv="zero_insert", cores=("dsp",))
    other = Flow(build, tmp_path)
    nodes = other.generated.graph.node
    assert {"PixelPad_rtl", "WidthConvert_rtl"} <= {node.op_type for node in nodes}
    assert len(list((other.output / "verification_output").glob("*_SUCCESS.npy"))) == 4
    check_block_design(other.script, [node.name for node in nodes])


@pytest.mark.verilator
def test_nodes_are_free_of_lint(flow, tmp_path):
    (tmp_path / "waive.vlt").write_text('`verilator_config\nlint_off -file "*finn-rtllib*"\n')
    for node in flow.generated.graph.node:
        if node.op_type == "Thresholding_rtl":
            continue  # all FINN's
        names = getCustomOp(node).get_rtl_file_list(abspath=True)
        command = [str(find_tool("verilator")), "--lint-only", "-Wall", "--top-module", node.name]
        command += [str(tmp_path / "waive.vlt"), *names]
        run(command, tmp_path, tmp_path / "lint.log", f"lint of {node.name}", env=verilator_env())


@pytest.mark.verilator
def test_files_of_the_block_design_make_the_golden_images(flow, tmp_path):
    """Every file that FINN adds and none else, in Verilator, with the cells in a row as above."""
    files = dict.fromkeys(re.findall(r"^add_files -norecurse (/\S+\.s?v)$", flow.script, re.M))
    files = [Path(name) for name in files if Path(name).exists()]
    files += sources("stream_last", Path())  # which fpgan_top has and FINN's design has not
    (tmp_path / "rtl").mkdir()
    for path in files:
        shutil.copyfile(path, tmp_path / "rtl" / path.name)
    for path in (flow.build / "rtl").glob("*.dat"):
        shutil.copyfile(path, tmp_path / "rtl" / path.name)
    (tmp_path / "rtl" / f"{TOP}.sv").write_text(top_module(flow.generated))
    design = json.loads((flow.build / "design.json").read_text()) | {
        "sources": [*dict.fromkeys(path.name for path in files), f"{TOP}.sv"], "layers": []
    }  # fmt: skip
    (tmp_path / "design.json").write_text(json.dumps(design))
    for name in ("golden.npz", "report.json"):
        shutil.copyfile(flow.build / name, tmp_path / name)
    result = simulate(tmp_path, images=4)
    assert (result["mismatches"], result["images"]) == (0, 4)
    assert (
        result["cycles_per_image"] == json.loads((flow.build / "report.json").read_text())["cycles_per_image"]
    )


def test_driver_packs_as_ours_does(flow, tmp_path):
    from finn.builder.build_dataflow_steps import step_make_driver

    model = between_dmas(flow, tmp_path / "partitions")
    partitions = [ModelWrapper(getCustomOp(node).get_nodeattr("model")) for node in model.graph.node]
    kinds = [[node.op_type for node in part.graph.node] for part in partitions]
    assert kinds == [["IODMA_hls"], [node.op_type for node in flow.generated.graph.node], ["IODMA_hls"]]
    step_make_driver(model, flow.cfg)
    settings = json.loads((flow.output / "driver" / "settings.json").read_text())
    driver = settings["driver_information"]["io_shape_dict"]
    design = json.loads((flow.build / "design.json").read_text())
    for letter, stream in (("i", design["input"]), ("o", design["output"])):
        assert driver[f"{letter}dt"] == [f"DataType['{stream['datatype']}']"]
        assert driver[f"{letter}shape_normal"] == [stream["shape"]]
        *beats, word = driver[f"{letter}shape_packed"][0]
        assert (math.prod(beats), 8 * word) == (stream["beats"], stream["tdata_bits"])


def test_width_converters_and_fifos_of_finn(flow):
    from finn.transformation.fpgadataflow.insert_dwc import InsertDWC
    from finn.transformation.fpgadataflow.insert_fifo import InsertFIFO

    model, count = flow.models["step_specialize_layers"], len(flow.generated.graph.node)
    for untouched in (InsertDWC(), InsertFIFO()):
        assert len(model.transform(untouched).graph.node) == count
    deep = model.transform(InsertFIFO(create_shallow_fifos=True))
    assert len(deep.get_nodes_by_op_type("StreamingFIFO")) == count + 1
    vectors = Vectors.load(flow.build / "golden.npz")
    assert np.array_equal(run_dataflow(deep, vectors.latent[0]), vectors.image[0])


def test_set_folding_leaves_our_layers_as_they_are(flow):
    from finn.transformation.fpgadataflow.insert_dwc import InsertDWC
    from finn.transformation.fpgadataflow.set_folding import SetFolding

    before = flow.models["step_specialize_layers"]
    after = before.transform(SetFolding(60, two_pass_relaxation=False)).transform(InsertDWC())
    folds = [
        [tuple(getCustomOp(node).get_nodeattr(k) for k in ("PE", "SIMD"))
         for node in model.get_nodes_by_op_type("Deconv_rtl")]
        for model in (before, after)
    ]  # fmt: skip
    assert folds[0] == folds[1]
    assert after.get_nodes_by_op_type("StreamingDataWidthConverter")  # thresholds are FINN's to fold
    vectors = Vectors.load(flow.build / "golden.npz")
    assert np.array_equal(run_dataflow(after, vectors.latent[0]), vectors.image[0])


def test_rtlsim_streams_words_as_the_rtl_reads_them(flow, monkeypatch):
    """FINN's packing of a node's input and output is that of our streams; the simulator is ours to play."""
    model = ModelWrapper(flow.generated.model, make_deepcopy=True)
    node = model.get_nodes_by_op_type("Deconv_rtl")[1]
    op, weights = getCustomOp(node), model.get_initializer(node.input[1])
    kind, out = op.get_input_datatype(), op.get_output_datatype()
    x = np.random.default_rng(1).integers(0, kind.max() + 1, op.get_normal_input_shape())
    truth = op.compute(x, np.rint(weights).astype(np.int64))

    def play(sim: object, streams: dict[str, Any]) -> None:
        words = pack(x, int(op.get_folded_input_shape()[-1]), kind.bitwidth())
        assert streams["inputs"]["in0"] == [int.from_bytes(word.tobytes(), "little") for word in words]
        words = pack(truth, int(op.get_folded_output_shape()[-1]), out.bitwidth())
        streams["outputs"]["out0"] = [int.from_bytes(word.tobytes(), "little") for word in words]

    for name, stand_in in (("get_rtlsim", object), ("reset_rtlsim", id), ("close_rtlsim", id),
                           ("rtlsim_multi_io", play)):  # fmt: skip
        monkeypatch.setattr(op, name, stand_in)
    op.set_nodeattr("exec_mode", "rtlsim")
    context = {node.input[0]: x.astype(np.float32), node.input[1]: weights}
    op.execute_node(context, model.graph)
    assert np.array_equal(context[node.output[0]], truth)


_WORKER = """
import multiprocessing, sys
from qonnx.custom_op.registry import getCustomOp
from qonnx.core.modelwrapper import ModelWrapper

if __name__ == "__main__":
    multiprocessing.set_start_method("spawn")  # as FINN's command line does
    import fpgan.build.finn.steps
    model = ModelWrapper(sys.argv[1])
    with multiprocessing.Pool(1) as pool:
        print(type(pool.apply(getCustomOp, (model.graph.node[0],))).__name__)
"""


def test_workers_know_our_layers(flow, tmp_path):
    script = tmp_path / "worker.py"
    script.write_text(_WORKER)
    command = [sys.executable, str(script), str(flow.build / "dataflow.onnx")]
    assert run(command, tmp_path, tmp_path / "log", "workers", 120).splitlines()[-1] == "Deconv_rtl"


def test_board_without_a_shell_ends_after_synthesis(build_preset, tmp_path):
    part = get_board("zc706").part
    build = altered(build_preset("tiny", **TINY), tmp_path, board="zc706", part=part)
    settings = yaml.safe_load(finn_flow(build, tmp_path / "finn").read_text())
    assert settings["fpga_part"] == part and "board" not in settings
    assert settings["steps"][-1] == "step_out_of_context_synthesis"
    assert "bitfile" not in settings["generate_outputs"]


def test_bad_input_is_one_line(build_preset, tmp_path):
    with pytest.raises(ValueError, match="no build here"):
        finn_flow(tmp_path / "none", tmp_path / "finn")
    build = altered(build_preset("tiny", **TINY), tmp_path, pumped=True)
    with pytest.raises(ValueError, match="core dsp2x has a second clock"):
        finn_flow(build, tmp_path / "finn")
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match="file: is a file; a folder is written there"):
        finn_flow(build_preset("tiny", **TINY), tmp_path / "file")


def test_step_refuses_a_second_clock(build_preset):
    model = ModelWrapper(str(build_preset("tiny", **TINY) / "dataflow.onnx"))
    getCustomOp(model.graph.node[0]).set_nodeattr("core", "dsp2x")
    with pytest.raises(ValueError, match="core dsp2x has a second clock"):
        step_fpgan_golden(model, None)
