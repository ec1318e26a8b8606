# SPDX-License-Identifier: Apache-2.0
"""What our FINN custom ops have in common: streams, and execution in numpy, whichever the back end."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np
from finn.custom_op.fpgadataflow.hwcustomop import HWCustomOp
from finn.util.data_packing import npy_to_rtlsim_input, rtlsim_output_to_npy
from numpy.typing import NDArray
from qonnx.core.datatype import BaseDataType, DataType

from fpgan.build.dataflow.carrier import carried


class StreamOp(HWCustomOp):
    """A hardware op whose inputs and outputs are streams.

    One stream in and one out unless `in_streams` and `out_streams` say otherwise; further inputs are
    initializers. Its numpy function is `compute`.
    """

    def get_nodeattr_types(self) -> dict[str, Any]:
        attrs = super().get_nodeattr_types()
        attrs |= {
            "inputDataType": ("s", True, ""),
            "outputDataType": ("s", True, ""),
        }
        return attrs

    def in_streams(self) -> int:
        """How many of the node's inputs, the first ones, are streams."""
        return 1

    def out_streams(self) -> int:
        return 1

    @abstractmethod
    def compute(
        self, x: NDArray[np.int64], *others: NDArray[np.int64]
    ) -> NDArray[np.int64] | tuple[NDArray[np.int64], ...]:
        """The op on integers: x (N,H,W,C) and the node's other inputs -> (N,OH,OW,OC), or one per output."""

    # -- types, shapes, widths ----------------------------------------------------------------------
    def get_input_datatype(self, ind: int = 0) -> BaseDataType:
        return DataType[self.get_nodeattr("inputDataType")]

    def get_output_datatype(self, ind: int = 0) -> BaseDataType:
        return DataType[self.get_nodeattr("outputDataType")]

    def get_instream_width(self, ind: int = 0) -> int:
        if ind >= self.in_streams():
            return 0
        return int(self.get_folded_input_shape(ind)[-1]) * self.get_input_datatype(ind).bitwidth()

    def get_outstream_width(self, ind: int = 0) -> int:
        return int(self.get_folded_output_shape(ind)[-1]) * self.get_output_datatype(ind).bitwidth()

    def infer_node_datatype(self, model: Any) -> None:
        self.set_nodeattr("inputDataType", model.get_tensor_datatype(self.onnx_node.input[0]).name)
        for ind, name in enumerate(self.onnx_node.output):
            model.set_tensor_datatype(name, self.get_output_datatype(ind))

    # -- execution ------------------------------------------------------------------------------------
    def execute_node(self, context: dict[str, np.ndarray], graph: Any) -> None:
        """In numpy, or as the node's back end does it (`simulated`)."""
        node = self.onnx_node
        arrays = [np.rint(context[name]).astype(np.int64) for name in node.input]
        y = self.simulated(*arrays)
        for name, values in zip(node.output, y if isinstance(y, tuple) else (y,), strict=True):
            context[name] = carried(values)

    def simulated(self, *x: NDArray[np.int64]) -> NDArray[np.int64] | tuple[NDArray[np.int64], ...]:
        """In numpy; with exec_mode rtlsim in the simulator behind FINN, as FINN's verification asks for."""
        return self._rtlsim(*x) if self.get_nodeattr("exec_mode") == "rtlsim" else self.compute(*x)

    def _rtlsim(self, *x: NDArray[np.int64]) -> tuple[NDArray[np.int64], ...]:
        """What FINN's back ends do, which take every input of a node for a stream, weights too."""
        outputs: dict[str, list[int]] = {f"out{ind}": [] for ind in range(self.out_streams())}
        streams = {"inputs": {f"in{i}": self._words(x[i], i) for i in range(self.in_streams())},
                   "outputs": outputs}  # fmt: skip
        sim = self.get_rtlsim()
        self.reset_rtlsim(sim)
        self.rtlsim_multi_io(sim, streams)
        self.close_rtlsim(sim)
        return tuple(self._values(outputs[f"out{ind}"], ind) for ind in range(self.out_streams()))

    def _words(self, x: NDArray[np.int64], ind: int) -> Any:
        folded = x.astype(np.float32).reshape(self.get_folded_input_shape(ind))
        return npy_to_rtlsim_input(folded, self.get_input_datatype(ind), self.get_instream_width(ind))

    def _values(self, words: list[int], ind: int) -> NDArray[np.int64]:
        kind, shape = self.get_output_datatype(ind), self.get_folded_output_shape(ind)
        y = rtlsim_output_to_npy(words, None, kind, shape, self.get_outstream_width(ind), kind.bitwidth())
        return np.rint(y).astype(np.int64).reshape(self.get_normal_output_shape(ind))
