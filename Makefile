# Everything starts here: `make help` lists what there is.
PYTHON ?= python3
# called as `python -m`: pip's scripts do not start in a folder whose name holds a quote and a dollar
PY := .venv/bin/python
READY := .venv/.ready

# What is given goes on through the environment, as it is: no shell and no make expansion ever reads it.
GIVEN := FIRST LAST NETID TEX CELL_SECONDS NOTEBOOK_SECONDS QUESTION PRESET KIND JOBS LAUNCHER DEVICE SAMPLE FORGED PORT
unexport $(GIVEN)
$(foreach name,$(GIVEN),$(if $(filter command environment,$(firstword $(origin $(name)))),\
  $(eval export WRITEUP_$(name) := $$(value $(name)))))
option = $(if $(value $(1)),--$(2) "$$WRITEUP_$(1)")

.PHONY: all check watch test experiments audit mutants bench lint docs sample clean help
.DEFAULT_GOAL := all

all: $(READY) ## verify every claim and build the files to upload [FIRST= LAST= NETID= TEX= CELL_SECONDS= NOTEBOOK_SECONDS=]
	@$(PY) -m writeup build

check: $(READY) ## run every check and every control afresh [QUESTION=1.1]
	@$(PY) -m writeup check $(call option,QUESTION,question)

watch: $(READY) ## show the evidence page in the browser, verified anew and reloaded on every change [PORT=]
	@$(PY) -m writeup watch $(call option,PORT,port)

test: $(READY) ## run the tests
	@$(PY) -m pytest

experiments: $(READY) ## run the experiments whose records are missing or stale, one a core [PRESET= KIND= JOBS= LAUNCHER= DEVICE=]
	@$(PY) -m writeup experiments $(call option,PRESET,preset) $(call option,KIND,kind) $(call option,JOBS,jobs) $(call option,LAUNCHER,launcher) $(call option,DEVICE,device)

audit: $(READY) ## redo what a sceptic would redo, cheapest first; certified in build/audit.json and on the evidence page
	@$(PY) -m writeup audit

mutants: $(READY) ## put faults into answers and records, report the share that check finds [SAMPLE= FORGED= JOBS=]
	@OMP_NUM_THREADS=1 $(PY) -m writeup.mutants $(call option,SAMPLE,sample) $(call option,FORGED,forged) $(call option,JOBS,jobs)

bench: $(READY) ## measure the speed of the parts that should be fast, each against a named reference
	@$(PY) -m conv_solve.bench
	@$(PY) -m experiments.language_model.bench

lint: $(READY) ## lint, format and type checks
	@$(PY) -m ruff check . && $(PY) -m ruff format --check . && $(PY) -m mypy

docs: $(READY) ## write docs/reference.md from the docstrings
	@$(PY) docs/reference.py

sample: ## build the sample under docs/sample
	@$(MAKE) --no-print-directory all FIRST=Ada LAST=Lovelace NETID=al123
	@rm -rf docs/sample && mkdir -p docs/sample && cp -r build/Ada_Lovelace_al123_A3* build/ledger.json docs/sample/

clean: ## remove what was built; the environment and the executed notebook stay
	@rm -rf build

help: ## list these commands
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "%-20s %s\n", $$1, $$2}'

# A ready environment: newer than the lock that it was made from. Made anew from the start when it is not.
$(READY): requirements.lock pyproject.toml
	@[ ! -L .venv ] || { echo ".venv is a link to another environment, which set-up would wipe; for one of your own: rm .venv" >&2; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; $(PYTHON) is $$($(PYTHON) --version 2>&1). Name another: make PYTHON=python3.12" >&2; exit 2; }
	@echo "Setting up .venv (once; PyTorch is the large part)"
	@$(PYTHON) -m venv --clear .venv || { echo "$(PYTHON) -m venv failed; on Debian install python3-venv" >&2; exit 2; }
	@$(PY) -m pip install --quiet --disable-pip-version-check -r requirements.lock
	@$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable . --editable ./conv_solve
	@touch $(READY)
