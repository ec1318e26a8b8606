# SPDX-License-Identifier: Apache-2.0
"""Every module of ours is free of lint, and both tools elaborate it; FINN's patched copies elaborate too."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from fpgan.hw.finn_sources import PATCHES, copy_finn_sources
from fpgan.hw.sources import held_checks, rtl_file
from fpgan.hw.system.children import run
from fpgan.hw.system.tools import ToolError, find_tool, verilator_env

# These use FINN's mvu_pkg, which has lint warnings of its own.
_PACKAGED = (
    "add_multi", "mvu_lut_pe", "mvu_lut", "mvu_cascade_pe", "mvu_cascade", "mac_cores", "deconv_channels",
    "deconv",
)  # fmt: skip
_ELSEWHERE = (
    "host_pkg",  # a package, with every module of the host
    "thresholding_loaded",  # around FINN's thresholding, which has lint of its own
    "thresholding_tiles",
    "mvu_pumped",  # around FINN's mvu, which has lint of its own
    "zynq7_top",  # with the host around it: test_zynq7.py
)

_DMA = ("fifo", "width_convert", "beats_to_words", "axi_read", "axi_write")
_HOST = (
    "host_pkg", "fifo", "width_convert", "beats_to_words", "latent_source", "axil_port", "call_control",
    "weight_feed",
)  # fmt: skip
# as hw/host/emit.py writes them: latents of 16 elements of 8 bits, images of 16 x 16, windows and generator
_WORDS = (
    0x4650474E, 0x00010000, 0, 0x108, 16, 0x00040108, 0x3D000000, 4,
    0x01001001, 0x00010108, 0x3C000000, 256, 0, 300000, 512, 0x00100000,
)  # fmt: skip
_CAPABILITY = "512'h" + "".join(f"{word:08x}" for word in reversed(_WORDS))

# module -> further sources, parameter sets
MODULES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "fifo": ((), ("WIDTH=8 DEPTH=2", "WIDTH=9 DEPTH=33")),
    "width_convert": (
        (),
        (
            "IN_ELEMS=1 OUT_ELEMS=4 ELEM_BITS=3",
            "IN_ELEMS=6 OUT_ELEMS=2 ELEM_BITS=5",
            "IN_ELEMS=3 OUT_ELEMS=2",
        ),
    ),
    "stream_last": ((), ("WIDTH=8 BEATS=1", "WIDTH=32 BEATS=9")),
    "pixel_pad": ((), ("H=4 W=3 CF=2 WIDTH=12 OPH=1", "H=1 W=1 SH=1 SW=1")),
    "table_walk": ((), ('FILE="weights.dat"', 'FILE="weights.dat" DEPTH=1')),
    "pixel_select": (
        ("fifo", "line_buffer", "table_walk"),
        ('ROW_TABLE="weights.dat" COLUMN_TABLE="weights.dat" H=5 W=3 CF=2 ROWS=3',),
    ),
    "beats_to_words": (("width_convert",), ("BEAT_BYTES=3", "BEAT_BYTES=24 WORD_BYTES=8")),
    "latent_source": (("fifo", "width_convert"), ("", "BITS=2 LOW=0 ELEMENTS=5 CLASSES=3 BEAT_ELEMENTS=3")),
    "axil_port": ((), ("",)),
    "call_control": ((), ("", "IN_BEATS=4 OUT_BEATS=256")),
    "axil_stream": (_HOST, (f"CAPABILITY={_CAPABILITY}", f"CAPABILITY={_CAPABILITY} FILE_BYTES=99")),
    "weight_feed": ((), ("",)),
    "axi_read": (("fifo",), ("", "DATA_BITS=128 MAX_BURST=256 ADDRESS_BITS=40")),
    "axi_write": (("fifo",), ("", "DATA_BITS=128 MAX_BURST=256 ADDRESS_BITS=40")),
    "axi_dma_stream": (
        _DMA,
        ("", "DATA_BITS=128 ADDRESS_BITS=64 MAX_BURST=256 IN_BYTES=3 OUT_BYTES=24", "IN_BYTES=2 WEIGHTS=1"),
    ),
    "axi3_burst": ((), ("", "ADDRESS_BITS=20")),
    "axi3_axil": (("axi3_burst",), ("", "ADDRESS_BITS=12 ID_BITS=6")),
    "channels": ((), ("", "IN_WIDTH=9 OUT_WIDTH=21")),
    "stream_fork": ((), ("", "WIDTH=9 OUTPUTS=3")),
    "stream_add": (
        (),
        (
            "",
            "CHANNELS=2 PE=2 BITS_0=3 BITS_1=5 SIGNED_1=1 FACTOR_0=3 ACC_BITS=8 NEGATED=2",
        ),
    ),
    "stream_concat": (
        (),
        ("", "INPUTS=3 PE=2 IN_BITS=96'h4_00000002_00000004 WORDS=96'h3_00000001_00000002"),
    ),
    "stream_max": ((), ("", "PE=3 BITS=5 SIGNED=1 WORDS=9")),
    "stream_lookup": ((), ('FILE="table"', 'FILE="table" PE=2 CHANNELS=4 SHARED=0 STYLE="block"')),
    "tap_axis": (
        (),
        (
            "",
            "PAR=2",
            "SIZE=5 KERNEL=5 PAD=2 OUT=10 PAR=3",
            "SIZE=7 KERNEL=3 STRIDE=1 STEP=3 OUT=3",
            "SIZE=7 KERNEL=4 STRIDE=2 DILATION=6 APART=1 PAR=2",
        ),
    ),
    "scale_lut": ((), ("", "A_BITS=21 M_BITS=17 B_BITS=30 T_BITS=40")),
    "stream_requantize": (
        ("fifo", "weight_rom", "scale_lut"),
        ('FILE="x"', 'FILE="x" CHANNELS=6 PE=3 MARK_BITS=2 SIGNED_ACC=0', 'FILE="x" MARK_BITS=0 LOW=-128'),
    ),
    "line_buffer": ((), ("", "H=5 W=3 TY=2 TX=3 ROWS=6 SF=2", "H=9 W=9 TY=3 TX=2 ROWS=12 RY=2 RX=3")),
    "weight_rom": ((), ('FILE="weights.dat"', 'FILE="weights.dat" STYLE="block"')),
    "add_multi": ((), ("N=5 DEPTH=3 ARG_LO=-7 ARG_HI=7", "N=1 DEPTH=0", "N=8 DEPTH=1")),
    "mvu_lut_pe": (("add_multi",), ("SIMD=5", "SIMD=1 WEIGHT_WIDTH=3", "SIMD=2 STATIC_WEIGHTS=1")),
    "mvu_lut": (
        ("add_multi", "mvu_lut_pe"),
        (
            "PE=2 SIMD=5",
            "SIMD=1 WEIGHT_WIDTH=2",
            "SIMD=4 WEIGHT_WIDTH=5 ACTIVATION_WIDTH=8 SIGNED_ACTIVATIONS=1",
        ),
    ),
    "cascade_slice": ((), ("CASCADED=1", "ACCUMULATES=1", "VERSION=1 BIAS=48'h8")),
    "mvu_cascade_pe": (("add_multi", "cascade_slice"), ("SIMD=5 CHAIN=3", "VERSION=1 PITCH=12")),
    "mvu_cascade": (
        ("add_multi", "cascade_slice", "mvu_cascade_pe"),
        (
            "PE=3",
            "SIMD=1 CHAIN=1 WEIGHT_WIDTH=1 SIGNED_ACTIVATIONS=1",
            "VERSION=1 PE=3 SIMD=5 CHAIN=2 PITCH=12",
        ),
    ),
    "cascade_delay": ((), ("", "SIMD=5 CHAIN=3", "CHAIN=1")),
    "cascade_rom": (("weight_rom",), ('FILE="places"', 'FILE="places" SIMD=5 CHAIN=3 STYLE="block"')),
    "pixel_word": ((), ("PIXEL=2", "PIXEL=6 FOLDS=3")),
    "load_words": ((), ("", "WIDTH=17 DEPTH=1")),
    "load_gate": ((), ("", "BEATS=3 MOST_BITS=4")),
    "weight_loader": ((), ("", "SECTIONS=2 LENGTHS=64'h0000000300000007")),
    "weight_ram": ((), ("", "DEPTH=1", 'STYLE="block"', 'STYLE="ultra"', 'STYLE="ultra" WIDTH=80')),
    "batch_buffer": ((), ("", "TILES=1 TIMES=3", 'BATCH=1 PIXELS=1 WORDS=1 TILES=1 STYLE="block"')),
    "weight_tiles": (
        ("width_convert", "weight_ram"),
        ("", 'WIDTH=100 BEAT=8 STYLE="block"', "WIDTH=3 DEPTH=5 TILES=3 BEAT=32"),
    ),
    "weight_reader": (
        ("load_words", "weight_ram", "weight_rom", "width_convert", "weight_tiles"),
        ('FILE="weights.dat"', 'FILE="weights.dat" LATE=1', 'LOADED=1 STYLE="block"', "TILES=2 BEAT=16"),
    ),
    "mac_cores": (
        ("add_multi", "mvu_lut_pe", "mvu_lut"),
        ("DSP_CORE=0", "DSP_CORE=0 GROUPS=2 PE=4 TAPS=2"),
    ),
    "deconv_channels": (
        ("add_multi", "mvu_lut_pe", "mvu_lut", "fifo", "weight_rom", "weight_reader", "mac_cores"),
        ('WEIGHTS="weights.dat"', 'WEIGHTS="weights.dat" TAPS=2'),
    ),
    "deconv": (
        (
            "add_multi",
            "mvu_lut_pe",
            "mvu_lut",
            "fifo",
            "tap_axis",
            "pixel_word",
            "line_buffer",
            "load_words",
            "weight_ram",
            "weight_rom",
            "width_convert",
            "weight_tiles",
            "weight_reader",
            "mac_cores",
            "deconv_channels",
        ),
        (
            "DSP_CORE=0",
            "DSP_CORE=0 TY=2 TX=2 ROWS=6",
            "DSP_CORE=0 GROUPS=2 SIMD=1 PE=1",
            "DSP_CORE=0 GROUPS=2 SIMD=4 PE=4",
            "DSP_CORE=0 TILES=2 BEAT=16",
            'DSP_CORE=0 SIDE_PE=1 SIDE_WEIGHTS="weights.dat"',
        ),
    ),
}
CASES = [(module, values) for module, (_, sets) in MODULES.items() for values in sets]


def finn_library() -> Path:
    import finn

    return Path(next(iter(finn.__path__))) / "finn-rtllib"


def module_sources(module: str) -> list[str]:
    package = [str(finn_library() / "mvu/mvu_pkg.sv")] if module in _PACKAGED else []
    return package + [str(rtl_file(f"{name}.sv")) for name in (*MODULES[module][0], module)]


def lint(module: str, values: str, folder: Path) -> None:
    """Verilator's every warning is an error, except in FINN's package."""
    waiver = folder / "waive.vlt"
    waiver.write_text('`verilator_config\nlint_off -file "*mvu_pkg.sv"\n')
    given = [f"-G{value}" for value in values.split()]
    command = [
        str(find_tool("verilator")),
        "--lint-only",
        "-Wall",
        "--top-module",
        module,
        *given,
        str(waiver),
    ]
    run(
        [*command, *module_sources(module), *map(str, held_checks())],
        folder,
        folder / "lint.log",
        f"lint of {module}",
        env=verilator_env(),
    )


def slang(sources: list[str], module: str, values: str, folder: Path) -> None:
    """Yosys' SystemVerilog front end elaborates `module`."""
    given, top = ", ".join(".{}({})".format(*value.split("=")) for value in values.split()), folder / "top.sv"
    top.write_text(f"module top;\n  {module} #({given}) dut ();\nendmodule\n")
    script = f"read_slang --ignore-assertions --allow-use-before-declare --top top {' '.join(sources)} {top}"
    code = f"from pyosys import libyosys as ys; ys.run_pass({script!r}, ys.Design())"
    run([sys.executable, "-c", code], folder, folder / "slang.log", f"read_slang of {module}")


