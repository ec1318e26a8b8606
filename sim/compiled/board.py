# SPDX-License-Identifier: Apache-2.0
"""A simulated board: the Verilated accelerator with its host interface, as hw/driver sees a real one."""

from __future__ import annotations

import secrets
import struct
from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fpgan.hw.driver.formats import Bytes
from fpgan.hw.driver.interface import AcceleratorError, Words
from fpgan.hw.host.emit import Host
from fpgan.hw.system.children import end, start
from fpgan.hw.system.tools import ToolError
from fpgan.sim.compiled.compile import compile_host
from fpgan.sim.compiled.programs import private_folder

LATENCY = 20  # cycles after which the memory answers
_BASE = 0x1000_0000  # of the memory
_PAUSE_CYCLES = 50


@dataclass(frozen=True)
class BusCounts:
    """Since the board was made: clock cycles, words read and written, most bursts outstanding at a time."""

    cycles: int
    words_read: int
    words_written: int
    reads_outstanding: int
    writes_outstanding: int


class SimulatedBoard:
    """`Board` of hw/driver on a simulation, with a memory that answers after `latency` cycles.

        with SimulatedBoard(host) as board:
            images = Accelerator(board).generate(seed=1, n=64)

    clock_mhz: of which a pause of the driver takes as many cycles as it lasts; left out, a few. stall, fail
    and hang disturb its buses. Raises ToolError when the compilation fails or the simulation
    ends, as it does when the accelerator breaks a rule of AXI.
    """

    def __init__(
        self, host: Host, memory: int = 1 << 24, latency: int = LATENCY, clock_mhz: float | None = None
    ) -> None:
        self._log = host.root / f"board.{secrets.token_hex(4)}.log"
        self._clock_mhz = clock_mhz
        self._free, self._end = _BASE, _BASE + memory
        data_bytes = max(host.options.data_bits // 8, 4)
        values = [str(value) for value in (data_bytes, _BASE, memory, latency)]
        with ExitStack() as held:
            program = compile_host(host, held.enter_context(private_folder(host.root, "board")))
            self._process = start([str(program), *values], host.root, self._log)
            self._held = held.pop_all()  # start() returns before the program is read

    def __enter__(self) -> SimulatedBoard:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        end(self._process)
        self._process.communicate()
        self._held.close()
        if kind is None:
            self._log.unlink(missing_ok=True)

    def read(self, offset: int) -> int:
        return int(self._ask("r", offset, 0, 4).view(np.uint32)[0])

    def write(self, offset: int, value: int) -> None:
        self._tell("w", offset, value)

    def read_words(self, offset: int, count: int) -> Words:
        return self._ask("R", offset, count, 4 * count).view(np.uint32)

    def write_words(self, offset: int, words: Words) -> None:
        self._tell("W", offset, len(words), words.astype("<u4").tobytes())

    def allocate(self, size: int) -> SimulatedBuffer:
        address, self._free = self._free, self._free + -(-size // 4096) * 4096
        if self._free > self._end:
            raise AcceleratorError(f"the simulated memory is full: {size} bytes more were asked for")
        return SimulatedBuffer(self, address, np.zeros(size, np.uint8))

    def pause(self, seconds: float) -> None:
        cycles = _PAUSE_CYCLES if self._clock_mhz is None else round(seconds * self._clock_mhz * 1e6)
        self._tell("p", cycles, 0)

    def read_memory(self, address: int, size: int) -> Bytes:
        """Bytes of the memory."""
        return self._ask("M", address, size, size)

    def write_memory(self, address: int, data: Bytes) -> None:
        """Bytes into the memory."""
        self._tell("m", address, len(data), data.tobytes())

    def stall(self, share: float, seed: int = 1) -> None:
        """Pause every bus channel with that probability in each cycle."""
        self._tell("s", round(1000 * share), seed)

    def fail(self, address: int, response: int = 2) -> None:
        """Answer memory accesses from `address` on with SLVERR (2) or DECERR (3); 0: as usual again."""
        self._tell("e", address, response)

    def hang(self, on: bool) -> None:
        """Let the memory answer nothing."""
        self._tell("h", int(on), 0)

    def reset(self) -> None:
        """Reset accelerator and buses."""
        self._tell("x", 0, 0)

    def counts(self) -> BusCounts:
        """What happened on the memory bus so far."""
        return BusCounts(*map(int, self._ask("c", 0, 0, 40).view(np.uint64)))

    def _tell(self, op: str, a: int, b: int, data: bytes = b"") -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(struct.pack("<cII", op.encode(), a, b) + data)
        except BrokenPipeError:
            self._ended()

    def _ask(self, op: str, a: int, b: int, size: int) -> NDArray[Any]:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._tell(op, a, b)
        try:
            self._process.stdin.flush()
        except BrokenPipeError:
            self._ended()
        answer = self._process.stdout.read(size)
        if len(answer) != size:
            self._ended()
        return np.frombuffer(answer, np.uint8)

    def _ended(self) -> None:
        self._process.wait()
        lines = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        raise ToolError(
            f"the simulated board ended: {lines[-1] if lines else 'no message'} (log: {self._log})"
        )


class SimulatedBuffer:
    """Memory of a simulated board, and the processor's cached copy of it."""

    def __init__(self, board: SimulatedBoard, address: int, array: Bytes) -> None:
        self.board, self.address, self.array = board, address, array

    def flush(self) -> None:
        self.board.write_memory(self.address, self.array)

    def invalidate(self) -> None:
        self.array = self.board.read_memory(self.address, len(self.array)).copy()
