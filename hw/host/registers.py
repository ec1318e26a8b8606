# SPDX-License-Identifier: Apache-2.0
"""The register map of the host interface: the one place that says it.

`python -m fpgan.hw.host.registers` writes it for what cannot read it from here: rtl/host/host_pkg.sv, and
driver/registers.py and driver/c/fpgan_regs.h, since the drivers run alone on a board.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ID_WORD = 0x4650474E  # "FPGN"
VERSION_WORD = 0x0001_0000  # major, minor: of this map
WINDOW_BYTES = 0x1000
IN_WINDOW, OUT_WINDOW = 0x1000, 0x2000  # any word there is the next word of the stream
ADDRESS_BITS = 14
_LINE = 120  # characters of a line of SystemVerilog, as .rules.verible_lint has it


@dataclass(frozen=True)
class Register:
    """A 32-bit register. access: `ro`, `rw`, or `w1c` (bits that are written as 1 are cleared)."""

    name: str
    offset: int
    access: str
    meaning: str
    fields: tuple[tuple[str, int, int], ...] = ()  # name, lowest bit, bits


_FORMAT = (("BITS", 0, 8), ("SIGNED", 8, 1), ("ELEMENTS", 16, 16))

# The first CAPABILITIES registers are constants of a design, in this order.
CAPABILITIES = 16
REGISTERS: tuple[Register, ...] = (
    Register("ID", 0x00, "ro", "FPGN"),
    Register("VERSION", 0x04, "ro", "of this map: major in the upper half, minor in the lower"),
    Register("DESIGN", 0x08, "ro", "first 32 bits of the SHA-256 of what the design was made of"),
    Register(
        "FEATURES", 0x0C, "ro", "what there is besides the windows: bytes of a memory word, the generator",
        (("DMA_BYTES", 0, 8), ("GENERATOR", 8, 1)),
    ),
    Register("LATENT_ELEMENTS", 0x10, "ro", "per image, the label's among them"),
    Register("LATENT_FORMAT", 0x14, "ro", "bits and sign of an element, elements per beat", _FORMAT),
    Register("LATENT_SCALE", 0x18, "ro", "value of one step, float32"),
    Register("LATENT_BEATS", 0x1C, "ro", "of the accelerator's stream, per image"),
    Register(
        "IMAGE_SHAPE", 0x20, "ro", "of an image", (("CHANNELS", 0, 8), ("HEIGHT", 8, 12), ("WIDTH", 20, 12)),
    ),
    Register("IMAGE_FORMAT", 0x24, "ro", "bits and sign of an element, elements per beat", _FORMAT),
    Register("IMAGE_SCALE", 0x28, "ro", "value of one step, float32"),
    Register("IMAGE_BEATS", 0x2C, "ro", "of the accelerator's stream, per image"),
    Register("CLASSES", 0x30, "ro", "labels; the last elements of a latent are the one-hot label"),
    Register("CLOCK_KHZ", 0x34, "ro", "the clock that the design was built for"),
    Register("WINDOW_WORDS", 0x38, "ro", "words that wait behind each window"),
    Register("MAX_IMAGES", 0x3C, "ro", "in one call"),
    Register(
        "CONTROL", 0x40, "rw", "START and ABORT act when written and read 0; the others hold for the call",
        (
            ("START", 0, 1), ("ABORT", 1, 1), ("RESEED", 2, 1), ("LOAD", 3, 1), ("SOURCE", 4, 2),
            ("SINK", 6, 2),
        ),
    ),
    Register("STATUS", 0x44, "ro", "a call is under way; an abort is", (("BUSY", 0, 1), ("ABORTING", 1, 1))),
    Register(
        "ERRORS", 0x48, "w1c", "since they were cleared",
        (
            ("OVERFLOW", 0, 1), ("UNDERFLOW", 1, 1), ("ACCESS", 2, 1), ("REFUSED", 3, 1),
            ("READ_SLVERR", 4, 1), ("READ_DECERR", 5, 1), ("WRITE_SLVERR", 6, 1), ("WRITE_DECERR", 7, 1),
        ),
    ),
    Register("IRQ_ENABLE", 0x4C, "rw", "events that raise the interrupt", (("DONE", 0, 1), ("ERROR", 1, 1))),
    Register("IRQ_STATUS", 0x50, "w1c", "events since they were cleared", (("DONE", 0, 1), ("ERROR", 1, 1))),
    Register("IMAGES", 0x54, "rw", "images of the next call, or bytes of the file that it loads"),
    Register("LATENTS_IN", 0x58, "ro", "latents that this call gave to the accelerator"),
    Register("IMAGES_OUT", 0x5C, "ro", "images that this call took from it"),
    Register("IN_SPACE", 0x60, "ro", "words that the input window takes now"),
    Register("OUT_LEVEL", 0x64, "ro", "words that the output window gives now"),
    Register("CYCLES_LO", 0x68, "ro", "clock cycles of this call"),
    Register("CYCLES_HI", 0x6C, "ro", "its upper half"),
    Register("SOURCE_LO", 0x70, "rw", "bus address of the latents, or of the file of weights"),
    Register("SOURCE_HI", 0x74, "rw", "its upper half"),
    Register("DEST_LO", 0x78, "rw", "bus address for the images"),
    Register("DEST_HI", 0x7C, "rw", "its upper half"),
    Register("SEED_0", 0x80, "rw", "state that RESEED gives to the generator"),
    Register("SEED_1", 0x84, "rw", "its second word"),
    Register("SEED_2", 0x88, "rw", "its third word"),
    Register("SEED_3", 0x8C, "rw", "its fourth word"),
    Register("LABEL", 0x90, "rw", "of every image that the generator's latents make"),
    Register(
        "WEIGHTS", 0x94, "ro", "a call with LOAD has loaded them; why it has not",
        (("LOADED", 0, 1), ("FOREIGN", 1, 1), ("LENGTH", 2, 1), ("SUM", 3, 1)),
    ),
    Register("WEIGHTS_BYTES", 0x98, "ro", "of the file that LOAD takes; 0: weights are in the bitstream"),
    Register("WEIGHTS_DESIGN", 0x9C, "ro", "identity of the design in that file"),
)  # fmt: skip

SOURCES = {"WINDOW": 0, "DMA": 1, "GENERATOR": 2}
SINKS = {"WINDOW": 0, "DMA": 1, "NONE": 2}  # NONE: images are counted and dropped, to time without traffic

BY_NAME = {register.name: register for register in REGISTERS}


def encode(register: str, **values: int) -> int:
    """A register's word of its fields. ValueError for a value that does not fit its field."""
    word, fields = 0, {name: (low, bits) for name, low, bits in BY_NAME[register].fields}
    for name, value in values.items():
        low, bits = fields[name]
        if not 0 <= value < 1 << bits:
            raise ValueError(f"{register}.{name}={value}: must be 0 to {(1 << bits) - 1}")
        word |= value << low
    return word


