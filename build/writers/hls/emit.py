# SPDX-License-Identifier: Apache-2.0
"""Write the HLS project of a dataflow graph: a header per layer, the top that joins them, bench, script."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

from onnx import NodeProto
from qonnx.core.datatype import DataType
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp

from fpgan.build.dataflow.costs import QUEUE_WORDS
from fpgan.build.writers.hls.kernels import MAX_WORD_BITS, Kernel, kernel_of
from fpgan.build.writers.rtl import TOP, describe_streams
from fpgan.hw.boards import Board
from fpgan.hw.sources import hls_dir
from fpgan.sim.packing import pack
from fpgan.sim.vectors import Vectors

_BENCH_IMAGES = 16  # golden vectors that run.tcl's own C simulation gets
_PORTS = "hls::stream<ap_uint<IN_BITS>>& s_axis_0, hls::stream<fpgan::Marked<OUT_BITS>>& m_axis_0"
_SHARED = ("words.hpp", "stream_last.hpp")  # headers of every design
_DEPTH = 2  # of a stream between two layers without a FIFO: Vitis HLS' default


def emit_hls(
    model: ModelWrapper, board: Board, clock_mhz: float, vectors: Vectors, hls: Path
) -> dict[str, Any]:
    """Write top.hpp, top.cpp, main.cpp, a header per layer, kernels, csim/ headers, vectors and run.tcl.

    model: as `hls_layers` makes it. vectors: the first 16 become latent.bin and image.bin. Returns what
    design.json says of it: sources (C++ files in compile order), layers, fifos, input, output. Raises
    ValueError where a stream word is too wide.
    """
    hls.mkdir(parents=True, exist_ok=True)
    description = describe_streams(model)
    kernels = _kernels(model, description)
    for kernel in kernels:
        (hls / f"{kernel.name}.hpp").write_text(kernel.header(), encoding="utf-8")
    copied = _copy_kernels({kernel.kernel for kernel in kernels}, hls)
    (hls / "top.hpp").write_text(_top_header(description), encoding="utf-8")
    (hls / "top.cpp").write_text(_top(model, kernels), encoding="utf-8")
    _write_vectors(vectors, description, hls)
    (hls / "run.tcl").write_text(run_tcl(board, clock_mhz), encoding="utf-8")
    return {
        "top": TOP,
        "pumped": False,
        "sources": ["top.cpp", "main.cpp"],
        "layers": [
            {"name": k.name, "op": node.op_type, "module": k.kernel,
             "sources": [*copied, f"{k.kernel}.hpp", f"{k.name}.hpp"]}
            for k, node in zip(kernels, _computing(model), strict=True)
        ],
        **description,
    }  # fmt: skip


def _kernels(model: ModelWrapper, description: dict[str, Any]) -> list[Kernel]:
    """Kernels in order; the first takes and the last gives the ports' words, which are whole bytes."""
    kernels = [kernel_of(model, node) for node in _computing(model)]
    kernels[0] = replace(kernels[0], in_bits=(description["input"]["tdata_bits"],))
    kernels[-1] = replace(kernels[-1], out_bits=(description["output"]["tdata_bits"],))
    return kernels


def _computing(model: ModelWrapper) -> list[NodeProto]:
    return [node for node in model.graph.node if node.op_type != "Fifo_rtl"]


def _copy_kernels(used: set[str], hls: Path) -> list[str]:
    """Kernels in use, what they share, the bench and the stand-ins; returns the shared headers."""
    for name in (*_SHARED, "bench.hpp", "main.cpp", *(f"{kernel}.hpp" for kernel in sorted(used))):
        shutil.copyfile(hls_dir() / name, hls / name)
    (hls / "csim").mkdir(exist_ok=True)
    for path in (hls_dir() / "csim").glob("*.h"):
        shutil.copyfile(path, hls / "csim" / path.name)
    return list(_SHARED)


def stream_depths(model: ModelWrapper) -> dict[str, int]:
    """Words of the streams that layers put out, by tensor; a FIFO node is its stream's depth, not a layer.

    A FIFO holds its depth and one word in its output register; behind a deconv waits what its queue holds in
    RTL, because outputs at the border come faster than what follows may take them.
    """
    depths: dict[str, int] = {}
    for node in model.graph.node:
        if node.op_type == "Fifo_rtl":
            depths[node.input[0]] = max(depths[node.input[0]], getCustomOp(node).get_nodeattr("depth") + 1)
        else:
            depths |= dict.fromkeys(node.output, QUEUE_WORDS if node.op_type == "Deconv_hls" else _DEPTH)
    return depths


