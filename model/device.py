# SPDX-License-Identifier: Apache-2.0
"""Where the training runs: one CPU or GPU, or several processes that `accelerate launch` has started."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import torch
from accelerate import PartialState
from accelerate.utils import parse_flag_from_env
from torch import Tensor
from torch.amp import GradScaler, autocast

_TYPES = {"bf16": torch.bfloat16, "fp16": torch.float16}


class Device:
    """A process's place among all of them, and the precision it computes in.

    Each process computes its share of every batch; gradients are averaged over processes before each update,
    so all hold the same weights. Gradients are reduced here and not by wrapped modules, because the float and
    the quantized generator are two modules on one set of parameters.
    """

    def __init__(self, precision: str = "float32") -> None:
        """ValueError if the device cannot compute in that precision."""
        cpu = parse_flag_from_env("ACCELERATE_USE_CPU") or not torch.accelerator.is_available()
        self._processes = PartialState(cpu=cpu)
        self.device: torch.device = self._processes.device
        self.rank, self.world = self._processes.process_index, self._processes.num_processes
        self._type = _TYPES.get(precision)
        if precision == "fp16" and self.device.type == "cpu":
            raise ValueError("precision=fp16: needs a GPU; on a CPU give bf16 or float32")
        self._scaler = GradScaler(self.device.type, enabled=precision == "fp16")

    @property
    def main(self) -> bool:
        """Whether this process writes the files."""
        return self.rank == 0

    def autocast(self) -> AbstractContextManager[object]:
        """Convolutions in the chosen precision; parameters, quantizers' scales and BatchNorm stay float32."""
        return nullcontext() if self._type is None else autocast(self.device.type, self._type)

    def share(self, batch: Tensor) -> Tensor:
        """This process's rows of a batch that all of them drew alike, on the device."""
        return batch[self.rank :: self.world].to(self.device, non_blocking=True)

    def backward(self, loss: Tensor) -> None:
        """Gradients of loss, scaled where fp16 needs it."""
        self._scaler.scale(loss).backward()

    def update(self, optimizer: torch.optim.Optimizer) -> None:
        """One step of optimizer with the gradients averaged over all processes."""
        if self.world > 1:
            for parameter in (p for group in optimizer.param_groups for p in group["params"]):
                if parameter.grad is not None:
                    torch.distributed.all_reduce(parameter.grad)
                    parameter.grad /= self.world
        self._scaler.step(optimizer)
        self._scaler.update()

    def mean(self, value: Tensor) -> float:
        """A scalar averaged over all processes: the same number in each."""
        value = value.detach().float().clone()
        if self.world > 1:
            torch.distributed.all_reduce(value)
            value /= self.world
        return value.item()

    def wait(self) -> None:
        """Until all processes are here."""
        self._processes.wait_for_everyone()


def is_main() -> bool:
    """Whether this process is the one that speaks, of all that were launched together."""
    return Device().main
