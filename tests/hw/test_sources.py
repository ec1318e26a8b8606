# SPDX-License-Identifier: Apache-2.0
"""Every file of RTL is part of a module that is used, and stands in the README's table."""

from __future__ import annotations

import re
from pathlib import Path

from fpgan.hw import sources

HW = Path(sources.__file__).parent
FILES = {path.relative_to(HW / "rtl").with_suffix("") for path in HW.glob("rtl/*/*")}


def test_every_file_is_of_a_module():
    used = {name for names in sources._SOURCES.values() for name in names if not name.startswith("finn:")}
    assert {f"{path.name}.sv" for path in FILES} == used


def test_the_readme_says_what_every_module_is():
    table = (HW / "README.md").read_text(encoding="utf-8").split("| `rtl/` | module |")[1].split("\n\n")[0]
    folder, said = "", set()
    for row in table.splitlines()[2:]:
        first, modules = row.split("|")[1:3]
        folder = first.strip(" `") or folder
        said |= {Path(folder) / name for name in re.findall(r"`(\w+)`", modules)}
    assert said == FILES
