# The user's entry points. `make demo` and `make test` set everything up themselves.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.fpgan-installed
CHECKED := model hw sim build scripts
# Some machines set it; without what is compiled once, every process compiles thousands of modules.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: setup demo test proofs mutants coverage fuzz attack resources lint site wheel-test clean

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=24"
	$(BIN)/python -m pip install --quiet --no-compile -c constraints.txt -e ".[test]"
	touch $@

demo: setup
	$(BIN)/fpgan demo --out out/demo

test: setup
	$(BIN)/python -m pytest -q -n 2 --dist worksteal

# All of hw/checks/PROVED.md, each property with a fault of its own put in.
proofs: setup
	FPGAN_PROOFS=all $(BIN)/python -m pytest -q -n 2 --dist worksteal tests/sim/proofs \
		tests/build/implement/synth/test_equivalence.py

# Faults in the RTL, in Python and Tcl, and what nothing sees of them. An interrupted run goes on where it was, in
# out/mutants; NAMES="fifo host": these alone, FAULTS of each module.
FAULTS ?= 0
mutants: setup
	PYTHONPATH=tests/helpers $(BIN)/python -m mutants $(NAMES) $(if $(filter-out 0,$(FAULTS)),--count $(FAULTS)) \
		$(if $(filter-out 0,$(SEED)),--seed $(SEED))

# Which lines of hw/rtl the benches of SIMULATED reach, and which bits toggle: out/coverage/coverage.md.
SIMULATED ?= tests/hw/rtl tests/hw/host tests/e2e/test_layers.py tests/e2e/test_whole_way.py
coverage: setup
	rm -rf out/coverage
	mkdir -p out/coverage/data
	FPGAN_COVERAGE=out/coverage/data $(BIN)/python -m pytest -q -n 2 --dist worksteal -m verilator $(SIMULATED)
	PYTHONPATH=tests/helpers $(BIN)/python -m rtl_coverage out/coverage/data

# COUNT random generators, half of them with joins, each simulated at RTL, and many damaged files; the smallest
# failure stays in out/fuzz.
COUNT ?= 500
SEED ?= 0
# The two long tests are the first and the last, so that they go to different workers.
DIFFERENTIAL := tests/e2e/test_differential.py
fuzz: setup
	FPGAN_FUZZ=$(COUNT) FPGAN_FUZZ_INPUTS=20 $(BIN)/python -m pytest -q -n 2 --dist worksteal \
		--hypothesis-seed=$(SEED) $(DIFFERENTIAL)::test_random_generators tests/build/frontend/test_fuzz_inputs.py \
		tests/e2e/test_damaged_files.py \
		$(DIFFERENTIAL)::test_random_post_training \
		$(DIFFERENTIAL)::test_random_graphs_of_free_scales \
		$(DIFFERENTIAL)::test_random_graphs

# Every command killed, interrupted, given no room, damaged files and a rival, for SECONDS; each try's seed is printed.
SECONDS ?= 300
attack: setup
	PYTHONPATH=tests/helpers $(BIN)/python -m attack --seconds $(SECONDS) $(if $(filter-out 0,$(SEED)),--seed $(SEED))

# tests/hw/rtl/resources.yaml written anew: the rows of modules that changed, ALL=1 for all. CHECK=1 counts all and
# writes nothing.
resources: setup
	PYTHONPATH=tests/helpers $(BIN)/python -m module_resources $(if $(ALL),--all) $(if $(CHECK),--check)

# SystemVerilog by Verible (.rules.verible_lint), then by Verilator's -Wall, each module with its sets of parameters.
SYSTEMVERILOG := $(wildcard hw/rtl/*/*.sv hw/checks/*.sv hw/checks/*/*.sv sim/compiled/*.sv sim/compiled/*/*.sv)
lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy $(CHECKED)
	$(BIN)/verible-verilog-lint --rules_config .rules.verible_lint $(SYSTEMVERILOG)
	$(BIN)/python -m pytest -q -n 2 tests/hw/rtl/test_tools_accept_rtl.py tests/hw/rtl/test_zynq7.py \
		-k "test_lint or free_of_lint or left_out"

# Guides and reference as pages, into out/site; a warning is an error.
site: setup
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict -f scripts/pages/mkdocs.yml

# In an environment of its own; WHEEL_VENV says where, if it is to stay.
WHEEL_VENV ?=
wheel-test:
	.ci/wheel-test $(PYTHON) $(WHEEL_VENV)

clean:
	rm -rf $(VENV) .cache dist out fpgan.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