def test_no_module_is_left_out():
    files = {path.stem for path in rtl_file("fifo.sv").parents[1].glob("*/*.sv")}
    assert files == {*MODULES, *_ELSEWHERE}


@pytest.mark.verilator
@pytest.mark.parametrize(("module", "values"), CASES)
def test_lint(module, values, tmp_path):
    lint(module, values, tmp_path)


@pytest.mark.yosys
@pytest.mark.parametrize(("module", "values"), CASES)
def test_yosys_elaborates(module, values, tmp_path):
    import fpgan.build.implement.synth as flow

    if module == "deconv":
        values += ' WEIGHTS="weights.dat"'
    (tmp_path / "weights.dat").write_text("0\n" * 64)
    for stage in range(8):
        (tmp_path / f"latent_table_{stage}.dat").write_text("0\n" * 2**stage)
    for element in range(2):
        (tmp_path / f"table_{element}.dat").write_text("0\n" * 32)
    for place in range(4):
        (tmp_path / f"places_{place}.dat").write_text("0\n" * 4)
    (tmp_path / "x_line.dat").write_text("0\n" * 2)
    for element in range(3):
        (tmp_path / f"x_marks_{element}.dat").write_text("0\n" * 512)
    primitives = str(Path(next(iter(flow.__path__))) / "blackbox.v")
    slang([primitives, *module_sources(module)], module, values, tmp_path)


