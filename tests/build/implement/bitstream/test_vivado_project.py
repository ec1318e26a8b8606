# SPDX-License-Identifier: Apache-2.0
"""The project for Vivado against a recorder that knows its commands: a check of the scripts, no run."""

from __future__ import annotations

import json
import re
from itertools import product

import pytest
import vivado_stand_in

from fpgan.build.implement.bitstream import vivado
from fpgan.build.implement.bitstream.ip_wrapper import IP, ip_wrapper
from fpgan.build.implement.host_options import host_options
from fpgan.hw.boards import boards, get_board
from fpgan.hw.design import Design
from fpgan.hw.host.emit import emit_host
from fpgan.hw.system.children import run
from fpgan.hw.system.tools import ToolError, find_tool, verilator_env
from fpgan.sim.benches.host_bench import identity_build

BOARD_FILES = {
    "ultra96": "avnet.com:ultra96v2:part0:1.2",
    "zcu104": "xilinx.com:zcu104:part0:1.1",
    "kv260": "xilinx.com:kv260_som:part0:1.4",
    "pynq-z1": "www.digilentinc.com:pynq-z1:part0:1.0",
    "pynq-z2": "tul.com.tw:pynq-z2:part0:1.0",
    "zc706": "xilinx.com:zc706:part0:1.4",
    "kr260": "xilinx.com:kr260_som:part0:1.1",
    "aup-zu3": "realdigital.org:aup-zu3-8gb:part0:1.0",
    "zybo-z7-10": "digilentinc.com:zybo-z7-10:part0:1.2",
    "cora-z7-10": "digilentinc.com:cora-z7-10:part0:1.1",
    "microzed-7010": "em.avnet.com:microzed_7010:part0:1.1",
}


SAIF = """(SAIFILE
 (INSTANCE TOP
  (NET
   (ap_clk (T0 1) (T1 1) (TZ 0) (TX 0) (TB 0) (TC 2))
  )
  (INSTANCE fpgan_top
   (INSTANCE fifo_1
   )
  )
 )
)
"""


def make_project(folder, board="pynq-z2", bus="axi", two_clocks=False):
    """FOLDER/project of an identity accelerator, and its design."""
    build, target = identity_build(folder / "build", 4, 4, 16), get_board(board)
    (build / "power.saif").write_text(SAIF)
    facts = json.loads((build / "design.json").read_text())
    facts |= {"board": board, "part": target.part, "family": target.family, "pumped": two_clocks}
    facts["clock_mhz"] = target.default_clock_mhz
    (build / "design.json").write_text(json.dumps(facts))
    design, project = Design.load(build), folder / "project"
    host = emit_host(design, project / "host", host_options(design, target, bus))
    vivado.write_project(design, target, host, project)
    return project, design, host


CROSSED = ("pynq-z2", "ultra96")  # of either family one; what else differs between boards is in settings.tcl
CASES = list(product(CROSSED, vivado.BUSES, (False, True), (False, True)))
CASES += [(board, "axi", False, True) for board in sorted(boards()) if board not in CROSSED]


@pytest.mark.parametrize(("board", "bus", "two_clocks", "files"), CASES)
def test_each_board(board, bus, two_clocks, files, tmp_path):
    """Complete to the bitstream, with the clock asked for, with and without Vivado's files of the board."""
    project, design, _ = make_project(tmp_path, board, bus, two_clocks)
    installed = " ".join(BOARD_FILES.values()) if files else ""
    error, commands = vivado_stand_in.record(project, tmp_path, boards=installed)
    assert error == ""
    assert (tmp_path / "fpgan.bit").exists() and (tmp_path / "fpgan.hwh").exists()
    summary = (project / "reports" / "summary.txt").read_text()
    assert f"clock_hz {round(design.clock_mhz * 1e6)}\n" in summary
    assert f"board_files {BOARD_FILES[board] if files else ''}\n" in summary
    text = "\n".join(commands)
    address = "0x43C00000" if design.family == "xc7" else "0xA0000000"
    assert f"assign_bd_address -offset {address} -range 16384" in text
    assert ("interface:accelerator/m_axi interface:memory_bus/S00_AXI" in text) == (bus == "axi")
    assert ("pin:clocks/clk_out2 pin:accelerator/ap_clk2x" in text) == two_clocks
    assert ("CLKOUT2_MATCHED_ROUTING" in text) == (two_clocks and design.family == "xcup")
    read = vivado.read_reports(project / "reports", design)
    assert read["timing"]["routed_mhz"] > read["timing"]["board_mhz"] == design.clock_mhz
    how = "Vivado 2022.2, report_power, activity of the simulation"
    assert read["power"] == {"total_W": 3.0, "dynamic_W": 2.5, "static_W": 0.5, "how": how}


