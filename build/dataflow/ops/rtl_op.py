# SPDX-License-Identifier: Apache-2.0
"""What our ops have in common whose back end is a module of hw/rtl: a generated wrapper, simulation."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from finn.custom_op.fpgadataflow.rtlbackend import RTLBackend
from finn.util.settings import get_settings

from fpgan.build.dataflow.ops.base import StreamOp
from fpgan.build.dataflow.ops.wrapper import Parameter, Wrapper
from fpgan.hw.sources import sources

_TWO_CLOCKS = ("deconv",)  # modules with a port ap_clk2x
_CHAINED = ("deconv",)  # modules with a place in the chain of load_words, and a stream of weights


class RtlOp(StreamOp, RTLBackend):
    """A stream op with a module in hw/rtl. Subclasses say which module with which parameters."""

    @abstractmethod
    def module(self) -> str:
        """Name of the SystemVerilog module."""

    def source_key(self) -> str:
        """Entry of hw/sources.py; the module's name where a module has one set of sources."""
        return self.module()

    @abstractmethod
    def parameters(self, fpgapart: str) -> Mapping[str, Parameter]:
        """Parameters of the module."""

    def pumped(self) -> bool:
        """The module has a port ap_clk2x that is used."""
        return False

    @property
    def loaded(self) -> bool:
        """Whether its constants come over the chain of load_words."""
        return False

    @property
    def stream_bits(self) -> int:
        """Of a beat of its weights where they are streamed, else 0."""
        return 0

    def get_verilog_top_module_intf_names(self) -> dict[str, Any]:
        names: dict[str, Any] = super().get_verilog_top_module_intf_names()
        return names | ({"clk2x": ["ap_clk2x"]} if self.pumped() else {})

    # -- code generation --------------------------------------------------------------------------------
    def write_data(self, model: Any, folder: Path) -> None:
        """Write the files that the module reads with $readmemh; none by default."""

    def generate_hdl(self, model: Any, fpgapart: str, clk: float) -> None:
        folder = Path(self.get_nodeattr("code_gen_dir_ipgen"))
        self.set_nodeattr("gen_top_module", self.onnx_node.name)
        for name in ("ipgen_path", "ip_path"):  # where FINN's stitching looks
            self.set_nodeattr(name, str(folder))
        self.write_data(model, folder)
        (folder / self._wrapper_file()).write_text(self._wrapper(fpgapart))

    def _wrapper_file(self) -> str:
        return f"{self.get_nodeattr('gen_top_module')}.v"  # FINN renames nodes after their code is generated

    def _wrapper(self, fpgapart: str) -> str:
        return Wrapper(
            self.onnx_node.name,
            self.module(),
            self.parameters(fpgapart),
            fast_clock=self.pumped() if self.module() in _TWO_CLOCKS else None,
            chain=self.loaded if self.module() in _CHAINED else None,
            weights=self.stream_bits if self.module() in _CHAINED else None,
        ).text(self.get_verilog_top_module_intf_names())

    def get_rtl_file_list(self, abspath: bool = False) -> list[str]:
        folder = Path(self.get_nodeattr("code_gen_dir_ipgen"))
        paths = [
            *sources(self.source_key(), Path(get_settings().finn_rtllib)),
            folder / self._wrapper_file(),
        ]
        return [str(p) if abspath else p.name for p in paths]

    def code_generation_ipi(self) -> list[str]:
        add = [f"add_files -norecurse {path}" for path in self.get_rtl_file_list(abspath=True)]
        module = self.get_nodeattr("gen_top_module")
        return [*add, f"create_bd_cell -type module -reference {module} {self.onnx_node.name}"]
