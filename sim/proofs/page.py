# SPDX-License-Identifier: Apache-2.0
"""hw/checks/PROVED.md, from the table of proofs: python -m fpgan.sim.proofs.page writes it anew."""

from __future__ import annotations

from collections.abc import Iterator

from fpgan.hw.sources import properties
from fpgan.hw.system.files import write_text
from fpgan.sim.proofs.table import Module, modules

PAGE = properties("fifo")[0].with_name("PROVED.md")

_HEAD = """# What is proved

For every input in every cycle, from any contents of the registers at power-up, after a reset of one cycle and
any number of others at any time. What is undefined may be either value in each bit, so that Yosys' `xprop`
would add nothing. `MODULE_properties.sv` holds the properties. `make proofs` proves all of this page,
`make test` what has a star. Each property is seen to fail with a fault in its module
(`tests/sim/proofs/faults.yaml`). What is not here is tested only.

That Yosys' netlist of a control module is its RTL, whatever the registers of both held, is proved by
`tests/build/implement/synth/test_equivalence.py`.

A deconv is proved in parts: its walk asks for the right pixels at the right time (`deconv_walk`), they are
read as they came (`line_buffer`), each sum finds a place (`deconv`). That operands, weights and sums meet is
tested.

A proof looks at every state, so sizes are small. Words of few bits stand for any where a module does not look
into them.
"""
_WRITTEN = "Written by `python -m fpgan.sim.proofs.page` from `sim/proofs/proofs.yaml`; a test compares.\n"


def page() -> str:
    """The text of PROVED.md."""
    return "\n".join([_HEAD, *(line for module in modules().values() for line in _lines(module)), _WRITTEN])


def _lines(module: Module) -> Iterator[str]:
    yield f"## {module.name}\n"
    reach = f"for the first {module.depth} cycles" if module.depth else "for all cycles"
    reach += ", by induction" * module.induction
    cases = ", ".join(case.text + " *" * case.quick for case in module.cases)
    yield f"{f'Of `{module.of}`. ' * bool(module.of)}Proved {reach}: {cases}.\n"
    yield "| property | says |"
    yield "|---|---|"
    for name, text in module.claims.items():
        yield f"| `{name}` | {text} |"
    for name, text in module.given.items():
        yield f"| `{name}` | is assumed: {text} |"
    for output, source in module.apart:
        yield f"| | no gate leads from `{source}` to `{output}` |"
    for name, text in module.covers.items():
        yield f"| `{name}` | is reached: {text} |"
    yield ""


if __name__ == "__main__":
    write_text(PAGE, page())
