# SPDX-License-Identifier: Apache-2.0
"""The accelerator with its host interface: one module that a processor system drives, and all its sources."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from fpgan.hw.build_files import AGAIN, SOURCES, check_files, check_version
from fpgan.hw.design import Design, Stream
from fpgan.hw.driver.latents import latent_table
from fpgan.hw.finn_sources import copy_finn_sources
from fpgan.hw.host import registers
from fpgan.hw.host.ports import Port, control_ports, memory_ports
from fpgan.hw.sources import sources
from fpgan.hw.system.fields import fill, plain, said, shape_of
from fpgan.hw.system.files import write_json
from fpgan.hw.system.folders import replaced_folder
from fpgan.hw.system.reading import DamagedError, read_arrays, read_json
from fpgan.hw.system.shapes import OneOf, Whole, check_shape

TOPS = {"axil": "fpgan_axil", "axi": "fpgan_axi"}
_MARKER = "host.json"
_WRITTEN = (_MARKER, "*.sv", "*.svh", "*.v", "*.vh", "*.dat", "*.f", "*.log", ".verilator*", ".*.fpgan-part*")
_TABLE = "latent_table"
_VERSION = 1  # of host.json
GENERATOR_BITS = (2, 9)  # of a latent that the generator makes, least and most


@dataclass(frozen=True)
class HostOptions:
    """What the host interface has."""

    bus: str = said("axil: registers and windows alone; axi: a memory master too",
                    within=OneOf(tuple(TOPS)), default="axil")  # fmt: skip
    generator: bool = said("whether latents are made on the chip", default=True)
    classes: int = said("elements of the one-hot label at each latent's end", within=Whole(), default=0)
    window_words: int = said("that wait behind each window", "words", within=Whole(), default=512)
    data_bits: int = said("of the memory master", "bits", within=Whole(), default=64)
    address_bits: int = said("of the memory master", "bits", within=Whole(), default=32)
    max_burst: int = said("of the memory master", "words", within=Whole(), default=16)
    buffer_words: int = said("of the memory master", "words", within=Whole(), default=512)

    def __post_init__(self) -> None:
        if self.bus not in TOPS:
            raise ValueError(f"bus={self.bus!r}: choose {' or '.join(TOPS)}")
        if not 2 <= self.window_words <= 32768:
            raise ValueError(f"window_words={self.window_words}: must be 2 to 32768")
        if self.bus == "axi":
            self._check_memory()

    def _check_memory(self) -> None:
        if self.data_bits not in (32, 64, 128, 256, 512, 1024):
            raise ValueError(f"data_bits={self.data_bits}: must be a power of two from 32 to 1024")
        if not 13 <= self.address_bits <= 64:
            raise ValueError(f"address_bits={self.address_bits}: must be 13 to 64")
        most = min(256, 4096 * 8 // self.data_bits)
        if self.max_burst not in [2**i for i in range(9) if 2**i <= most]:
            raise ValueError(f"max_burst={self.max_burst}: must be a power of two up to {most}")
        if self.buffer_words < 2 * self.max_burst:
            raise ValueError(
                f"buffer_words={self.buffer_words}: must be at least 2 * max_burst={self.max_burst}"
            )


@dataclass(frozen=True, kw_only=True)
class HostFile:
    """host.json beside a host interface's sources, by `fpgan bitstream` in DEPLOY/project/host."""

    version: int = said("of this file", default=_VERSION)
    top: str = said("top module", within=OneOf(tuple(TOPS.values())))
    sources: tuple[str, ...] = said("in compile order, names in the same folder", within=[SOURCES["rtl"]])
    options: HostOptions = said("what the interface has")
    identity: int = said("what its register DESIGN reads: a digest of all that it is made of",
                         within=Whole(0, 2**32 - 1))  # fmt: skip
    pumped: bool = said("whether there is a second clock, ap_clk2x")


@dataclass(frozen=True, kw_only=True)
class Host(HostFile):
    """A design with its host interface on disk, in `root`."""

    root: Path

    @classmethod
    def load(cls, root: Path) -> Host:
        """What emit_host wrote into `root`. ValueError where there is none."""
        path, then = Path(root) / _MARKER, "write the host interface again"
        data = read_json(path, then)
        check_version(data, _VERSION, path, then)
        check_shape(data, shape_of(HostFile), path, then)
        host = cls(root=Path(root).resolve(), **vars(fill(HostFile, data, others=True)))
        check_files(host.root, host.sources, path, then)
        return host


def emit_host(design: Design, out: Path, options: HostOptions | None = None) -> Host:
    """Write `out`: the design's RTL, the host interface's, and the module that holds both (TOPS).

    Data files are read from the working directory, which is `out`. An earlier one is replaced, anything else
    is refused. ValueError for that, and for options that do not fit the design.
    """
    options = options or HostOptions()
    _check(design, options)
    with replaced_folder(out, _MARKER, _WRITTEN) as partial:
        _write(design, partial, options)
    return Host.load(out)


