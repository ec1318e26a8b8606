# SPDX-License-Identifier: Apache-2.0
"""A top with any streams, by the names of its ports, as a program: words in, words out."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from fpgan.hw.system.files import write_json
from fpgan.hw.system.reading import read_json
from fpgan.hw.system.tools import ToolError
from fpgan.sim.compiled.compile import compile_program
from fpgan.sim.compiled.programs import private_folder, run_logged

_HARNESS = Path(__file__).with_name("any_streams.cpp")
_TABLE_FIFO = Path(__file__).with_name("stand_ins") / "fifo.sv"
_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/|\(\*.*?\*\)", re.DOTALL)
_PORT = re.compile(r"\b(input|output)\b[^,;]*?\b(\w+?)_(TDATA|tdata)\b")
_FACTS = "top.json"
_STOPPED = "stopped after word"  # as any_streams.cpp says it


@dataclass(frozen=True)
class Ports:
    """Streams of a module: prefixes of their ports (in0_V of in0_V_TDATA); has it a second clock?"""

    sources: tuple[str, ...]
    sinks: tuple[str, ...]
    capital: bool  # TDATA, TVALID, TREADY; else tdata, tvalid, tready
    pumped: bool

    @classmethod
    def of(cls, text: str, top: str) -> Ports:
        """Of the text of its Verilog. ValueError where there is no module of that name in it."""
        text = _COMMENT.sub("", text)
        found = re.search(rf"\bmodule\s+{re.escape(top)}\b(.*?)\)\s*;", text, re.DOTALL)
        if not found:
            raise ValueError(f"no module {top} in its file")
        # ports of Verilog-1995 style stand behind the header
        body = text[found.start() : text.index("endmodule", found.start())]
        ports = dict.fromkeys((kind, name, signal) for kind, name, signal in _PORT.findall(body))
        of = {kind: tuple(name for k, name, _ in ports if k == kind) for kind in ("input", "output")}
        capital = any(signal == "TDATA" for _, _, signal in ports)
        return cls(of["input"], of["output"], capital, bool(re.search(r"\bap_clk2x\b", found[1])))

    def header(self) -> str:
        """What stands before the harness."""
        case = str.upper if self.capital else str.lower
        lists = []
        for macro, names in (("FPGAN_SOURCES", self.sources), ("FPGAN_SINKS", self.sinks)):
            entries = (
                f"X({', '.join([name, *(f'{name}_{case(s)}' for s in ('tdata', 'tvalid', 'tready'))])})"
                for name in names
            )
            lists.append(f"#define {macro}(X) {' '.join(entries)}\n")
        clocks = "#define FPGAN_CLK ap_clk\n#define FPGAN_RESET ap_rst_n\n"
        return "".join([*lists, clocks, "#define FPGAN_CLK2X\n" if self.pumped else ""])


class HangError(ToolError):
    """No word moved for as long as it was waited for."""


def file_of(top: str, sources: Sequence[Path]) -> Path:
    """Of the sources the one that holds a module. ValueError where none does."""
    for path in sorted(sources, key=lambda path: path.stem != top):
        if re.search(rf"\bmodule\s+{re.escape(top)}\b", path.read_text(encoding="utf-8")):
            return path
    raise ValueError(f"no source holds module {top}")


def table_fifo(rtl: Path) -> None:
    """Let the FIFOs of a folder of RTL read their depths from a table when a simulation starts."""
    shutil.copyfile(_TABLE_FIFO, rtl / "fifo.sv")


@dataclass(frozen=True)
class StreamProgram:
    """A compiled top. cwd: where the names in its RTL are looked for."""

    program: Path
    ports: Ports
    cwd: Path

    @classmethod
    def compile(cls, top: str, sources: Sequence[Path], cwd: Path, out: Path) -> StreamProgram:
        """Compile a module with its sources; `out` holds the program then. ValueError, ToolError."""
        ports = Ports.of(file_of(top, sources).read_text(encoding="utf-8"), top)
        out.mkdir(parents=True, exist_ok=True)
        with private_folder(out, "compile") as folder:
            harness = folder / _HARNESS.name
            harness.write_text(ports.header() + _HARNESS.read_text(encoding="utf-8"), encoding="utf-8")
            options = ["--prefix", "Vtop", "--output-split", "0"]
            program, _ = compile_program(top, sources, folder, out / "compile.log", harness, options)
            shutil.move(program, out / "program")
        write_json(out / _FACTS, asdict(ports) | {"cwd": str(cwd)})
        return cls.load(out)

    @classmethod
    def load(cls, out: Path) -> StreamProgram:
        """One compiled before."""
        facts = read_json(out / _FACTS)
        cwd = Path(facts.pop("cwd"))
        sources, sinks = tuple(facts.pop("sources")), tuple(facts.pop("sinks"))
        return cls(out / "program", Ports(sources=sources, sinks=sinks, **facts), cwd)

    def run(
        self, given: Mapping[str, Sequence[int]], wanted: Mapping[str, int], patience: int
    ) -> tuple[dict[str, list[int]], int]:
        """From reset: words of each source, by name; how many of each sink. Returns those, and the cycles.

        Raises HangError where no word moves for `patience` cycles.
        """
        with private_folder(self.program.parent, "run") as folder:
            widths = []
            for name in self.ports.sources:
                words = given.get(name, ())
                width = max(1, (max((int(w).bit_length() for w in words), default=1) + 7) // 8)
                widths.append(width)
                data = b"".join(int(word).to_bytes(width, "little") for word in words)
                (folder / f"{name}.in").write_bytes(data)
            counts = [wanted.get(name, 0) for name in self.ports.sinks]
            command = [str(self.program), str(folder), str(patience), *map(str, (*widths, *counts))]
            log = self.program.with_name("run.log")
            try:
                said = json.loads(run_logged(command, self.cwd, folder, log, "simulating").splitlines()[-1])
            except ToolError as error:
                kind = HangError if _STOPPED in str(error) else ToolError
                raise kind(str(error), error.command, error.log) from None
            out = {}
            for name in self.ports.sinks:
                data, width = (folder / f"{name}.out").read_bytes(), said["bytes"][name]
                out[name] = [
                    int.from_bytes(data[i : i + width], "little") for i in range(0, len(data), width)
                ]
            return out, int(said["cycles"])
