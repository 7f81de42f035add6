# Every target does its own set-up; `make setup` alone shows what that is.
VENV := .venv
PYTHON := $(VENV)/bin/python

.PHONY: help setup demo test integration containers base-image compose-up compose-keys compose-down envoy-matrix endurance lint docs bench bench-vswitch clean

help:  ## Show the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 24

setup:  ## Install what the other targets need (Debian packages, virtual environment)
	@bash integration/setup.sh

demo: setup  ## Drive a real Envoy, Open vSwitch and FRR fabric, and prove it (KEEP=1 keeps the bed)
	@bash integration/as_root.sh $(PYTHON) -m integration.demo

test: setup  ## Run all tests, those on real devices included; `make containers` has its own
	@bash integration/as_root.sh $(PYTHON) -m pytest -m "not containers" -n 2 --dist loadfile $(ARGS)

integration: setup  ## Run the tests on real devices alone, then those on the bed of containers
	@bash integration/as_root.sh $(PYTHON) -m pytest -m device -n 2 --dist loadfile $(ARGS)
	@$(MAKE) --no-print-directory containers

containers: setup  ## Run the tests on the bed of containers; an engine is started where none answers
	@bash integration/as_root.sh bash integration/engine.sh
	@bash integration/as_root.sh $(PYTHON) -m pytest -m containers $(CONTAINERS) tests/containers

base-image:  ## debian:bookworm-slim for the images below, built here if no registry answers (FORCE=1)
	@bash integration/images/base.sh

compose-up: setup  ## Bring the bed up in containers, until a request goes through (PROFILES="observability load")
	@bash integration/as_root.sh bash integration/engine.sh
	@bash integration/as_root.sh $(PYTHON) -m integration.engine.preflight
	@bash integration/as_root.sh bash integration/compose.sh up $(PROFILES)

compose-keys: setup  ## A key and certificate for a device of your own, in .compose/keys (NAME=...)
	@bash integration/as_root.sh bash integration/compose.sh certify $(NAME)

compose-down: setup  ## Take the containers, their networks and volumes away again
	@bash integration/as_root.sh bash integration/compose.sh down
	@bash integration/as_root.sh $(PYTHON) -m integration.engine.lifetime stop

envoy-matrix: setup  ## Run what speaks with Envoy on Envoy 1.36 to 1.40 (VERSIONS="1.36.4 ...")
	@bash integration/as_root.sh $(PYTHON) -m tests.devices.matrix $(VERSIONS)

endurance: setup  ## 1,000 route switches, 200 endpoint replacements, 20 kills of the server, under load
	@FSDN_ENDURANCE=full bash integration/as_root.sh $(PYTHON) -m pytest -rP $(ARGS) \
		tests/devices/test_xds_endurance.py

bed-load: setup  ## Two hosts under load: 200 policy flips, a server gone for a minute, killed vswitches
	@FSDN_ENDURANCE=full bash integration/as_root.sh $(PYTHON) -m pytest -rP $(ARGS) \
		tests/devices/test_bed_load.py

lint: setup  ## ruff, mypy, import contracts
	@$(VENV)/bin/ruff format --check -q .
	@$(VENV)/bin/ruff check -q .
	@$(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports

docs: setup  ## Generate the reference pages from the code
	@$(PYTHON) docs/generate.py

bench: bench-encode bench-flows bench-xds bench-vswitch  ## Run every benchmark (QUICK=1: about a minute each)

bench-vswitch:
	@bash integration/setup.sh ovn-central ovn-host iperf3
	@bash integration/as_root.sh $(PYTHON) -m benchmarks.vswitch $(ARGS)

bench-%: setup
	@$(PYTHON) -m benchmarks.$*

clean:  ## Tear down a kept bed and delete what was built
	@if [ -x $(PYTHON) ]; then bash integration/as_root.sh $(PYTHON) -m integration.demo --down; fi
	@bash integration/as_root.sh rm -rf $(VENV) build dist *.egg-info .bed .clients .fsdn .mypy_cache .ruff_cache .pytest_cache \
		.hypothesis .import_linter_cache
	@bash integration/as_root.sh find . -name __pycache__ -type d -prune -exec rm -rf {} +
