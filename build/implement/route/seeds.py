# SPDX-License-Identifier: Apache-2.0
"""Runs of nextpnr-xilinx with several seeds, side by side, each watched for being stuck."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, get_ident

from fpgan.build.implement.route import log
from fpgan.build.implement.route.nextpnr import PROGRAM, TIMEOUT, Router, command
from fpgan.build.implement.route.sites import sites_used
from fpgan.hw.system.children import end_all, run
from fpgan.hw.system.tools import ToolError

# Preparing to route takes little of the time before it (tiny: 3 of 26 s, mnist32: 4 of 469). Where sites with
# different write enables share a slice it never ends, without a word.
PATIENCE_SHARE, PATIENCE = 0.2, 60.0  # seconds
_MEMORY = 1.2e9  # bytes of one run on an XC7Z020


@dataclass(frozen=True)
class Run:
    """A netlist to be routed, and how: its clock in MHz, and whether the FASM file is to stay."""

    router: Router
    netlist: Path
    work: Path
    mhz: float
    what: str
    assembled: bool = True


@dataclass(frozen=True)
class Tried:
    """What one seed gave: its clock in MHz, or why it has none; seconds that it took."""

    seed: int
    seconds: float
    mhz: float = 0.0
    failed: str = ""
    log: Path = Path()


@dataclass(frozen=True)
class Routed:
    """A routed design: the best seed, all that were tried, its FASM file where one was asked for, cells used
    and there by kind, LUT6 sites, and the slowest path."""

    best: Tried
    tried: tuple[Tried, ...]
    fasm: Path
    used: dict[str, tuple[int, int]]
    sites: int
    path: log.Path | None

    @property
    def mhz(self) -> float:
        return self.best.mhz


class NoRoomError(ToolError):
    """The part has too few of something; no seed helps."""


class UnsupportedError(ToolError):
    """The router fails at what is in the design; no seed helps, nor less of it."""


class StuckError(ToolError):
    """A run that would not end; another seed may."""


@dataclass
class _Watch:
    """Looks at the log of a run as it grows, says how far it is, and ends it where it is stuck."""

    path: Path
    say: Callable[[str], None]
    start: float = field(default_factory=time.monotonic)
    stage: str = log.PACKING
    since: float = field(default_factory=time.monotonic)

    def __call__(self) -> None:
        text, now = _text(self.path), time.monotonic()
        if log.stage(text) != self.stage:
            self.stage, self.since = log.stage(text), now
        self.say(log.progress(text))
        limit = max(PATIENCE, PATIENCE_SHARE * (self.since - self.start))
        if self.stage == log.PREPARING and now - self.since > limit:
            raise StuckError(f"{PROGRAM} was stuck for {limit:.0f} s, {self.stage} (log: {self.path})")


def route_over_seeds(
    job: Run, seeds: int, progress: Callable[[str], None], until: float = float("inf")
) -> Routed:
    """Place and route with the seeds 1 to `seeds`, as many at a time as there are cores and memory; the
    fastest. The others end once a clock of `until` MHz is reached.

    Leaves seedN.log and, where it is to be assembled, the best one's FASM file in job.work. Raises ToolError
    in one line where no seed routes, or one fails as any would.
    """
    tried, threads, states, over = list[Tried](), set[int](), dict[int, str](), Event()

    def attempt(seed: int) -> Tried | None:
        if over.is_set():
            return None

        def say(state: str) -> None:
            states[seed] = state
            progress("; ".join(f"seed {number} {states[number]}" for number in sorted(states)))

        try:
            result = _try(job, seed, say)
        except ToolError:
            over.set()
            raise
        say(f"{result.mhz:g} MHz" if result.mhz else "failed")
        return result

    with ThreadPoolExecutor(_at_once(seeds), initializer=lambda: threads.add(get_ident())) as pool:
        running = [pool.submit(attempt, seed) for seed in range(1, seeds + 1)]
        try:
            for done in as_completed(running):
                result = done.result()
                tried += [result] if result else []
                if result and result.mhz >= until:
                    break
        finally:
            over.set()
            _end(pool, running, threads)
    return _best(job, sorted(tried, key=lambda result: result.seed), seeds)


def _best(job: Run, tried: list[Tried], seeds: int) -> Routed:
    best = max(tried, key=lambda result: result.mhz)
    if not best.mhz:
        raise ToolError(f"no seed of {seeds} routes: {tried[-1].failed}", log=tried[-1].log)
    text, fasm = _text(best.log), _fasm(job, best.seed)
    sites = sites_used(_text(fasm))
    for seed in range(1, seeds + 1):
        if seed != best.seed or not job.assembled:
            _fasm(job, seed).unlink(missing_ok=True)
    return Routed(best, tuple(tried), fasm, log.utilization(text), sites, log.slowest_path(text))


def _try(job: Run, seed: int, say: Callable[[str], None]) -> Tried:
    """One run; an error that another seed may not meet is a result."""
    path, start = job.work / f"seed{seed}.log", time.monotonic()
    words = command(
        str(job.router.program), str(job.router.database), str(job.netlist), str(seed), job.mhz,
        str(_fasm(job, seed)),
    )  # fmt: skip
    words.append("--timing-allow-fail")
    path.unlink(missing_ok=True)
    try:
        text = run(words, job.work, path, f"{PROGRAM} on {job.what}", TIMEOUT, watch=_Watch(path, say))
        return Tried(seed, _since(start), log.routed_mhz(text), log=path)
    except ToolError as error:
        return Tried(seed, _since(start), failed=str(_explained(error, path)), log=path)


def _explained(error: ToolError, path: Path) -> ToolError:
    """The error with the reason that the log gives; raises it where every seed must meet it."""
    text = _text(path)
    if why := log.no_room(text):
        raise NoRoomError(f"no room: {why} (log: {path})", error.command, path) from None
    why = log.reason(text)
    message = f"{error}: {why}" if why else str(error)
    if log.of_every_seed(text):
        raise UnsupportedError(message, error.command, path) from None
    return ToolError(message, error.command, path)


def _end(pool: ThreadPoolExecutor, running: list[Future[Tried | None]], threads: set[int]) -> None:
    """End what still runs."""
    pool.shutdown(wait=False, cancel_futures=True)
    while not all(future.done() for future in running):  # a thread may be about to start one
        end_all(threads)
        time.sleep(0.05)


def _at_once(seeds: int) -> int:
    """Runs that cores and free memory allow."""
    return max(1, min(seeds, len(os.sched_getaffinity(0)), int(_free_memory() / _MEMORY)))


def _free_memory() -> float:
    """Bytes that programs can have; without limit where the system does not say."""
    found = re.search(r"MemAvailable:\s+(\d+) kB", _text(Path("/proc/meminfo")))
    return 1024.0 * int(found[1]) if found else float("inf")


def _fasm(job: Run, seed: int) -> Path:
    return job.work / f"seed{seed}.fasm"


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""


def _since(start: float) -> float:
    return round(time.monotonic() - start, 1)
