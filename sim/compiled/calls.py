# SPDX-License-Identifier: Apache-2.0
"""What the RTL of a BUILD, which may be a stranger's, calls: nothing that reaches out of a simulation."""

from __future__ import annotations

import re
from collections.abc import Sequence

_CALLS = {
    "bits", "cast", "ceil", "clog2", "countones", "dimensions", "display", "error", "exp", "fatal",
    "fell", "finish", "floor", "high", "increment", "info", "isunknown", "itor", "left", "ln",
    "log10", "low", "monitor", "onehot", "onehot0", "past", "pow", "random", "readmemb", "readmemh",
    "realtime", "right", "root", "rose", "rtoi", "sformatf", "signed", "size", "sqrt", "stable",
    "stime", "stop", "strobe", "time", "timeformat", "typename", "unit", "unsigned", "urandom",
    "urandom_range", "warning", "write",
}  # fmt: skip
_DIRECTIVES = {
    "begin_keywords", "celldefine", "default_nettype", "end_keywords", "endcelldefine", "line",
    "nounconnected_drive", "resetall", "timescale", "unconnected_drive",
}  # fmt: skip
_SUFFIXES = (".sv", ".v")
# Comments, strings and escaped names, in which nothing is called; then calls, directives.
_TOKENS = re.compile(
    r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\])*"|\\\S+|(?<![\w$])\$(?P<call>\w+)|`(?P<directive>\w+)', re.DOTALL
)


def check_calls(preprocessed: str) -> None:
    """ValueError for SystemVerilog, its macros expanded, that starts programs, writes files or holds C++."""
    for token in _TOKENS.finditer(preprocessed):
        if (call := token["call"]) and call not in _CALLS:
            raise ValueError(f"the RTL calls ${call}, which may reach out of the simulation; it is not run")
        if (directive := token["directive"]) and directive not in _DIRECTIVES:
            raise ValueError(f"the RTL holds `{directive}, which may hold C++; it is not run")
        if token[0].startswith('"DPI'):
            raise ValueError("the RTL calls C functions (DPI), which may do anything; it is not run")


def check_names(names: Sequence[str]) -> None:
    """ValueError for sources that Verilator would take for something else, such as C++."""
    for name in names:
        if not name.endswith(_SUFFIXES):
            raise ValueError(f"{name}: no SystemVerilog, by its name; it is not compiled")
