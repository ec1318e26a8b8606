# SPDX-License-Identifier: Apache-2.0
"""From a quantized DCGAN in PyTorch to bit-exact streaming FPGA hardware.

    from fpgan import Build

    design = Build.from_onnx("mnist32.onnx", board="ultra96")
    design.simulate(64)

What stands in `__all__` is loaded on first use: PyTorch and FINN take seconds to import.
"""

from __future__ import annotations

import importlib
import importlib.metadata
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fpgan.build.api.builds import Build as Build
    from fpgan.build.api.deployments import Deployment as Deployment
    from fpgan.build.api.networks import inspect as inspect
    from fpgan.build.api.networks import quantize as quantize
    from fpgan.build.api.runs import Run as Run
    from fpgan.build.api.studies import study as study
    from fpgan.hw.system.tools import CheckError as CheckError
    from fpgan.hw.system.tools import ToolError as ToolError

    __version__: str

_WHERE = {
    "Build": "build.api.builds", "Deployment": "build.api.deployments", "Run": "build.api.runs",
    "inspect": "build.api.networks", "quantize": "build.api.networks", "study": "build.api.studies",
    "CheckError": "hw.system.tools", "ToolError": "hw.system.tools",
}  # fmt: skip
__all__ = [
    "Build", "CheckError", "Deployment", "Run", "ToolError", "__version__", "inspect", "quantize", "study",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return importlib.metadata.version("fpgan")
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"fpgan.{_WHERE[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