@pytest.mark.verilator
@pytest.mark.parametrize(
    ("module", "values", "message"),
    [
        ("fifo", "DEPTH=1", "DEPTH=1 2 or more"),
        ("width_convert", "OUT_ELEMS=0", "OUT_ELEMS=0"),
        ("pixel_pad", "SH=0", "SH=0"),
        ("latent_source", "BITS=10", "BITS=10 must be 2 to 9"),
        ("axi_read", "MAX_BURST=24", "MAX_BURST=24"),
        ("axi_write", "DATA_BITS=1024 MAX_BURST=64", "MAX_BURST=64"),
        ("axi_dma_stream", "MAX_BURST=256 DEPTH=256", "DEPTH=256 must be at least"),
        ("axi3_axil", "ADDRESS_BITS=24", "BASE=43c00000 is no multiple of 2^24"),
        ("axil_stream", f"CAPABILITY={_CAPABILITY[:-1]}0", "ID=46504740 VERSION=00010000 are not those"),
        ("mvu_lut", "WEIGHT_WIDTH=12 ACTIVATION_WIDTH=16 ACCU_WIDTH=40", "WEIGHT_WIDTH=12"),
        ("mvu_cascade", "SIMD=5 CHAIN=5 PITCH=24", "LANES=2 weights of WEIGHT_WIDTH=4 and PITCH=24"),
        ("mvu_cascade", "SIMD=10 CHAIN=9", "SIMD=10 does not fill 2 chains of CHAIN=9"),
        ("deconv", "DSP_CORE=0 SIDE_PE=2", "SIDE_PE=2 of PE=2"),
        ("deconv", "SIMD=3 DSP_CORE=0", "SIMD=3 does not divide CI=4"),
        ("stream_requantize", "CHANNELS=3 PE=2", "PE=2 must divide CHANNELS=3"),
        ("deconv", "SH=1 LH=2 TY=2 ROWS=6 DSP_CORE=0", "TY=2 and TX=1 taps of LH=2 and LW=1 lie in one bank"),
    ],
)
def test_bad_parameters_stop_elaboration(module, values, message, tmp_path):
    with pytest.raises(ToolError, match=f"lint of {module}"):
        lint(module, values, tmp_path)
    assert message in (tmp_path / "lint.log").read_text()