def _constants() -> list[tuple[str, int, int, str]]:
    """Name, value, bits as SystemVerilog declares it, comment."""
    found = [
        ("ID_WORD", ID_WORD, 32, "what ID reads"),
        ("VERSION_WORD", VERSION_WORD, 32, "what VERSION reads"),
    ]
    found += [("IN_WINDOW", IN_WINDOW, ADDRESS_BITS, "any word there: the next word in")]
    found += [("OUT_WINDOW", OUT_WINDOW, ADDRESS_BITS, "any word there: the next word out")]
    for register in REGISTERS:
        comment = f"{register.access}: {register.meaning}"
        found.append((register.name, register.offset, ADDRESS_BITS, comment))
        for name, low, _ in register.fields:
            found.append((f"{register.name}_{name}", low, 0, f"lowest bit of {register.name}.{name}"))
    for prefix, values in (("SOURCE", SOURCES), ("SINK", SINKS)):
        found += [(f"{prefix}_{name}", value, 2, f"CONTROL.{prefix}") for name, value in values.items()]
    return found


def sv_package() -> str:
    """hw/rtl/host/host_pkg.sv."""
    lines = [
        "// SPDX-License-Identifier: Apache-2.0",
        "// The register map of the host interface, generated from hw/host/registers.py.",
        "/* verilator lint_off UNUSEDPARAM */",
        "package host_pkg;",
        f"  localparam int unsigned ADDRESS_BITS = {ADDRESS_BITS};",
        f"  localparam int unsigned CAPABILITIES = {CAPABILITIES};  // constant words at the map's start",
    ]
    for name, value, bits, comment in _constants():
        declared = f"logic [{bits - 1}:0]" if bits else "int unsigned"
        literal = f"{bits}'h{value:0{(bits + 3) // 4}X}" if bits else str(value)
        line = f"  localparam {declared} {name} = {literal};"
        fits = len(f"{line}  // {comment}") <= _LINE
        lines += [f"{line}  // {comment}"] if fits else [f"  // {comment}", line]
    return "\n".join([*lines, "endpackage", "/* verilator lint_on UNUSEDPARAM */", ""])


