# SPDX-License-Identifier: Apache-2.0
"""The JSON files that commands write: their schemas, and the page that documents them.

python -m fpgan.build.files OUT     # OUT/report.schema.json and so on, and OUT/FILES.md
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from fpgan.build.bench.bench_file import Bench
from fpgan.build.bench.compared_file import Compared
from fpgan.build.frontend.inspect_file import Inspect
from fpgan.build.implement.bitstream.facts_file import BoardFacts
from fpgan.build.implement.power.power_file import Power
from fpgan.build.implement.verify_file import Verify
from fpgan.build.study.study_file import (
    FailedFile,
    MeasuredFile,
    ParentFile,
    Studied,
    StudyFile,
    TrialFile,
)
from fpgan.hw.design_file import DesignFile
from fpgan.hw.host.emit import HostFile
from fpgan.hw.report_file import Report
from fpgan.hw.synth_file import Synth
from fpgan.hw.system.fields import shape_of
from fpgan.hw.system.files import make_folder, write_beside
from fpgan.hw.system.schemas import rows, schema
from fpgan.model.metrics_file import Evaluated, Metrics
from fpgan.model.quantize.quantize_file import Quantize
from fpgan.sim.sim_file import Sim

# By the file's stem; several for one that holds one of them.
FILES: dict[str, Any] = {
    "metrics": Metrics, "design": DesignFile, "report": Report, "sim": Sim, "synth": Synth, "power": Power,
    "facts": BoardFacts, "host": HostFile, "quantize": Quantize, "BENCH": Bench,
    "compared": Compared, "evaluated": Evaluated, "inspect": Inspect, "verify": Verify,
    "studied": Studied, "study": StudyFile,
    "trial": TrialFile | ParentFile | FailedFile, "measured": MeasuredFile | FailedFile,
}  # fmt: skip
PAGE = "FILES.md"
_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_HEAD = """# What the JSON files hold

`python -m fpgan.build.files OUT` writes this page, and a JSON schema of each file (draft 2020-12) as
OUT/NAME.schema.json. All are made of the dataclasses that write the files; tests hold them to real output.

A **stable** field keeps its name, meaning and unit; others may change with any version, and more may come.
`layers[].name` is a field in each entry of a list, `fifos.*` the value behind any name. Numbers are finite.
Files are UTF-8, replaced whole, and `--json` prints the same text; evaluated.json, inspect.json,
verify.json, compared.json and studied.json are printed alone.
"""


def schema_of(name: str) -> dict[str, Any]:
    """The JSON schema of NAME.json. KeyError for a file that is none of FILES."""
    forms = [{"description": _about(cls), **schema(shape_of(cls))} for cls in _forms(name)]
    head = {"$schema": _DRAFT, "title": f"{name}.json"}
    return head | (forms[0] if len(forms) == 1 else {"anyOf": forms})


def _forms(name: str) -> tuple[Any, ...]:
    return get_args(FILES[name]) or (FILES[name],)


def page() -> str:
    """The text of FILES.md."""
    return "\n".join([_HEAD, *(line for name in FILES for line in _section(name))])


def _section(name: str) -> Iterator[str]:
    yield from (f"## {name}.json", "")
    for cls in _forms(name):
        yield from (_about(cls), "")
        yield from ("| field | value | unit | stable | |", "|---|---|---|---|---|")
        for field, kind, said in rows(shape_of(cls)):
            yield f"| `{field}` | {kind} | {said.unit} | {'yes' if said.stable else ''} | {said.text} |"
        yield ""


def _about(cls: Any) -> str:
    return " ".join(cls.__doc__.split())


def write(out: Path) -> None:
    """FILES.md and the schemas into a folder, which is made."""
    make_folder(out)
    texts = {f"{name}.schema.json": json.dumps(schema_of(name), indent=2) + "\n" for name in FILES}
    for name, text in {PAGE: page(), **texts}.items():
        write_beside(out / name, lambda path, text=text: path.write_text(text, encoding="utf-8"))  # type: ignore[misc]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=write.__doc__)
    parser.add_argument("folder", type=Path)
    write(parser.parse_args().folder)
