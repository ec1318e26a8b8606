# SPDX-License-Identifier: Apache-2.0
"""Programs in the places of nextpnr-xilinx, and of fasm2frames and xc7frames2bit, which build.sh runs.

They check what they are given. The database is of a part with one tile.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

PART = "xc7z020clg400-1"

# lines of a run of nextpnr-xilinx e22bcf6
PATH = """Info: Critical path report for clock 'ap_clk' (posedge -> posedge):
Info: curr total
Info:  0.1  0.1  Source host.accelerator.fifo.level_q_FDRE_Q_3.Q
Info:  0.3  0.4    Net host.accelerator.fifo.level_q[2] budget -0.316000 ns (54,61) -> (54,61)
Info:                Sink host.accelerator.fifo.full_LUT6_O.A2
Info:  0.1  0.5  Source host.accelerator.fifo.full_LUT6_O.O6
Info:  1.5  2.0    Net host.accelerator.fifo.full budget 0.458000 ns (54,61) -> (57,47)
Info:                Sink _0938_$LUT$38.A2
Info:  0.1  2.1  Source _0938_$LUT$38.O6
Info:  0.0  2.1    Net host.accelerator.fifo.full$legal$37 budget -0.166000 ns (57,47) -> (57,47)
Info:                Sink host.accelerator.deconv.sum_q_FDRE_Q_11.D
Info:  0.1  2.2  Setup host.accelerator.deconv.sum_q_FDRE_Q_11.D
Info: 0.4 ns logic, 1.8 ns routing
"""
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
if outcome == "odd":
    sys.exit("ERROR: MUXF9 is not supported on xc7!")
if outcome == "full":
    sys.exit("ERROR: Unable to place cell 'host', no Bels remaining of type 'SLICE_LUTX'")
print("Info: Creating initial analytic placement for 3 cells, random placement wirelen = 9.")
print("Info:     at iteration #2, type ALL: wirelen solved = 9, spread = 9, legal = 9; time = 2.16s")
if outcome == "spread":
    sys.exit("ERROR: Failed to expand region (0, 0) |_> (113, 155) of 50063 SLICE_LUTXs")
print("Info: Setting up routing resources...", flush=True)
if outcome == "hang":
    time.sleep(60)
print("Info: Running main router loop...")
print("Info:     iter=1 wires=171901 overused=5855 overuse=6134 archfail=NA", flush=True)
if outcome == "fail":
    sys.exit("ERROR: Failed to route arc")
if outcome == "slow":
    time.sleep(60)
print("Info: Router1 time 0.48s")
if "--fasm" in options:
    site = "CLBLL_L_X2Y3.SLICEL_X0.{{}}LUT.INIT[63:0] = 64'b1\\n"
    seed = options["--seed"]
    register = "CLBLL_L_X2Y3.SLICEL_X0." + {last!r} + "\\n"
    lines = [*map(site.format, "ABC"), register.format(seed), "# fasm " + seed]
    open(options["--fasm"], "w").write("".join(lines))
if outcome == "abort":
    sys.exit("terminate called after throwing an instance of 'std::out_of_range'")
met = outcome >= float(options["--freq"])
report = "Info: Max frequency for clock 'ap_clk': {{:.2f}} MHz ({{}} at 100.00 MHz)"
print(report.format(77, "FAIL"))
print({path!r})
print(report.format(outcome, "PASS" if met else "FAIL"))
sys.exit(0 if met or "--timing-allow-fail" in sys.argv else 1)
"""
_FRAMES = """
fasm, frames = sys.argv[-2:]
assert options["--part"] == "{part}" and os.path.isdir(options["--db-root"])
last = open(fasm).read().splitlines()[-1]
open(frames, "w").write(last.replace("# fasm", "frames"))
"""
_BIT = """
assert options["--part_name"] == "{part}" and open(options["--part_file"]).read() == "part"
data = open(options["--frm_file"], "rb").read().ljust(12)
texts = ((b"a", options["--frm_file"].encode()), (b"b", b"y"))
fields = b"".join(key + len(text).to_bytes(2, "big") + text for key, text in texts)
head = bytes.fromhex("00090ff00ff00ff00ff0000001") + fields
open(options["--output_file"], "wb").write(head + b"e" + len(data).to_bytes(4, "big") + data)
"""
_ROWS = {"configuration_buses": {"CLB_IO_CLK": {"configuration_columns": {"0": {"frame_count": 2}}}}}
_DATABASE = {
    f"{PART}/part.json": {"idcode": 57831571, "global_clock_regions": {"top": {"rows": {"0": _ROWS}}}},
    "mapping/parts.yaml": f"{PART}: {{device: it}}",
    "mapping/devices.yaml": "it: {fabric: it}",
    "it/tilegrid.json": {
        "CLBLL_L_X2Y3": {
            "type": "CLBLL_L", "grid_x": 2, "grid_y": 3, "sites": {},
            "bits": {"CLB_IO_CLK": {"baseaddr": "0x0", "frames": 2, "offset": 0, "words": 2}},
        }
    },
    "segbits_clbll_l.db": "".join(
        [f"CLBLL_L.SLICEL_X0.{letter}LUT.INIT[00] 00_0{i}\n" for i, letter in enumerate("ABC")]
        + [f"CLBLL_L.SLICEL_X0.SEED[{seed}] 01_{seed:02}\n" for seed in range(1, 9)]
    ),
}  # fmt: skip


def install(
    folder: Path, outcomes: dict[str, float | str] | None = None, broken: bool = False
) -> dict[str, str]:
    """Programs and databases in `folder`; returns the variables that name the databases.

    outcomes: seed -> MHz that it routes at (100 where not given), or odd, full, spread, hang, fail, slow,
        abort.
    broken: what is routed has a feature that the database does not know.
    """
    programs = {
        "nextpnr-xilinx": _ROUTER.format(
            outcomes=json.dumps(outcomes or {}), path=PATH, last="NOTHING" if broken else "SEED[{}]"
        ),
        "fasm2frames": _FRAMES.format(part=PART),
        "xc7frames2bit": _BIT.format(part=PART),
    }
    for name, text in programs.items():
        imports = "import collections, json, os, sys, time\noptions = dict(zip(sys.argv[1:], sys.argv[2:]))\n"
        (folder / name).write_text(f"#!{sys.executable}\n{imports}{text}")
        (folder / name).chmod(0o755)
    (folder / "xc7z020clg400.bin").write_text("chip")
    part = folder / "db" / "zynq7" / PART
    part.mkdir(parents=True, exist_ok=True)
    (part / "part.yaml").write_text("part")
    for name, content in _DATABASE.items():
        path = folder / "db" / "zynq7" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content))
    return {"CHIPDB": str(folder), "PRJXRAY_DB_DIR": str(folder / "db")}
