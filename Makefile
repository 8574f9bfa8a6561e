# Two commands do all the set-up: `make course` and `make test`. Each creates the environment if there is none.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

# uv installs what pip installs, in a fraction of the time: the one on the path, or one that pip brings along. But it
# reads none of pip's settings, so where pip was told of an index, wheels or a proxy of its own, pip does it all.
# `make UV=` takes pip anyway, `make UV=uv` takes uv anyway.
PIP := $(BIN)/python -m pip
UV ?= auto
OWN_SETTINGS := index|find-links|proxy|cert|constraint|trusted

# Small tensors gain nothing from threads that fight for two cores.
export OMP_NUM_THREADS ?= 1
export TOKENIZERS_PARALLELISM := false

.PHONY: course test quick test-latest test-oldest lab-test lab slides bench readme lock fresh help
help:
	@echo "make course   the whole way on a made-up class: release, grade, feedback, report"
	@echo "make test     all tests, on all cores"
	@echo "make quick    lint, types, and the unit tests that need no model: about a minute"
	@echo "make test-latest, make test-oldest   the labs with the newest and the oldest libraries allowed"
	@echo "make lab-test LAB=7   all checks of one lab"
	@echo "make lab      JupyterLab on labs/"
	@echo "make slides   build the slides; only one deck with DECK=07_my_lab"
	@echo "make bench    speed, as ratios within one run"
	@echo "make readme   bring the numbers in README.md up to date"
	@echo "make lock     bring constraints.lock in line with pyproject.toml and constraints.txt"
	@echo "make fresh    time the first two in an empty clone"

course: $(INSTALLED)
	@$(BIN)/course demo

test: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest

quick: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest tests/unit -m "not slow"

test-latest test-oldest:
	$(PYTHON) tests/versions.py $(@:test-%=%) $(HELD)

lab-test: $(INSTALLED)
	@test -n "$(LAB)" || { echo "Name the lab: make lab-test LAB=7"; exit 2; }
	@$(BIN)/course check-lab "$(LAB)"

lab: $(INSTALLED)
	JUPYTER_CONFIG_PATH="$(CURDIR)/course_utils/jupyter/settings" $(BIN)/jupyter lab --LabApp.default_url=/lab/tree/labs

slides: $(INSTALLED)
	$(BIN)/python -m course_utils.slides build $(DECK)

bench: $(INSTALLED)
	@for script in tests/bench/bench_*.py; do echo "== $$script"; $(BIN)/python $$script || exit 1; done

readme: $(INSTALLED)
	$(BIN)/python -m course_utils.readme

# What the lock has stays unless something forces it; without the file, everything is taken at its newest.
lock:
	@command -v uv >/dev/null || { echo "uv makes the lock, and is not on the path: pip install uv"; exit 1; }
	uv pip compile --quiet --universal --python-version 3.11 --extra test --constraints constraints.txt \
		--annotation-style line --custom-compile-command "make lock" --output-file constraints.lock pyproject.toml

fresh: $(INSTALLED)
	$(BIN)/python tests/fresh_clone.py

$(INSTALLED): pyproject.toml constraints.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "The course needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Name another one: make PYTHON=python3.12")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || \
		{ rm -rf $(VENV); echo "No virtual environment can be made: on Debian, apt-get install python3-venv"; exit 1; }
	@uv="$(UV)"; \
	if [ "$$uv" = auto ]; then \
		uv=; \
		if ! $(PIP) config list | grep -Eq '$(OWN_SETTINGS)'; then \
			uv=$$(command -v uv) || { $(PIP) install --quiet --disable-pip-version-check uv && uv=$(BIN)/uv; } || uv=; \
		fi; \
	fi; \
	if [ -n "$$uv" ]; then \
		echo "Installing the course into $(VENV) with uv (a minute or more, once)"; \
		"$$uv" pip install --quiet --python $(BIN)/python -c constraints.lock -e '.[test]'; \
	else \
		echo "Installing the course into $(VENV) with pip (a few minutes, once)"; \
		$(PIP) install --quiet --disable-pip-version-check -c constraints.lock -e '.[test]'; \
	fi
	@touch $@
