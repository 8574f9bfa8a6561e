# Two commands do all the set-up: `make course` and `make test`. Each creates the environment if there is none.
# Without make: `python3 install.py`, then the commands below.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

# install.py says what else may be set; TORCH_INDEX= and UV= are handed on to it.
export VENV

.PHONY: course test quick test-latest test-oldest lab-test lab slides slides-pdf live docs bench soak readme lock fresh help
help:
	@echo "make course   the whole way on a made-up class: release, grade, feedback, report"
	@echo "make test     all tests, on all cores"
	@echo "make quick    lint, types, and the unit tests that need no model: about a minute"
	@echo "make test-latest, make test-oldest   the labs with the newest and the oldest libraries allowed"
	@echo "make lab-test LAB=7   all checks of one lab"
	@echo "make lab      JupyterLab on labs/"
	@echo "make slides   build the slides; only one deck with DECK=07_my_lab"
	@echo "make slides-pdf   the slides as PDF, with notes and without, into build/slides/; DECK=… for one"
	@echo "make live     see one deck in a browser while you write it: make live DECK=07_my_lab"
	@echo "make docs     build the documentation into build/docs/"
	@echo "make bench    speed, as ratios within one run"
	@echo "make soak     for the night: made-up attacks in a browser, a class of 1,000, and one of 40 that is killed a hundred times"
	@echo "make readme   bring the numbers in README.md and docs/ up to date"
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

# Root may open JupyterLab only on request. In a container it must listen to the outside: make lab LAB_OPTIONS=…
LAB_OPTIONS ?=
lab: export OMP_NUM_THREADS ?= 1# a kernel's cells import numpy before the course, which sees to it elsewhere
lab: $(INSTALLED)
	@if [ "$$(id -u)" = 0 ]; then echo "You are root. In a container that publishes port 8888, run"; \
		echo "    make lab LAB_OPTIONS='--ip=0.0.0.0 --no-browser'"; fi
	JUPYTER_CONFIG_PATH="$(CURDIR)/course_utils/jupyter/settings" \
		$(BIN)/jupyter lab --LabApp.default_url=/lab/tree/labs $(if $(filter 0,$(shell id -u)),--allow-root) $(LAB_OPTIONS)

slides: $(INSTALLED)
	$(BIN)/python -m course_utils.slides build $(DECK)

slides-pdf: $(INSTALLED)
	$(BIN)/python -m course_utils.slides pdf $(DECK)

live: $(INSTALLED)
	@$(BIN)/python -m course_utils.slides live $(DECK)

docs: $(INSTALLED)
	$(BIN)/python docs/figures.py
	$(BIN)/python -m sphinx -W --keep-going -q docs build/docs
	@echo "Open build/docs/index.html"

bench: $(INSTALLED)
	@for script in tests/bench/bench_*.py; do echo "== $$script"; $(BIN)/python $$script || exit 1; done

soak: $(INSTALLED)
	MARKUP_PAGES=2000 $(BIN)/pytest tests/browser/test_markup.py -k made_up
	$(BIN)/python tests/bench/soak_grading.py
	COURSE_KILLS=100 COURSE_CLASS=40 $(BIN)/pytest -n0 tests/grading/test_killed.py

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
	@$(PYTHON) install.py
