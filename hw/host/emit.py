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
from fpgan.hw.host.options import TOPS, HostOptions
from fpgan.hw.host.top import TABLE, top_module
from fpgan.hw.sources import sources
from fpgan.hw.system.fields import fill, plain, said, shape_of
from fpgan.hw.system.files import write_json
from fpgan.hw.system.folders import replaced_folder
from fpgan.hw.system.reading import DamagedError, read_arrays, read_json
from fpgan.hw.system.shapes import OneOf, Whole, check_shape

__all__ = ["GENERATOR_BITS", "Host", "HostFile", "HostOptions", "capabilities", "emit_host"]
_MARKER = "host.json"
_WRITTEN = (_MARKER, "*.sv", "*.svh", "*.v", "*.vh", "*.dat", "*.f", "*.log", ".verilator*", ".*.fpgan-part*")
_VERSION = 1  # of host.json
GENERATOR_BITS = (2, 9)  # of a latent that the generator makes, least and most


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
    text = top_module(design, options, capabilities(design, options, scales, identity))
    (out / f"{top}.sv").write_text(text, encoding="utf-8")
    names = list(dict.fromkeys([*ours, *design.source_names, f"{top}.sv"]))
    content = HostFile(
        top=top, sources=tuple(names), options=options, identity=identity, pumped=design.pumped
    )
    write_json(out / _MARKER, plain(content))


def _check(design: Design, options: HostOptions) -> None:
    elements = design.input.shape[-1]
    if design.streams:
        raise ValueError(
            f"{design.root}: weights are streamed, and the host interface reads none from memory; connect "
            "s_axis_weights_K to a master of your own, or build with weight_storage=rom or loaded"
        )
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
        (out / f"{TABLE}_{stage}.dat").write_text(text, encoding="utf-8")


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
