# SPDX-License-Identifier: Apache-2.0
"""Netlists that differ a little as one, so that a simulation of all of them is compiled once.

which.dat in the working directory says which of them runs: 0 the first.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

WHICH = "which.dat"
_OUTPUTS = re.compile(r"\.(O|Q|CO|q|Q31|DOADO|DOPADOP|DOBDO|DOPBDOP)\((\w+)\)")
_SELECTED = "netlist_of[0]"


def merge(texts: Sequence[str]) -> str:
    """One module that behaves as the text whose number stands in which.dat."""
    first, *others = [dict(map(_named, _body(text))) for text in texts]
    lines, versions = dict(first), dict[str, list[tuple[int, str]]]()
    for number, other in enumerate(others, 1):
        for name, line in other.items():
            if name not in lines:
                lines[name] = line
            elif line != lines[name]:
                versions.setdefault(name, []).append((number, line))
    done = [line for name, line in lines.items() if name not in versions]
    for name, others_of in versions.items():
        done += _chosen(lines[name], others_of)
    wires = [line for line in done if line.startswith("wire ")]
    rest = [line for line in done if not line.startswith("wire ")]
    head = [f"reg [7:0] {_SELECTED.replace('[0]', '')} [0:0];",
            f'initial $readmemh("{WHICH}", {_SELECTED.replace("[0]", "")});']  # fmt: skip
    return "\n".join(["module zynq7_top;", *head, *wires, *rest, "endmodule", ""])


def _body(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines()[1:-1]]


def _named(line: str) -> tuple[str, str]:
    """What a line makes, and the line."""
    if line.startswith(("wire ", "assign ")):
        return line.split(" = ")[0].rstrip(";"), line
    return re.sub(r"#\(.*?\)\s(?=\w+ \()", "", line).split()[1], line


def _chosen(line: str, others: Sequence[tuple[int, str]]) -> list[str]:
    """Every version, and what chooses between them."""
    if line.startswith("assign "):
        name, _, value = line.rstrip(";").partition(" = ")
        for number, other in others:
            value = f"{_SELECTED} == {number} ? {other.rstrip(';').partition(' = ')[2]} : ({value})"
        return [f"{name} = {value};"]
    made, outputs = [], _OUTPUTS.findall(line)
    for number, version in [(0, line), *others]:
        renamed = _OUTPUTS.sub(lambda match, n=number: f".{match[1]}({match[2]}_{n})", version)
        made.append(re.sub(r"(\w+) \((?=\.)", lambda match, n=number: f"{match[1]}_{n} (", renamed, count=1))
        made += [f"wire [15:0] {wire}_{number};" for _, wire in outputs]
    for _, wire in outputs:
        value = f"{wire}_0"
        for number, _ in others:
            value = f"{_SELECTED} == {number} ? {wire}_{number} : ({value})"
        made.append(f"assign {wire} = {value};")
    return made