@pytest.mark.yosys
@pytest.mark.parametrize(
    ("top", "files", "values"),
    [
        (
            "mvu",
            ("mvu/mvu_pkg.sv", "mvu/mvu.sv"),
            "PE=4 SIMD=6 WEIGHT_WIDTH=4 ACTIVATION_WIDTH=4 ACCU_WIDTH=16",
        ),
        (
            "thresholding_axi",
            (
                "axi/hdl/axilite.sv",
                "thresholding/hdl/thresholding.sv",
                "thresholding/hdl/thresholding_axi.sv",
            ),
            'N=3 WI=12 WT=12 C=8 PE=2 USE_AXILITE=0 THRESHOLDS_PATH="./t_"',
        ),
    ],
)
def test_yosys_elaborates_finn(top, files, values, tmp_path):
    import fpgan.build.implement.synth as flow

    names = copy_finn_sources([finn_library() / name for name in files], tmp_path)
    sources = [str(tmp_path / name) for name in names]
    if top == "mvu":
        sources[:1] = [str(Path(next(iter(flow.__path__))) / "blackbox.v"), sources[0]]
        sources.insert(2, str(rtl_file("add_multi.sv")))
    for element in range(2):
        for stage in range(2):
            (tmp_path / f"t_threshs_{element}_{stage}.dat").write_text("000\n" * 4 * 2**stage)
    slang(sources, top, values, tmp_path)


def test_patches_fit_exactly_once(tmp_path):
    for name, changes in PATCHES.items():
        (path,) = finn_library().rglob(name)
        assert all(path.read_text().count(old) == 1 for old, _ in changes)


def test_patch_that_does_not_fit_names_file_and_text(tmp_path):
    other = tmp_path / "in" / "thresholding.sv"
    other.parent.mkdir()
    other.write_text("module thresholding; endmodule\n")
    with pytest.raises(ValueError, match=r"thresholding.sv: 0 places hold '1 : p.ptr"):
        copy_finn_sources([other], tmp_path)


def test_two_sources_of_one_name_are_refused(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.sv").write_text(name)
    with pytest.raises(ValueError, match=r"x.sv: another source of that name"):
        copy_finn_sources([tmp_path / "a/x.sv", tmp_path / "b/x.sv"], tmp_path)


def test_memory_styles_are_those_of_vivado():
    """UG901: another value is a warning there, and no style. Parameters take what costs.py chooses."""
    found = set()
    for path in rtl_file("weight_rom.sv").parents[1].glob("*/*.sv"):
        found |= set(re.findall(r"r[ao]m_style = (\"?\w+\"?)", path.read_text(encoding="utf-8")))
    styles = {'"block"', '"distributed"', '"ultra"'}
    assert styles <= found <= {*styles, "STYLE", "RAM_STYLE"}
    assert "ram_style = STYLE" not in rtl_file("weight_rom.sv").read_text(encoding="utf-8")
