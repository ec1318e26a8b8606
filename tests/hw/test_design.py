# SPDX-License-Identifier: Apache-2.0
"""A BUILD may come from anybody: what its JSON files say is looked at before it goes into a tool's script."""

from __future__ import annotations

import json
import math
import random
import shutil

import pytest

from fpgan.build.implement.synth.vivado import ooc_tcl, tcl_word
from fpgan.build.implement.synth.yosys import synth_module
from fpgan.build.implement.synthesize import synth
from fpgan.hw.design import Design
from fpgan.hw.host.emit import Host, emit_host
from fpgan.hw.system.reading import DamagedError
from fpgan.sim.benches.host_bench import identity_build


@pytest.fixture
def build(build_preset, tmp_path):
    return shutil.copytree(build_preset("tiny"), tmp_path / "build", ignore=shutil.ignore_patterns(".*"))


def altered(path, change):
    data = json.loads(path.read_text())
    change(data)
    path.write_text(json.dumps(data))


def put(where, value):
    """A change of a JSON object at layers.0.name and the like."""

    def change(data):
        *outer, last = [int(part) if part.isdigit() else part for part in where.split(".")]
        for part in outer:
            data = data[part]
        data[last] = value

    return change


@pytest.mark.parametrize(
    ("where", "value", "says"),
    [
        ("family", "xcup; exec -- touch RAN ;", "family='xcup; exec -- touch RAN ;': must be xcup or xc7"),
        ("top", "a -run b", "top='a -run b': must be a name of letters, digits and _"),
        ("top", None, "top=None: must be a name"),
        ("top", "t\n", "top='t"),
        ("part", "[exec touch RAN]", "must be a part's name"),
        ("board", "../x", "must be a board's name"),
        ("name", "two\nlines", "must be a line of text"),
        ("layers.0.module", "$(touch RAN)", r"layers\[0\].module='\$\(touch RAN\)': must be a name"),
        ("layers.1.sources.0", "../../etc/passwd", r"layers\[1\].sources\[0\]='../../etc/passwd': must be"),
        ("layers.1.sources.0", "absent.sv", "names absent.sv, which is no file of rtl/"),
        ("sources.0", "/etc/passwd", "must be the plain name of a .sv or .v file"),
        ("sources.0", "-f.sv", "must be the plain name"),
        ("sources", "a.sv", "sources='a.sv': must be a list"),
        ("layers", {}, "layers={}: must be a list"),
        ("fifos", {"a b": 1}, "a name in fifos='a b': must be a name"),
        ("fifos", {"a": -1}, "fifos.a=-1: must be a whole number from 0"),
        ("clock_mhz", -1, "clock_mhz=-1: must be a number above 0, up to 10000"),
        ("clock_mhz", math.nan, "clock_mhz=nan: must be a number"),
        ("clock_mhz", True, "clock_mhz=True: must be a number"),
        ("pumped", 1, "pumped=1: must be true or false"),
        ("golden", "mine", "golden='mine': must be pytorch or exact"),
        ("backend", "c", "backend='c': must be rtl or hls"),
        ("backend", "hls", "must be the plain name of a .cpp or .hpp file"),
        ("input.shape", [1, 1, 1, 1 << 40], r"input.shape\[3\]=1099511627776: must be a whole number"),
        ("input.shape", [1, 1, 16], "holds a stream that cannot be"),
        ("input.beats", 5, "holds a stream that cannot be"),
        ("output.tdata_bits", 12, "holds a stream that cannot be"),
        ("output.datatype", "FLOAT32", "must be INT or UINT and 1 to 32 bits"),
        ("version", 99, "is of version 99, not 2; run fpgan build again"),
        ("version", "1" * 90, "is of version 11111111111111111111, not 2"),
    ],
)
def test_names_and_numbers(build, where, value, says):
    """Names went unquoted into Yosys, which splits at `;` and runs what follows `exec`."""
    altered(build / "design.json", put(where, value))
    with pytest.raises(DamagedError, match=says) as caught:
        Design.load(build)
    assert "\n" not in str(caught.value)


def test_a_build_of_before(build):
    altered(build / "design.json", lambda data: data.pop("version"))
    with pytest.raises(DamagedError, match="is of version none, not 2; run fpgan build again"):
        Design.load(build)


def test_a_key_that_is_missing(build):
    altered(build / "design.json", lambda data: data["input"].pop("beats"))
    with pytest.raises(DamagedError, match=r"design.json: has no input.beats; run fpgan build again"):
        Design.load(build)


@pytest.mark.parametrize("content", ["[]", "{}", "null", '{"layers": null}', '{"mac_lanes": "many"}'])
def test_reports(build, content):
    (build / "report.json").write_text(content)
    with pytest.raises(DamagedError, match=r"report.json: .*; run fpgan build again"):
        Design.load(build).report["mac_lanes"]


