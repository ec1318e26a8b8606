# SPDX-License-Identifier: Apache-2.0
"""Copies of FINN's RTL, altered where Verilator or Yosys does not take it; every alteration is here."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

# file -> exact text, which must occur once -> its replacement
PATCHES: dict[str, tuple[tuple[str, str], ...]] = {
    "mvu.sv": (
        # The 100 ns watchdog needs --timing in Verilator and is no RTL; our harness holds reset that long.
        (
            "\tif(1) begin : blkRecoveryWatch\n",
            "`ifdef FPGAN_DSP_WATCHDOG\n\tif(1) begin : blkRecoveryWatch\n",
        ),
        ("\tend : blkRecoveryWatch\n", "\tend : blkRecoveryWatch\n`endif\n"),
        # Data has no reset: a sum starts anew at the step that `first` marks, not at the one after `last`.
        # The reset clears `vld` alone. Stage n of F belongs to the same step as stage n of L.
        ("\tinput\tlogic  rst,\n", "\tinput\tlogic  ctrl_rst,\n"),
        ("\tinput\tlogic  last,\n", "\tinput\tlogic  first,\n\tinput\tlogic  last,\n"),
        ("\timport  mvu_pkg::*;\n", "\timport  mvu_pkg::*;\n\tuwire  rst = 0;\n"),
        (
            "\t\tif(rst)      L <= '0;\n",
            "\t\tif(en)  F <= { first, F[1:PIPELINE_DEPTH-1] };\n\t\tif(ctrl_rst) L <= '0;\n",
        ),
        (
            "\tlogic [1:PIPELINE_DEPTH] L = '0;\n",
            "\tlogic [1:PIPELINE_DEPTH] L = '0;\n\tlogic [1:PIPELINE_DEPTH] F;\n",
        ),
        ("M2 + (L[3]? 0 : P3)", "M2 + (F[2]? 0 : P3)"),
        ("{ 1'b0, L[2], 1'b0 }", "{ 1'b0, F[1], 1'b0 }"),
        ("X2[i] + (L[3]? 2'h0", "X2[i] + (F[2]? 2'h0"),
        ("PZ <= L[3]? 0", "PZ <= F[2]? 0"),
        ("$signed(L[PIPELINE_DEPTH-1]? {(", "$signed(F[PIPELINE_DEPTH-2]? {("),
        # What is under way before the first reset may be anything.
        ("@(posedge clk iff en && !rst)", "@(posedge clk iff en && !ctrl_rst)"),
        ("assert(h[HI_WIDTH] ===", "assert(ctrl_rst || h[HI_WIDTH] ==="),
    ),
    "thresholding.sv": (
        # Stage 0 has a reversed slice in a branch that is never taken; Yosys' slang stops there all the same.
        (
            "1 : p.ptr[M-1:SN+1] < 2**stage - SCOPE_REDUCE;",
            "1 : (p.ptr[M-1:0] >> (SN+1)) < 2**stage - SCOPE_REDUCE;",
        ),
        # Yosys knows the attribute in lower case only, and takes a delay line for shift register sites (SRL)
        # only where its first element is the lowest bits.
        ('"FALSE", RAM_STYLE = RAM_STYLE *)', '"FALSE", ram_style = RAM_STYLE *)'),
        ("ADat[A_DEPTH];", "ADat[A_DEPTH-1:0];"),
    ),
}


def copy_finn_sources(paths: Sequence[Path], dest: Path) -> list[str]:
    """Copy sources flat into `dest`, patched; returns their names in order.

    Raises ValueError when a patch no longer fits, or two different files share a name.
    """
    names = []
    for path in paths:
        text = path.read_text(encoding="utf-8")
        for old, new in PATCHES.get(path.name, ()):
            if text.count(old) != 1:
                raise ValueError(
                    f"{path}: {text.count(old)} places hold {old.strip()!r}; exactly 1 is expected"
                )
            text = text.replace(old, new)
        target = dest / path.name
        if target.exists() and target.read_text(encoding="utf-8") != text:
            raise ValueError(f"{path}: another source of that name is in {dest} already")
        target.write_text(text, encoding="utf-8")
        names.append(path.name)
    return names
