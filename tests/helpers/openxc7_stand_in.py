# SPDX-License-Identifier: Apache-2.0
"""Programs in the places of nextpnr-xilinx, fasm2frames and xc7frames2bit: they check what they are given."""

from __future__ import annotations

import json
import sys
from pathlib import Path

PART = "xc7z020clg400-1"

_ROUTER = """
outcome = {outcomes}.get(options["--seed"], 100.0)
assert open(options["--chipdb"]).read() == "chip"
cells = json.load(open(options["--json"]))["modules"]["zynq7_top"]["cells"].values()
kinds = collections.Counter(cell["type"] for cell in cells)
luts = sum(kinds[f"LUT{{n}}"] for n in range(1, 7))
assert kinds["PS7"] == kinds["BUFG"] == 1
print("Info: Device utilisation:")
print(f"Info: \\t{{'SLICE_LUTX':>20}}: {{luts:5d}}/{{106400:5d}} {{100 * luts // 106400:5d}}%")
print(f"Info: \\t{{'PS7':>20}}: {{1:5d}}/{{1:5d}} {{100:5d}}%")
print(f"Info: \\t{{'BUFGCTRL':>20}}: {{0:5d}}/{{32:5d}} {{0:5d}}%")
if outcome == "hang":
    time.sleep(60)
if outcome == "full":
    sys.exit("ERROR: Unable to place cell 'host', no Bels remaining of type 'SLICE_LUTX'")
if outcome == "fail":
    sys.exit("ERROR: Failed to route arc")
if "--fasm" in options:
    open(options["--fasm"], "w").write("fasm " + options["--seed"])
met = outcome >= float(options["--freq"])
report = "Info: Max frequency for clock 'ap_clk': {{:.2f}} MHz ({{}} at 100.00 MHz)"
print(report.format(77, "FAIL"))
print(report.format(outcome, "PASS" if met else "FAIL"))
sys.exit(0 if met or "--timing-allow-fail" in sys.argv else 1)
"""
_FRAMES = """
fasm, frames = sys.argv[-2:]
assert options["--part"] == "{part}" and os.path.isdir(options["--db-root"])
open(frames, "w").write(open(fasm).read().replace("fasm", "frames"))
"""
_BIT = """
assert options["--part_name"] == "{part}" and open(options["--part_file"]).read() == "part"
data = open(options["--frm_file"], "rb").read().ljust(12)
fields = b"".join(key + len(text).to_bytes(2, "big") + text for key, text in ((b"a", b"x"), (b"b", b"y")))
head = bytes.fromhex("00090ff00ff00ff00ff0000001") + fields
open(options["--output_file"], "wb").write({head} + b"e" + len(data).to_bytes(4, "big") + data)
"""


def install(
    folder: Path, outcomes: dict[str, float | str] | None = None, broken: bool = False
) -> dict[str, str]:
    """Programs and databases in `folder`; returns the variables that name the databases.

    outcomes: seed -> MHz that it routes at (100 where not given), or fail, full, hang.
    broken: what comes out is no .bit file.
    """
    programs = {
        "nextpnr-xilinx": _ROUTER.format(outcomes=json.dumps(outcomes or {})),
        "fasm2frames": _FRAMES.format(part=PART),
        "xc7frames2bit": _BIT.format(part=PART, head="b''" if broken else "head"),
    }
    for name, text in programs.items():
        imports = "import collections, json, os, sys, time\noptions = dict(zip(sys.argv[1:], sys.argv[2:]))\n"
        (folder / name).write_text(f"#!{sys.executable}\n{imports}{text}")
        (folder / name).chmod(0o755)
    (folder / "xc7z020clg400.bin").write_text("chip")
    part = folder / "db" / "zynq7" / PART
    part.mkdir(parents=True, exist_ok=True)
    (part / "part.yaml").write_text("part")
    return {"CHIPDB": str(folder), "PRJXRAY_DB_DIR": str(folder / "db")}