def test_counts(build):
    assert Design.load(build).counted() is None
    (build / "synth.json").write_text('{"tool": "yosys", "layers": 5, "totals": {}, "timing": {}}')
    with pytest.raises(DamagedError, match=r"synth.json: layers=5: must be a list; run fpgan synth again"):
        Design.load(build).counted()


def test_what_builds_write_is_taken(build, build_preset):
    """Of both back ends."""
    design = Design.load(build)
    assert design.report["layers"] and Design.load(build_preset("tiny", backend="hls")).sources


def test_links_in_a_build_are_not_followed(build, tmp_path):
    """The host interface's folder is copied to a board: a link would take the user's own files along."""
    (tmp_path / "secret").write_text("secret")
    (build / "rtl" / "more.dat").symlink_to(tmp_path / "secret")
    host = emit_host(Design.load(build), tmp_path / "host")
    assert not (host.root / "more.dat").exists()
    (build / "rtl" / "fifo.sv").unlink()
    (build / "rtl" / "fifo.sv").symlink_to(tmp_path / "secret")
    with pytest.raises(DamagedError, match=r"names fifo.sv, which is no file of rtl/"):
        Design.load(build)


@pytest.mark.parametrize(
    ("where", "value", "says"),
    [
        ("top", "x; exec", "top='x; exec': must be fpgan_axil or fpgan_axi"),
        ("sources.0", "a b.sv", "must be the plain name"),
        ("sources.0", "absent.sv", "names absent.sv, which is no file of host/"),
        ("options.data_bits", "64} [exec", "options.data_bits='64} \\[exec': must be a whole number"),
        ("options.max_burst", 3, "max_burst=3: must be a power of two"),
        ("identity", 1 << 32, "identity=4294967296: must be a whole number from 0 to 4294967295"),
        ("version", 2, "is of version 2, not 1; write the host interface again"),
    ],
)
def test_host_interfaces(tmp_path, where, value, says):
    emit_host(Design.load(identity_build(tmp_path / "build", 4, 4, 2)), tmp_path / "host")
    altered(tmp_path / "host" / "host.json", put("options.bus", "axi"))
    altered(tmp_path / "host" / "host.json", put(where, value))
    with pytest.raises(ValueError, match=says):
        Host.load(tmp_path / "host")


@pytest.mark.yosys
def test_paths_that_mean_something_to_tools(tmp_path):
    """Yosys splits commands at blanks and semicolons; a folder may be named so."""
    folder = tmp_path / "a b; exec -- touch RAN ;"
    (folder / "rtl").mkdir(parents=True)
    (folder / "rtl" / "t.sv").write_text(
        "module t(input logic a, output logic b); assign b = ~a; endmodule\n"
    )
    entry = synth_module(folder / "rtl", ["t.sv"], "t", "xcup", folder / "synth")
    assert entry["LUT"] == 1 and (folder / "synth" / "t.v").exists()
    assert not list(tmp_path.rglob("RAN")) and not (tmp_path.cwd() / "RAN").exists()


def test_paths_in_tcl(build):
    moved = build.rename(build.with_name('a} [exec touch RAN] {$x; "b'))
    script = ooc_tcl(Design.load(moved), moved / "vivado")
    assert "[exec" not in script.replace("\\[exec", "") and tcl_word(moved) in script
    with pytest.raises(ValueError, match="a name of several lines"):
        tcl_word(moved / "two\nlines")


@pytest.mark.yosys
def test_a_stranger_s_family_runs_nothing(build):
    altered(build / "design.json", put("family", "xcup; exec -- touch RAN ;"))
    with pytest.raises(DamagedError, match="family="):
        synth(build)
    assert not list(build.rglob("RAN"))


def test_any_value_of_a_build_exchanged(build, build_preset):
    """Whatever stands where another value was: read, or refused in one line."""
    rng, values = random.Random(0), [None, [], {}, "", "a;b", -1, 1.5, True, [None], {"x": {}}, 1 << 70]
    for name in ("design.json", "report.json"):
        text = (build / name).read_text()
        for _ in range(60):
            data = json.loads(text)
            place = data
            while True:
                key = rng.choice(list(place)) if isinstance(place, dict) else rng.randrange(len(place))
                if isinstance(place[key], dict | list) and place[key] and rng.random() < 0.8:
                    place = place[key]
                    continue
                place[key] = rng.choice(values)
                break
            (build / name).write_text(json.dumps(data))
            try:
                assert Design.load(build).report
            except ValueError as error:
                assert isinstance(error, DamagedError) and "\n" not in str(error)
        (build / name).write_text(text)