def _top_header(description: dict[str, Any]) -> str:
    source, sink = description["input"], description["output"]
    return f"""// SPDX-License-Identifier: Apache-2.0
// The accelerator's interface: AXI4-Stream words, whole bytes, element 0 in the low bits.
#pragma once

#define AP_INT_MAX_W {MAX_WORD_BITS}
#include "stream_last.hpp"

// bits of a word, words of an image
const int IN_BITS = {source["tdata_bits"]}, IN_BEATS = {source["beats"]};
const int OUT_BITS = {sink["tdata_bits"]}, OUT_BEATS = {sink["beats"]};

// One image.
void {TOP}({_PORTS});

#ifndef __SYNTHESIS__
// The same layers, each with all images before the next begins.
void fpgan_layers({_PORTS}, int images);
#endif
"""


def _top(model: ModelWrapper, kernels: list[Kernel]) -> str:
    """Stream i is the i-th that a layer puts out; the last one becomes the accelerator's output."""
    nodes, depths = _computing(model), stream_depths(model)
    made = [tensor for node in nodes for tensor in node.output]
    widths = [width for kernel in kernels for width in kernel.out_bits]
    names = {tensor: f"stream_{i}" for i, tensor in enumerate(made, 1)}
    names |= {model.graph.input[0].name: "s_axis_0"}
    names |= {n.output[0]: names[n.input[0]] for n in model.graph.node if n.op_type == "Fifo_rtl"}
    plain = "".join(
        f'  hls::stream<ap_uint<{width}>> {names[tensor]}("{names[tensor]}");\n'
        for tensor, width in zip(made, widths, strict=True)
    )
    depth = "".join(
        f"#pragma HLS STREAM variable={names[tensor]} depth={depths[tensor]}\n" for tensor in made
    )
    calls = [
        f"{k.name}({', '.join(names[tensor] for tensor in (*node.input, *node.output) if tensor in names)});"
        for k, node in zip(kernels, nodes, strict=True)
    ]
    calls.append(f"fpgan::stream_last<OUT_BITS, OUT_BEATS>({names[nodes[-1].output[0]]}, m_axis_0);")
    chain = "".join(f"  {call}\n" for call in calls)
    in_turn = "".join(f"  for (int i = 0; i < images; i++) {call}\n" for call in calls)
    includes = "".join(f'#include "{kernel.name}.hpp"\n' for kernel in kernels)
    return f"""// SPDX-License-Identifier: Apache-2.0
// The accelerator: its layers in a row, connected by streams. A call is one image; the layers work at once,
// each on its own image, and start again by themselves.
#include "top.hpp"

{includes}
void {TOP}({_PORTS}) {{
#pragma HLS INTERFACE mode=axis port=s_axis_0
#pragma HLS INTERFACE mode=axis port=m_axis_0
#pragma HLS INTERFACE mode=ap_ctrl_none port=return
#pragma HLS DATAFLOW
{plain}{depth}{chain}}}

#ifndef __SYNTHESIS__
void fpgan_layers({_PORTS}, int images) {{
{plain}{in_turn}}}
#endif
"""


def _write_vectors(vectors: Vectors, description: dict[str, Any], hls: Path) -> None:
    for file, values, key in (
        ("latent.bin", vectors.latent, "input"),
        ("image.bin", vectors.image, "output"),
    ):
        stream = description[key]
        bits = DataType[stream["datatype"]].bitwidth()
        words = pack(values[:_BENCH_IMAGES].transpose(0, 2, 3, 1), stream["elements_per_beat"], bits)
        (hls / file).write_bytes(words.tobytes())


def run_tcl(board: Board, clock_mhz: float) -> str:
    """The script for vitis_hls: C simulation on latent.bin and image.bin, synthesis, export as IP."""
    return f"""# Run in this folder: vitis_hls -f run.tcl
open_project -reset {TOP}_project
set_top {TOP}
add_files top.cpp
add_files -tb main.cpp
add_files -tb latent.bin
add_files -tb image.bin
open_solution -reset solution -flow_target vivado
set_part {board.part}
create_clock -period {1000 / clock_mhz:.3f} -name default
# Static variables are the layers' state: a reset takes them back to their first values.
config_rtl -reset state
csim_design -argv {{latent.bin image.bin}}
csynth_design
export_design -format ip_catalog
exit
"""