# script, text, what replaces it, what the recorder says
BROKEN = [
    ("board_design", "connect_bd_net [get_bd_pins $clock]", "connect_bd_nets [get_bd_pins $clock]",
     "Vivado has no command connect_bd_nets"),
    ("board_design", "assign_bd_address -offset", "assign_bd_address -address", "no option -address"),
    ("board_design", "PCW_USE_S_AXI_HP0", "PCW_USE_AXI_HP0", "has no property PCW_USE_AXI_HP0"),
    ("board_design", "PCW_S_AXI_HP0_DATA_WIDTH 64", "PCW_S_AXI_HP0_DATA_WIDTH 128", "=128 is not possible"),
    ("board_design", "reset FCLK_RESET0_N", "reset FCLK_RESET_N", "processor has no pin FCLK_RESET_N"),
    ("board_design", "memory S_AXI_HP0 ", "memory S_AXI_GP0 ", "processor has no interface S_AXI_GP0"),
    ("board_design", "CONFIG.PCW_USE_S_AXI_HP0 $design(memory)", "CONFIG.PCW_USE_S_AXI_HP0 0",
     "processor has no interface S_AXI_HP0"),
    ("board_design", "lappend reset memory_bus/aresetn", "", "memory_bus/aresetn is open"),
    ("board_design", "lappend clocked memory_bus/aclk", "lappend clocked", "memory_bus/aclk is open"),
    ("board_design", "    assign_bd_address\n", "", "accelerator/m_axi reaches no memory"),
    ("board_design", "resets/peripheral_aresetn] [get", "processor/FCLK_CLK0] [get", "do not go together"),
    ("board_design", "resets/peripheral_aresetn] [get", "resets/peripheral_reset] [get",
     "do not go together"),
    (f"{IP}.v", "POLARITY ACTIVE_LOW", "POLARITY ACTIVE_HIGH", "do not go together"),
    ("board_design", "accelerator/m_axi processor/", "processor/[dict get $pins memory] processor/",
     "a master and a slave are needed"),
    ("board_design", "    validate_bd_design\n", "", "not yet valid"),
    ("board_design", "make_external {FIXED_IO, DDR}", "make_external {}", "not yet external"),
    ("board_design", "xilinx.com:bd_rule:processing_system7", "xilinx.com:bd_rule:ps7", "no rule"),
    ("settings", "address {0x43C00000}", "address {0x43C01000}", "no multiple of the range"),
    ("settings", "address {0x43C00000}", "address {0x83C00000}", "is not 0x40000000 to 0x7FFFFFFF"),
    ("settings", "clock_mhz {100}", "clock_mhz {300}", "is not 0.1 to 250"),
    ("settings", "latent_table", "other_table", "data file latent_table is not found"),
    ("settings", "sources {host_pkg.sv", "sources {host_pkg2.sv", "no such file"),
    ("accelerator_ip", "    ipx::save_core $core\n", "", "not yet saved"),
    ("accelerator_ip", "$interface -of_objects", "$interface -of", "no option -of"),
    ("implement", "read_saif $activity", "read_saif -instance x $activity", "read_saif: no option -instance"),
    ("activity.saif", "(INSTANCE system_i", "(INSTANCE system", "read_saif: no net matches"),
    ("implement", "-to_step write", "-to write", "launch_runs: no option -to"),
    ("implement", "write_bitstream\n", "write_bits\n", "impl_1 has no step write_bits"),
    ("implement", "launch_and_wait synth_1\n", "", "no synthesis yet"),
    ("implement", "set_property top system_wrapper", "set_property top system", "is not system_wrapper"),
    ("implement", "    generate_target all $system\n", "", "not yet generated"),
]  # fmt: skip


@pytest.mark.parametrize(("script", "text", "instead", "says"), BROKEN)
def test_the_recorder_refuses(script, text, instead, says, tmp_path):
    """Each of these is an error to Vivado; a script with it does not pass."""
    project, _, _ = make_project(tmp_path)
    path = project / (script if "." in script else f"{script}.tcl")
    assert text in path.read_text()
    path.write_text(path.read_text().replace(text, instead, 1))
    error, _ = vivado_stand_in.record(project, tmp_path)
    assert says in error
    assert not (tmp_path / "fpgan.bit").exists()


def test_every_command_of_the_scripts_is_tried(tmp_path):
    """No branch of the scripts is left out: each Vivado command in them is called by some board's project."""
    called = set()
    for board, bus, two_clocks in (("pynq-z2", "axil", True), ("zcu104", "axi", False)):
        folder = tmp_path / board
        project, _, _ = make_project(folder, board, bus, two_clocks)
        for files in ("", " ".join(BOARD_FILES.values())):
            error, commands = vivado_stand_in.record(project, folder, boards=files, maps=int(not files))
            assert error == ""
            called |= {line.split()[0] for line in commands}
    table = (vivado_stand_in.RECORDER / "commands.tcl").read_text()
    known = set(re.findall(r"^    ([a-z_:]+) \{", table, re.MULTILINE))
    code = "\n".join(
        line.partition("#")[0]
        for path in sorted(project.glob("*.tcl"))
        for line in path.read_text().splitlines()
    )
    written = {name for name in known if re.search(rf"(?:^|[\[\s]){name}(?:\s|\]|$)", code, re.MULTILINE)}
    assert called == written and len(written) > 30


