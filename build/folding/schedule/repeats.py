# SPDX-License-Identifier: Apache-2.0
"""Rows and images that pass as earlier ones did are counted, not stepped through: the cycles stay exact.

Where all registers are as they were some rows ago, but for counts through the image and words in FIFOs, the
same cycles follow again, as long as the tables say the same of the counts and no FIFO becomes empty or full.
Where those agree as well, whole images repeat for ever.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from fpgan.build.folding.schedule.stage import FIFO, IntArray, Stage

_FEW = 4096  # cycles that are sooner stepped through than compared
_TRIED = 8  # of the earlier times that look alike


@dataclass
class Run:
    """What a run has come to: registers `s`, words that passed each stream, images that left."""

    s: IntArray
    counts: IntArray
    first: IntArray
    last: IntArray
    ends: IntArray
    low: IntArray
    high: IntArray
    most: IntArray  # words ever held by each FIFO
    cycle: int = 0


@dataclass(frozen=True)
class _Mark:
    cycle: int
    counts: IntArray
    places: IntArray
    held: IntArray
    number: int


class Repeats:
    """Of one run: `look` after each stop, which `stop` names as words of the stream `stream`."""

    def __init__(self, stages: list[Stage], s_at: IntArray, beats: IntArray, rows: IntArray) -> None:
        self.stream = int(np.argmax(rows))
        self._beats, self._step = beats, int(beats[self.stream] // rows[self.stream])
        self._tables = [table for stage in stages for _, table in stage.places]
        at = [base + k for stage, base in zip(stages, s_at[:-1], strict=True) for k, _ in stage.places]
        self._places = np.array(at, np.int64)
        self._fifos = np.array([i for i, stage in enumerate(stages) if stage.kind == FIFO], np.int64)
        self._words = s_at[self._fifos]
        self._depths = np.array([stages[i].constants[0] for i in self._fifos], np.int64)
        self._alike: dict[bytes, list[_Mark]] = defaultdict(list)
        self._equal: dict[bytes, _Mark] = {}
        self._low: list[IntArray] = []
        self._high: list[IntArray] = []
        self._before = 0

    def stop(self, run: Run) -> int:
        return int(run.counts[self.stream] // self._step + 1) * self._step

    def look(self, run: Run, seen: IntArray) -> None:
        """Jump where it may; seen: the registers as of `relative`, which are written to."""
        self._low.append(run.low[self._fifos])
        self._high.append(run.high[self._fifos])
        now = _Mark(
            run.cycle, run.counts.copy(), seen[self._places], seen[self._words], len(self._low)
        )  # fmt: skip
        whole = seen.tobytes()
        seen[self._places] = seen[self._words] = 0
        alike = self._alike[seen.tobytes()]
        if whole in self._equal and self._finish(run, self._equal[whole], now):
            return
        self._equal[whole] = now
        if run.cycle - self._before < _FEW and self._beats[self.stream] % (2 * self._step) == 0:
            self._step *= 2
        times = 0
        for before in reversed(alike[-_TRIED:]):
            times = self._times(before, now)
            if times > 0:
                self._jump(run, before, now, times)
                break
        if times <= 0:
            alike.append(now)
        run.low[self._fifos] = run.high[self._fifos] = run.s[self._words]
        self._before = run.cycle

    def _finish(self, run: Run, before: _Mark, now: _Mark) -> bool:
        """Whole images came since: the others come alike."""
        images, rest = divmod(now.counts - before.counts, self._beats)
        if rest.any() or (images != images[0]).any() or (before.counts < self._beats).any():
            return False
        done, each, period = int(run.ends[0]), int(images[0]), now.cycle - before.cycle
        for k in range(done + 1, len(run.ends)):
            run.ends[k] = run.ends[k - each] + period
        run.ends[0] = len(run.ends) - 1
        return True

    def _times(self, before: _Mark, now: _Mark) -> int:
        """How often what came since `before` comes again at least."""
        passed = now.counts - before.counts
        if (passed >= self._beats).any():
            return 0
        left = np.where(now.counts < self._beats, self._beats - 1 - now.counts, np.iinfo(np.int64).max)
        left[-1] = self._beats[-1] - 1 - now.counts[-1] % self._beats[-1]
        bounds = [left[passed > 0] // passed[passed > 0]]
        low = np.min(self._low[before.number :], axis=0)
        high = np.max(self._high[before.number :], axis=0)
        more = now.held - before.held
        if (more != 0).any():
            some, few, many = more[more != 0], low[more != 0], high[more != 0]
            room = np.where(some > 0, self._depths[more != 0] - 1 - many, few - 1)
            if (few < 1).any() or (many >= self._depths[more != 0]).any():
                return 0
            bounds.append(room // abs(some))
        times = int(min((bound.min() for bound in bounds if len(bound)), default=0))
        for table, old, new in zip(self._tables, before.places, now.places, strict=True):
            times = min(times, _repeats(table, int(old), int(new), times))
        return times

    def _jump(self, run: Run, before: _Mark, now: _Mark, times: int) -> None:
        run.s[self._places] += times * (now.places - before.places)
        more = now.held - before.held
        run.s[self._words] += times * more
        run.counts += times * (now.counts - before.counts)
        run.cycle += times * (now.cycle - before.cycle)
        high = np.max(self._high[before.number :], axis=0) + times * np.maximum(more, 0)
        run.most[self._fifos] = np.maximum(run.most[self._fifos], high)
        self._alike.clear()


def _repeats(table: IntArray, old: int, new: int, times: int) -> int:
    """How often, up to `times`, the way from `old` to `new` comes again before the table says otherwise."""
    step = new - old
    if step <= 0 or times <= 0:
        return times if step == 0 else 0
    end = min(len(table), new + times * step + 1)
    differ = (table[new:end] != table[new - step : end - step]).any(axis=1)
    same = int(np.argmax(differ)) if differ.any() else len(differ)
    return (same - 1) // step if same else 0
