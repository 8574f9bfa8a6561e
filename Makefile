# Two commands do all the set-up: `make course` and `make test`. Each creates the environment if there is none.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

# Small tensors gain nothing from threads that fight for two cores.
export OMP_NUM_THREADS ?= 1
export TOKENIZERS_PARALLELISM := false

.PHONY: course test lab-test lab slides bench readme fresh help
help:
	@echo "make course   the whole way on a made-up class: release, grade, feedback, report"
	@echo "make test     all tests"
	@echo "make lab-test LAB=7   all checks of one lab"
	@echo "make lab      JupyterLab on labs/"
	@echo "make slides   build the slides; only one deck with DECK=07_my_lab"
	@echo "make bench    speed, as ratios within one run"
	@echo "make readme   bring the numbers in README.md up to date"
	@echo "make fresh    time the first two in an empty clone"

course: $(INSTALLED)
	@$(BIN)/course demo

test: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pytest

lab-test: $(INSTALLED)
	@test -n "$(LAB)" || { echo "Name the lab: make lab-test LAB=7"; exit 2; }
	@$(BIN)/course check-lab "$(LAB)"

lab: $(INSTALLED)
	$(BIN)/jupyter lab labs

slides: $(INSTALLED)
	$(BIN)/python -m course_utils.slides build $(DECK)

bench: $(INSTALLED)
	@for script in tests/bench/bench_*.py; do echo "== $$script"; $(BIN)/python $$script || exit 1; done

readme: $(INSTALLED)
	$(BIN)/python -m course_utils.readme

fresh: $(INSTALLED)
	$(BIN)/python tests/fresh_clone.py

$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "The course needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Name another one: make PYTHON=python3.12")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || \
		{ rm -rf $(VENV); echo "No virtual environment can be made: on Debian, apt-get install python3-venv"; exit 1; }
	@echo "Installing the course into $(VENV) (a few minutes, once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test]'
	@touch $@