def test_pythons_own_interpreter_does_as_well(tmp_path, monkeypatch):
    pytest.importorskip("tkinter")
    monkeypatch.setattr(vivado_stand_in.shutil, "which", lambda name: None)
    project, _, _ = make_project(tmp_path)
    assert vivado_stand_in.record(project, tmp_path)[0] == ""
    (project / "implement.tcl").write_text("open_a_window")
    assert "Vivado has no command open_a_window" in vivado_stand_in.record(project, tmp_path)[0]


@pytest.mark.parametrize("version", ["2020.2", "2019.1"])
def test_an_old_vivado_is_refused_by_the_script(version, tmp_path):
    project, _, _ = make_project(tmp_path)
    error, commands = vivado_stand_in.record(project, tmp_path, version=version)
    assert error == f"Vivado {version} is too old: 2021.1 or newer is needed"
    assert len(commands) == 1


@pytest.mark.parametrize("slack", ["slack", "hold"])
def test_a_clock_that_is_not_met_leaves_reports_and_no_bitstream(slack, tmp_path):
    """Of setup and of hold: the worse one counts."""
    project, _, _ = make_project(tmp_path)
    error, _ = vivado_stand_in.record(project, tmp_path, **{slack: -0.5})
    assert error == "the clock of 100 MHz is not met: the worst slack is -0.5 ns"
    assert (project / "reports" / "timing.rpt").exists() and not (tmp_path / "fpgan.bit").exists()


def test_pulses_that_are_too_short_leave_no_bitstream(tmp_path):
    """A block RAM or a clock buffer that the clock is too fast for: no path's slack says so."""
    project, _, _ = make_project(tmp_path)
    error, _ = vivado_stand_in.record(project, tmp_path, pulse=-1.2)
    line = "the clock of 100 MHz is too fast for a block: its pulses are -1.2 ns too short; see timing.rpt"
    assert error == line and not (tmp_path / "fpgan.bit").exists()
    assert "pulse_slack_ns -1.2\n" in (project / "reports" / "summary.txt").read_text()


@pytest.mark.verilator
@pytest.mark.parametrize("bus", vivado.BUSES)
def test_the_wrapper_is_the_host_interface(bus, tmp_path):
    """Verilator takes it, and would warn of a port that is missing or of another width."""
    project, _, host = make_project(tmp_path, bus=bus)
    command = [str(find_tool("verilator")), "--lint-only", "-Wall", "-Wno-fatal", "--top-module", IP]
    sources = [*host.sources, f"../{IP}.v"]
    log = run([*command, *sources], host.root, tmp_path / "lint.log", "lint", env=verilator_env())
    assert not [line for line in log.splitlines() if f"{IP}.v" in line and "DECLFILENAME" not in line], log
    narrow = ip_wrapper(host).replace("input wire [31:0] s_axil_wdata", "input wire [30:0] s_axil_wdata")
    (project / f"{IP}.v").write_text(narrow)
    log = run([*command, *sources], host.root, tmp_path / "lint.log", "lint", env=verilator_env())
    assert "s_axil_wdata" in log


def test_each_data_file_is_named_by_a_source(tmp_path):
    _, _, host = make_project(tmp_path)
    (host.root / "layer_1_weights.dat").write_text("00\n")
    with pytest.raises(ValueError, match=r"layer_1_weights.dat: no source reads it; build again$"):
        vivado.data_names(host)
    source = host.root / host.sources[0]
    source.write_text(source.read_text() + '// "layer_1_weights.dat" "./layer_"\n')
    assert vivado.data_names(host) == ["latent_table", "layer_1_weights.dat"]


def test_reports_without_a_top_are_one_line(tmp_path):
    project, design, _ = make_project(tmp_path)
    with pytest.raises(ToolError, match=r"^Vivado left no .*summary.txt$"):
        vivado.read_reports(project / "reports", design)
    assert vivado_stand_in.record(project, tmp_path)[0] == ""
    table = project / "reports" / "utilization.rpt"
    table.write_text(table.read_text().replace("| system_wrapper ", "| other "))
    with pytest.raises(ToolError, match=r"lacks its top"):
        vivado.read_reports(project / "reports", design)


def test_scopes_of_the_simulation_become_those_of_the_board():
    made = vivado.nested_saif(SAIF, "fpgan_top", ("a", "b", "c"))
    assert made.count("(") == made.count(")") == SAIF.count("(") + 2
    order = [line.split()[-1] for line in made.splitlines() if "INSTANCE" in line]
    assert order == ["TOP", "a", "b", "c", "fifo_1"]


def test_power_without_activity_says_so(tmp_path):
    project, design, _ = make_project(tmp_path)
    (project / "activity.saif").unlink()
    assert vivado_stand_in.record(project, tmp_path)[0] == ""
    read = vivado.read_reports(project / "reports", design)["power"]
    assert read["total_W"] == 3.5 and "activity by default" in read["how"]
    with pytest.raises(ToolError, match=r"^Vivado's power report has no row Device Static$"):
        vivado.parse_power("| Total On-Chip Power (W) | 1.0 |\n| Dynamic (W) | 0.5 |")
