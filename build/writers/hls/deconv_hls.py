# SPDX-License-Identifier: Apache-2.0
"""Deconv by hw/hls/deconv.hpp: FINN's C simulation with g++, and what Vitis HLS makes an IP of."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from finn.custom_op.fpgadataflow.hlsbackend import HLSBackend
from finn.custom_op.fpgadataflow.templates import ipgentcl_template
from finn.util.settings import get_settings
from numpy.typing import NDArray

from fpgan.build.dataflow.ops.deconv import Deconv
from fpgan.build.writers.hls.kernels import MAX_WORD_BITS, Kernel, kernel_of
from fpgan.hw.sources import hls_dir
from fpgan.sim.compiled.csim import compile_cpp
from fpgan.sim.compiled.programs import run_logged
from fpgan.sim.packing import pack, unpack

_HEADERS = ("words.hpp", "deconv.hpp")
_GIVEN, _TAKEN = "input_0.bin", "output_0.bin"


class Deconv_hls(Deconv, HLSBackend):
    """x (1,H,W,CI), weights (CI,CO/groups,KH,KW) -> accumulators (1,OH,OW,CO); see deconv.hpp.

    cppsim needs g++ alone: Vitis HLS' headers where it is installed, else ours; nothing of finn-hlslib.
    """

    def simulated(self, *x: NDArray[np.int64]) -> NDArray[np.int64] | tuple[NDArray[np.int64], ...]:
        """In numpy; with exec_mode cppsim by the compiled kernel."""
        if self.get_nodeattr("exec_mode") != "cppsim":
            return super().simulated(*x)
        program = Path(self.get_nodeattr("executable_path"))
        if not program.is_file():
            raise ValueError(f"{self.onnx_node.name}: no executable; run PrepareCppSim and CompileCppSim")
        folder, made = program.parent, self.get_output_datatype()
        words = pack(x[0], self.get_nodeattr("SIMD"), self.get_input_datatype().bitwidth())
        (folder / _GIVEN).write_bytes(words.tobytes())
        run_logged([str(program)], folder, folder, folder / "cppsim.log", "C simulation")
        taken = np.fromfile(folder / _TAKEN, np.uint8).reshape(-1, -(-self.get_outstream_width() // 8))
        values = unpack(taken, self.get_nodeattr("PE"), made.bitwidth(), made.signed())
        return values.reshape(self.get_normal_output_shape())

    # -- C simulation -------------------------------------------------------------------------------------
    def code_generation_cppsim(self, model: Any) -> None:
        folder = Path(self.get_nodeattr("code_gen_dir_cppsim"))
        kernel = self._write_kernel(model, folder)
        shutil.copyfile(hls_dir() / "bench.hpp", folder / "bench.hpp")
        beats, (taken,), (given,) = self._beats(), kernel.in_bits, kernel.out_bits
        (folder / f"execute_{self.onnx_node.op_type}.cpp").write_text(
            f"""// SPDX-License-Identifier: Apache-2.0
// {self.onnx_node.name}: the images of {_GIVEN} through the kernel, to {_TAKEN}.
#define AP_INT_MAX_W {MAX_WORD_BITS}
#include "{kernel.name}.hpp"

#include "bench.hpp"

int main() {{
  const fpgan::Bytes words = fpgan::read_file("{_GIVEN}");
  const int bytes = {beats} * (({taken} + 7) / 8);
  fpgan::Bytes results;
  for (std::size_t at = 0; at < words.size(); at += bytes) {{
    hls::stream<ap_uint<{taken}>> in("in");
    hls::stream<ap_uint<{given}>> out("out");
    fpgan::put_words<{taken}>(in, &words[at], {beats});
    {kernel.name}(in, out);
    fpgan::take_words<{given}>(out, results);
  }}
  std::ofstream file("{_TAKEN}", std::ios::binary);
  file.write(reinterpret_cast<const char*>(&results[0]), results.size());
  return 0;
}}
""",
            encoding="utf-8",
        )

    def compile_singlenode_code(self) -> None:
        folder = Path(self.get_nodeattr("code_gen_dir_cppsim"))
        program, source = folder / "node_model", folder / f"execute_{self.onnx_node.op_type}.cpp"
        compile_cpp([source], folder, program, hls_dir() / "csim", folder / "compile.log")
        self.set_nodeattr("executable_path", str(program))

    def _beats(self) -> int:
        return int(np.prod(self.get_folded_input_shape()[:-1]))

    def _write_kernel(self, model: Any, folder: Path) -> Kernel:
        """The kernel with its constants, and what it includes."""
        kernel = kernel_of(model, self.onnx_node)
        kernel = replace(kernel, name=f"{kernel.name}_kernel")
        for name in _HEADERS:
            shutil.copyfile(hls_dir() / name, folder / name)
        (folder / f"{kernel.name}.hpp").write_text(kernel.header(), encoding="utf-8")
        return kernel

    # -- what Vitis HLS reads -------------------------------------------------------------------------------
    def code_generation_ipgen(self, model: Any, fpgapart: str, clk: float) -> None:
        """top_NAME.cpp, with FINN's names of ports, and FINN's own script hls_syn_NAME.tcl."""
        name, folder = self.onnx_node.name, Path(self.get_nodeattr("code_gen_dir_ipgen"))
        kernel = self._write_kernel(model, folder)
        taken, given = (width + -width % 8 for (width,) in (kernel.in_bits, kernel.out_bits))
        (folder / f"{kernel.name}.hpp").write_text(
            replace(kernel, in_bits=(taken,), out_bits=(given,)).header(), encoding="utf-8"
        )
        (folder / f"top_{name}.cpp").write_text(
            f"""// SPDX-License-Identifier: Apache-2.0
// {name}: the kernel with FINN's port names, whole bytes a word.
#define AP_INT_MAX_W {MAX_WORD_BITS}
#include "{kernel.name}.hpp"

void {name}(hls::stream<ap_uint<{taken}>>& in0_V, hls::stream<ap_uint<{given}>>& out0_V) {{
#pragma HLS INTERFACE axis port=in0_V
#pragma HLS INTERFACE axis port=out0_V
#pragma HLS INTERFACE ap_ctrl_none port=return
  {kernel.name}(in0_V, out0_V);
}}
""",
            encoding="utf-8",
        )
        dependencies = get_settings().finn_deps
        said = {
            "PROJECTNAME": f"project_{name}", "HWSRCDIR": str(folder), "FPGAPART": fpgapart, "TOPFXN": name,
            "CLKPERIOD": str(clk), "DEFAULT_DIRECTIVES": "\n".join(self.ipgen_default_directives()),
            # static variables are the kernel's state: a reset takes them back to their first values
            "EXTRA_DIRECTIVES": "config_rtl -reset state",
            "FINNHLSLIB": str(dependencies / "finn-hlslib"),
            "ATTENTIONHLSLIB": str(dependencies / "attention-hlslib"),
        }  # fmt: skip
        script = ipgentcl_template
        for key, value in said.items():
            script = script.replace(f"${key}$", value)
        (folder / f"hls_syn_{name}.tcl").write_text(script, encoding="utf-8")

    # FINN's own generation asks for these; ours writes its files whole.
    def global_includes(self) -> None:
        self.code_gen_dict["$GLOBALS$"] = []

    def defines(self, var: str) -> None:
        self.code_gen_dict["$DEFINES$"] = []

    def docompute(self) -> None:
        self.code_gen_dict["$DOCOMPUTE$"] = []

    def blackboxfunction(self) -> None:
        self.code_gen_dict["$BLACKBOXFUNCTION$"] = []
