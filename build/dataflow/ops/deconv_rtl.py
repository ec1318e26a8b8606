# SPDX-License-Identifier: Apache-2.0
"""Deconv by hw/rtl/engine/deconv.sv: line buffer, tap walker, weights, MACs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from finn.util.basic import get_dsp_block
from numpy.typing import NDArray

from fpgan.build.dataflow import costs, memory_costs
from fpgan.build.dataflow.cascade import Packing
from fpgan.build.dataflow.ops.deconv import Deconv
from fpgan.build.dataflow.ops.hex_words import hex_words
from fpgan.build.dataflow.ops.loaded import LoadedOp, Section
from fpgan.build.dataflow.ops.rtl_op import RtlOp
from fpgan.hw.sources import sources
from fpgan.sim.golden import cascade_places, weight_words

_DSP_VERSION = {"DSP48E1": 1, "DSP48E2": 2, "DSP58": 3}


class Deconv_rtl(LoadedOp, Deconv, RtlOp):
    """x (1,H,W,CI), weights (CI,CO/groups,KH,KW) -> accumulators (1,OH,OW,CO); see deconv.sv."""

    def get_nodeattr_types(self) -> dict[str, Any]:
        return super().get_nodeattr_types() | {
            "core": ("s", False, "dsp", {"dsp", "dsp2x", "lut", "cascade"}),
            "dsp_block": ("s", False, "DSP48E2"),  # of the part, for core cascade
            "weight_memory": ("s", False, "distributed", {"distributed", "block", "ultra", "constant"}),
            # The last side_pe of PE have a core and a memory of their own.
            "side_pe": ("i", False, 0),
            "side_core": ("s", False, "lut", {"lut", "cascade"}),
            "side_memory": ("s", False, "distributed", {"distributed", "block", "constant"}),
            "beat_bits": ("i", False, 64),  # of a stream of weights, a power of two
            "bytes_per_cycle": ("f", False, 0.0),  # that the memory gives it; 0: a beat
            "latency": ("i", False, 0),  # of the memory, cycles from a reset to its first beat
            # The first half of PE multiplies the taps of one of two output columns side by side, and side_pe,
            # the other half, those of the other; of column_taps.
            "own_taps": ("i", False, 0, {0, 1}),
        }

    @property
    def lanes(self) -> int:
        """Multiply-accumulates per cycle."""
        return self.shape().lanes

    def module(self) -> str:
        return "deconv"

    def pumped(self) -> bool:
        return bool(self.get_nodeattr("core") == "dsp2x")

    @property
    def stream_bits(self) -> int:
        return int(self.get_nodeattr("beat_bits")) if self.streamed else 0

    def get_rtl_file_list(self, abspath: bool = False) -> list[str]:
        banks = sources("weight_tiles", Path()) if self.streamed else []
        return [*(str(p) if abspath else p.name for p in banks), *super().get_rtl_file_list(abspath)]

    def source_key(self) -> str:
        cores = {part.core for part in self.shape().parts}
        return "_".join(["deconv", *sorted(cores, reverse=True)])

    def parameters(self, fpgapart: str) -> dict[str, int | str]:
        g = self.geometry
        parameters: dict[str, int | str] = {
            "H": g.rows.size, "W": g.cols.size, "KH": g.rows.kernel, "KW": g.cols.kernel,
            "SH": g.rows.stride, "SW": g.cols.stride, "PH": g.rows.pad, "PW": g.cols.pad,
            "DH": g.rows.step, "DW": g.cols.step, "LH": g.rows.dilation, "LW": g.cols.dilation,
            "OH": g.rows.out, "OW": g.cols.out,
            "CI": self.get_nodeattr("CI"), "CO": self.get_nodeattr("CO"), "GROUPS": self.groups,
            "SIMD": self.get_nodeattr("SIMD"), "PE": self.get_nodeattr("PE"),
            "TY": self.taps[0], "TX": self.taps[1], "ROWS": self.buffer_rows,
            "ACT_WIDTH": self.get_input_datatype().bitwidth(),
            "WEIGHT_WIDTH": self.get_input_datatype(1).bitwidth(),
            "ACC_WIDTH": self.get_output_datatype().bitwidth(),
            "SIGNED_ACT": int(self.get_input_datatype().signed()),
            "NARROW_WEIGHTS": self.get_nodeattr("narrow_weights"),
            "DSP_CORE": int(self.get_nodeattr("core") != "lut"), "PUMPED": int(self.pumped()),
            "DSP_VERSION": _DSP_VERSION[get_dsp_block(fpgapart)],
            "WEIGHT_STYLE": self.get_nodeattr("weight_memory"),
            "BUFFER_STYLE": costs.buffer_style(self.shape().buffer_words),
        }  # fmt: skip
        for part, packing, side in self._parts:
            if side:
                parameters |= {"SIDE_PE": part.pe, "SIDE_STYLE": part.weight_memory}
            # FINN makes names that start so absolute. In cascades there is a file for each place of a chain.
            parameters[f"{side}WEIGHTS"] = f"./{self._weight_file(side)}{'' if packing else '.dat'}"
            if packing:
                sizes = {"CHAIN": packing.chain, "LANES": packing.lanes, "PITCH": packing.pitch}
                parameters |= {f"{side}{name}": value for name, value in sizes.items()}
        if self.loaded:
            parameters |= {"WEIGHTS": "", "LOADED": 1}
        if self.streamed:
            parameters |= {
                "WEIGHTS": "", "CO": self.get_nodeattr("CO") // self.tiles, "TILES": self.tiles,
                "TILE_IMAGES": self.batch, "BEAT": self.get_nodeattr("beat_bits"),
            }  # fmt: skip
        if self.get_nodeattr("own_taps"):
            names = "LEFT", "COLUMNS", "SIDE_LEFT", "SIDE_COLUMNS"
            parameters |= dict(zip(names, self.column_taps, strict=True))
        return parameters

    @property
    def _parts(self) -> Iterator[tuple[costs.DeconvShape, Packing | None, str]]:
        """Channels by core, with what their parameters' names begin with."""
        return zip(self.shape().parts, self.packings, ("", "SIDE_"), strict=False)

    @property
    def packings(self) -> list[Packing | None]:
        """Of weights in slices, for each of the shape's parts; None with another core than cascade.

        ValueError where they do not fit its slices.
        """
        return [self._packing(part) if part.core == "cascade" else None for part in self.shape().parts]

    def _packing(self, part: costs.DeconvShape) -> Packing:
        found = part.packing(self.get_nodeattr("dsp_block"))
        if found is None:
            raise ValueError(
                f"{self.onnx_node.name}: core cascade has no room for sums of "
                f"{self.get_output_datatype().bitwidth()} bits in a slice; take lut or dsp"
            )
        return found

    def _weight_file(self, side: str) -> str:
        return f"{self.onnx_node.name}_{side.lower()}weights"

    # -- weights that come while it computes -------------------------------------------------------------
    def get_folded_input_shape(self, ind: int = 0) -> list[int]:
        """Of an image's words, which enter once for each tile."""
        images, rows, *rest = super().get_folded_input_shape(ind)
        return [images, rows * (self.tiles if self.streamed else 1), *rest]

    @property
    def bytes_per_cycle(self) -> float:
        """That the memory gives to its weights; 0: a beat."""
        return float(self.get_nodeattr("bytes_per_cycle"))

    @property
    def weight_beats(self) -> int:
        """Of a tile's weights."""
        shape = self.shape()
        width = shape.lanes * shape.weight_bits
        return memory_costs.tile_beats(width, shape.weight_words, self.get_nodeattr("beat_bits"))

    @property
    def stream_bytes(self) -> int:
        """Of a batch's weights."""
        return int(self.tiles * self.weight_beats * self.get_nodeattr("beat_bits") // 8)

    def weight_stream(self, model: Any) -> bytes:
        """What it takes of memory for a batch: of each tile its words as weight_tiles.sv has them."""
        bits, beat = self.get_input_datatype(1).bitwidth(), self.get_nodeattr("beat_bits")
        weights, content = self._weights(model), b""
        for tile in np.split(weights, self.tiles, axis=1):
            words = self._words_of(tile).reshape(self.shape().weight_words, -1)
            place = memory_costs.streamed_place(words.shape[1] * bits, beat)
            planes = (words[:, :, None] >> np.arange(bits)) & 1
            planes = np.pad(planes.reshape(len(words), -1), ((0, 0), (0, place - words.shape[1] * bits)))
            packed = np.packbits(planes.reshape(-1).astype(np.uint8), bitorder="little").tobytes()
            content += packed.ljust(self.weight_beats * beat // 8, b"\0")
        return content

    def section(self, model: Any) -> Section:
        return Section.of(self.onnx_node.name, self._memory(model), self.get_input_datatype(1).bitwidth())

    def _memory(self, model: Any) -> NDArray[np.int64]:
        return self._words_of(self._weights(model))

    def _words_of(self, weights: NDArray[np.int64]) -> NDArray[np.int64]:
        return weight_words(
            weights,
            self.geometry,
            self.get_nodeattr("PE"),
            self.get_nodeattr("SIMD"),
            self.taps,
            self.groups,
        )

    def write_data(self, model: Any, folder: Path) -> None:
        if self.loaded or self.streamed:
            return
        words, bits, first = self._memory(model), self.get_input_datatype(1).bitwidth(), 0
        ends = list(self.column_taps) if self.get_nodeattr("own_taps") else [0, self.taps[1]] * 2
        for part, packing, side in self._parts:
            file = self._weight_file(side)
            own = words[:, first : first + part.pe]
            first += part.pe
            left, count, *ends = ends
            if count < self.taps[1]:
                seen = own.reshape(*own.shape[:2], *self.taps, -1)[:, :, :, left : left + count]
                own = seen.reshape(*own.shape[:2], -1)
            if packing is None:
                (folder / f"{file}.dat").write_text(hex_words(own, bits))
                continue
            places = cascade_places(packing.simd, packing.chain)
            for place in range(packing.chain):
                text = hex_words(own[:, :, places == place], bits)
                (folder / f"{file}_{place}.dat").write_text(text)

    # -- estimates --------------------------------------------------------------------------------------
    def shape(self) -> costs.DeconvShape:
        """What the cost model needs to know of this node."""
        (ty, tx), (nf, sf), g = self.taps, self.fold, self.geometry
        blocks = len(g.rows.weight_blocks(ty)) * len(g.cols.weight_blocks(tx))
        columns = self.column_taps[1::2] if self.get_nodeattr("own_taps") else ()
        return costs.DeconvShape(
            pe=self.get_nodeattr("PE"), simd=self.get_nodeattr("SIMD"), taps=ty * tx, at_once=self.at_once,
            beat_bits=self.get_nodeattr("beat_bits") if self.streamed else 0,
            weight_bits=self.get_input_datatype(1).bitwidth(), act_bits=self.get_input_datatype().bitwidth(),
            acc_bits=self.get_output_datatype().bitwidth(), weight_words=blocks * (nf // self.tiles) * sf,
            buffer_words=self.buffer_rows // ty * -(-g.cols.size // tx) * self.pixel_words,
            narrow=bool(self.get_nodeattr("narrow_weights")), signed=self.get_input_datatype().signed(),
            core=self.get_nodeattr("core"),
            weight_memory=self.get_nodeattr("weight_memory"), loaded=self.loaded,
            own_taps=tuple(ty * count for count in columns),
            **{name: self.get_nodeattr(name) for name in ("side_pe", "side_core", "side_memory")},
        )  # fmt: skip

    def lut_estimation(self, fpgapart: str) -> int:
        return costs.deconv_cost(self.shape(), get_dsp_block(fpgapart)).lut

    def dsp_estimation(self, fpgapart: str) -> int:
        return costs.deconv_cost(self.shape(), get_dsp_block(fpgapart)).dsp

    def bram_estimation(self, fpgapart: str) -> int:
        return costs.deconv_cost(self.shape(), get_dsp_block(fpgapart)).bram18

    def uram_estimation(self, fpgapart: str) -> int:
        return costs.deconv_cost(self.shape(), get_dsp_block(fpgapart)).uram
