# SPDX-License-Identifier: Apache-2.0
"""Each module takes what resources.yaml says: LUTs, flip-flops, DSPs, block RAM and logic levels, exactly.

Rows whose sources are those that they were counted of need no Yosys; some are counted all the same, for the
flow itself. `make resources CHECK=1` counts all.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import module_resources
import pytest
from module_resources import FIGURES, Row, differences, digest, load, measured, save, stale

LEFT_OUT = {"host_pkg": "constants", "zynq7_top": "wires between the processor system and others"}
COUNTED = ("add_multi", "weight_rom")  # of each module the first row: logic and chains; a memory in LUTs

ROWS = load()


def test_every_module_has_two_rows() -> None:
    found = Counter(row.module for row in ROWS)
    assert found.keys() | LEFT_OUT.keys() == module_resources.modules()
    assert min(found.values()) >= 2 and len({row.name for row in ROWS}) == len(ROWS)
    assert all(set(row.figures) == set(FIGURES) for row in ROWS)


@pytest.mark.yosys
def test_modules_take_what_they_took() -> None:
    first = {row.module: row for row in reversed(ROWS)}
    rows = [first[name] for name in COUNTED]
    rows += [row for row in stale(ROWS) if row not in rows]
    found = [line for old, new in measured(rows) if (line := differences(old, new))]
    assert not found, "make resources writes what is new:\n" + "\n".join(found)


def test_a_row_says_module_set_old_and_new() -> None:
    old = Row("fifo", {"WIDTH": 8, "DEPTH": 2}, figures=dict.fromkeys(FIGURES, 7))
    new = replace(old, figures={**old.figures, "FF": 9, "levels": 3})
    assert differences(old, new) == "fifo WIDTH=8 DEPTH=2 (xcup): FF 7 -> 9, levels 7 -> 3"
    assert differences(old, old) == ""


def test_comments_and_spaces_count_nothing_again(tmp_path, monkeypatch) -> None:
    row = next(row for row in ROWS if row.module == "beats_to_words")
    before, path = digest(row), module_resources._FILES["width_convert"]  # which it holds
    copy = tmp_path / path.name
    monkeypatch.setitem(module_resources._FILES, "width_convert", copy)
    text = path.read_text(encoding="utf-8")
    copy.write_text("// another head\n" + text.replace("\n", "\n\n"), encoding="utf-8")
    assert digest(row) == before
    copy.write_text(text.replace("IN_ELEMS", "ELEMS_IN"), encoding="utf-8")
    assert digest(row) != before
    assert digest(replace(row, parameters={"BEAT_BYTES": 4})) != before


def test_the_table_is_written_as_it_is_read(tmp_path) -> None:
    copy = tmp_path / "resources.yaml"
    copy.write_text(module_resources.TABLE.read_text(encoding="utf-8"), encoding="utf-8")
    save(ROWS, copy)
    assert copy.read_text(encoding="utf-8") == module_resources.TABLE.read_text(encoding="utf-8")