def driver_module() -> str:
    """hw/driver/registers.py."""
    groups = {
        "REGISTERS": {register.name: register.offset for register in REGISTERS},
        "ERRORS": {name: low for name, low, _ in BY_NAME["ERRORS"].fields},
        "SOURCES": SOURCES,
        "SINKS": SINKS,
    }
    lines = [
        "# SPDX-License-Identifier: Apache-2.0",
        '"""The register map, generated from hw/host/registers.py by `python -m fpgan.hw.host.registers`."""',
        "",
        f"ID, VERSION = 0x{ID_WORD:08X}, 0x{VERSION_WORD:08X}",
        f"IN_WINDOW, OUT_WINDOW, WINDOW_BYTES = 0x{IN_WINDOW:X}, 0x{OUT_WINDOW:X}, 0x{WINDOW_BYTES:X}",
        f"SPAN = 0x{1 << ADDRESS_BITS:X}  # bytes of the registers and windows",
    ]
    lines += [f"CONTROL_{name} = {low}" for name, low, _ in BY_NAME["CONTROL"].fields]
    for group, values in groups.items():
        lines.append(f"{group} = {{")
        items, row = list(values.items()), 4
        for i in range(0, len(items), row):
            pairs = ", ".join(f'"{k}": 0x{v:02X}' for k, v in items[i : i + row])
            lines.append(f"    {pairs},")
        lines.append("}  # fmt: skip")
    return "\n".join([*lines, ""])


def c_header() -> str:
    """hw/driver/c/fpgan_regs.h."""
    lines = [
        "// SPDX-License-Identifier: Apache-2.0",
        "// The register map of the host interface, generated from hw/host/registers.py.",
        "#ifndef FPGAN_REGS_H",
        "#define FPGAN_REGS_H",
        "",
        f"#define FPGAN_SPAN 0x{1 << ADDRESS_BITS:X}u  // bytes of the registers and windows",
    ]
    for name, value, _, comment in _constants():
        lines.append(f"#define FPGAN_{name} 0x{value:02X}u  // {comment}")
    return "\n".join([*lines, "", "#endif", ""])


def main() -> None:
    """Write the SystemVerilog package, the driver's module and the C header."""
    folder = Path(__file__).parents[1]
    (folder / "rtl" / "host" / "host_pkg.sv").write_text(sv_package(), encoding="utf-8")
    (folder / "driver" / "registers.py").write_text(driver_module(), encoding="utf-8")
    (folder / "driver" / "c" / "fpgan_regs.h").write_text(c_header(), encoding="utf-8")


if __name__ == "__main__":
    main()