def _write(design: Design, out: Path, options: HostOptions) -> None:
    for path in sorted(design.rtl.iterdir()):
        if path.is_file() and not path.is_symlink():  # a link in somebody's BUILD may lead anywhere
            (out / path.name).write_bytes(path.read_bytes())
    modules = sources("axil_stream", Path())
    modules += sources("axi_dma_stream", Path()) if options.bus == "axi" else []
    ours = copy_finn_sources(list(dict.fromkeys(modules)), out)
    scales = _scales(design)
    if options.generator:
        _write_tables(design.input, scales[0], out)
    top, identity = TOPS[options.bus], _identity(out, options)
    text = _top(design, options, capabilities(design, options, scales, identity))
    (out / f"{top}.sv").write_text(text, encoding="utf-8")
    names = list(dict.fromkeys([*ours, *design.source_names, f"{top}.sv"]))
    content = HostFile(
        top=top, sources=tuple(names), options=options, identity=identity, pumped=design.pumped
    )
    write_json(out / _MARKER, plain(content))


def _check(design: Design, options: HostOptions) -> None:
    if design.weights:
        raise ValueError(
            f"{design.root}: its weights are loaded over s_axis_weights, which the host interface has not; "
            "build it with weight_storage=rom, or connect fpgan_top by itself"
        )
    elements = design.input.shape[-1]
    if design.input.shape[1:3] != (1, 1):
        raise ValueError(f"latents of shape {design.input.shape}: the host interface takes (1,1,1,Z)")
    if not 0 <= options.classes < elements:
        raise ValueError(
            f"classes={options.classes}: a latent has {elements} elements, the label's among them"
        )
    low, high = GENERATOR_BITS
    if options.generator and not low <= design.input.element_bits <= high:
        raise ValueError(f"latents of {design.input.element_bits} bits: the generator makes {low} to {high}")


def _scales(design: Design) -> tuple[float, float]:
    path = design.root / "golden.npz"
    found = read_arrays(path, AGAIN)
    latent, image = (found.get(f"{name}_scale", np.array([])) for name in ("latent", "image"))
    if not all(
        scale.shape == () and scale.dtype.kind == "f" and 0 < scale < np.inf for scale in (latent, image)
    ):
        raise DamagedError(path, "holds no scales of latents and images", AGAIN)
    return float(latent), float(image)


def _write_tables(stream: Stream, scale: float, out: Path) -> None:
    """The table of latent_source, one file per stage of its search: line i is looked at behind prefix i."""
    bits = stream.element_bits
    table = latent_table(bits, -(2 ** (bits - 1)) if stream.signed else 0, scale)
    for stage in range(bits):
        entries = table[2 ** (bits - stage - 1) - 1 :: 2 ** (bits - stage)]
        text = "".join(f"{int(entry):08x}\n" for entry in entries)
        (out / f"{_TABLE}_{stage}.dat").write_text(text, encoding="utf-8")


def _identity(out: Path, options: HostOptions) -> int:
    """32 bits that tell this design from others: of every file and option it is made of."""
    digest = hashlib.sha256(json.dumps(asdict(options), sort_keys=True).encode())
    for path in sorted(out.iterdir()):
        content = path.read_bytes()
        digest.update(f"{path.name} {len(content)} ".encode() + content)
    return int.from_bytes(digest.digest()[:4], "big")


def capabilities(
    design: Design, options: HostOptions, scales: tuple[float, float], identity: int
) -> list[int]:
    """The constant words at the start of the register map."""
    latents, images = design.input, design.output
    dma_bytes = options.data_bits // 8 if options.bus == "axi" else 0
    per_call = max(s.beats * s.tdata_bits // 8 for s in (latents, images))
    encode: Callable[..., int] = registers.encode

    def form(name: str, stream: Stream) -> int:
        return encode(name, BITS=stream.element_bits, SIGNED=stream.signed, ELEMENTS=stream.elements_per_beat)

    values = {
        "ID": registers.ID_WORD,
        "VERSION": registers.VERSION_WORD,
        "DESIGN": identity,
        "FEATURES": encode("FEATURES", DMA_BYTES=dma_bytes, GENERATOR=options.generator),
        "LATENT_ELEMENTS": latents.shape[-1],
        "LATENT_FORMAT": form("LATENT_FORMAT", latents),
        "LATENT_SCALE": int(np.float32(scales[0]).view(np.uint32)),
        "LATENT_BEATS": latents.beats,
        "IMAGE_SHAPE": encode(
            "IMAGE_SHAPE", HEIGHT=images.shape[1], WIDTH=images.shape[2], CHANNELS=images.shape[3]
        ),
        "IMAGE_FORMAT": form("IMAGE_FORMAT", images),
        "IMAGE_SCALE": int(np.float32(scales[1]).view(np.uint32)),
        "IMAGE_BEATS": images.beats,
        "CLASSES": options.classes,
        "CLOCK_KHZ": round(design.clock_mhz * 1000),
        "WINDOW_WORDS": options.window_words,
        "MAX_IMAGES": (2**32 - 4096) // per_call,
    }
    return [values[register.name] for register in registers.REGISTERS[: registers.CAPABILITIES]]


def host_ports(options: HostOptions, pumped: bool) -> list[Port]:
    """Ports of the module that emit_host writes, clocks and reset first."""
    first = [Port("ap_clk", "input"), *([Port("ap_clk2x", "input")] if pumped else [])]
    first += [Port("ap_rst_n", "input"), Port("irq", "output")]
    memory = memory_ports(options.data_bits, options.address_bits) if options.bus == "axi" else []
    return [*first, *control_ports(), *memory]


def _declare(port: Port) -> str:
    vector = f"[{port.bits - 1}:0] " if port.bits else ""
    return f"    {port.way:6} logic {vector}{port.name}"


def _top(design: Design, options: HostOptions, words: list[int]) -> str:
    """Registers, the accelerator and, with bus `axi`, the memory transfers."""
    latent, image, dma = design.input.tdata_bits, design.output.tdata_bits, options.bus == "axi"
    ports = ",\n".join(_declare(port) for port in host_ports(options, design.pumped))
    fast = ".ap_clk2x(ap_clk2x), " if design.pumped else ""
    capability = ",\n      ".join(f"32'h{word:08X}" for word in reversed(words))
    return f"""// SPDX-License-Identifier: Apache-2.0
// The accelerator behind its host interface.
module {TOPS[options.bus]} (
{ports}
);
  logic core_rst_n;
  logic [{latent - 1}:0] latent_data, dma_latent_data;
  logic [{image - 1}:0] image_data, dma_image_data;
  logic latent_valid, latent_ready, image_valid, image_ready;
  logic dma_latent_valid, dma_latent_ready, dma_image_last, dma_image_valid, dma_image_ready;
  logic dma_read, dma_write, dma_stop, dma_idle, dma_quiet;
  logic [31:0] dma_images;
  logic [63:0] dma_source, dma_dest;
  logic [3:0] dma_errors;

  localparam logic [15:0][31:0] CAPABILITY = {{
      {capability}
  }};

  axil_stream #(.CAPABILITY(CAPABILITY), .TABLE("{_TABLE}")) host (
      .m_axis_tdata(latent_data), .m_axis_tvalid(latent_valid), .m_axis_tready(latent_ready),
      .s_axis_tdata(image_data), .s_axis_tvalid(image_valid), .s_axis_tready(image_ready),
      .s_axis_dma_tdata(dma_latent_data), .s_axis_dma_tvalid(dma_latent_valid),
      .s_axis_dma_tready(dma_latent_ready),
      .m_axis_dma_tdata(dma_image_data), .m_axis_dma_tlast(dma_image_last),
      .m_axis_dma_tvalid(dma_image_valid), .m_axis_dma_tready(dma_image_ready), .*);

  {design.top} accelerator (
      .ap_clk(ap_clk), {fast}.ap_rst_n(core_rst_n),
      .s_axis_0_tdata(latent_data), .s_axis_0_tvalid(latent_valid), .s_axis_0_tready(latent_ready),
      .m_axis_0_tdata(image_data), .m_axis_0_tlast(), .m_axis_0_tvalid(image_valid),
      .m_axis_0_tready(image_ready));

{_memory(design, options) if dma else _NO_MEMORY}endmodule
"""


_NO_MEMORY = """  assign {dma_latent_data, dma_latent_valid, dma_image_ready} = '0;
  assign {dma_idle, dma_quiet, dma_errors} = 6'b110000;
"""


def _memory(design: Design, options: HostOptions) -> str:
    return f"""  axi_dma_stream #(
      .DATA_BITS({options.data_bits}), .ADDRESS_BITS({options.address_bits}), .MAX_BURST({options.max_burst}),
      .DEPTH({options.buffer_words}), .IN_BYTES({design.input.tdata_bits // 8}),
      .IN_BEATS({design.input.beats}), .OUT_BYTES({design.output.tdata_bits // 8})) memory (
      .read(dma_read), .write(dma_write), .stop(dma_stop), .images(dma_images), .source(dma_source),
      .dest(dma_dest), .idle(dma_idle), .quiet(dma_quiet), .errors(dma_errors),
      .m_axis_tdata(dma_latent_data), .m_axis_tvalid(dma_latent_valid), .m_axis_tready(dma_latent_ready),
      .s_axis_tdata(dma_image_data), .s_axis_tlast(dma_image_last), .s_axis_tvalid(dma_image_valid),
      .s_axis_tready(dma_image_ready), .*);
"""
