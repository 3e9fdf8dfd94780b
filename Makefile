# Two commands to know: `make lab` opens the lessons, `make test` proves them.
# Each sets up .venv first if that is missing or older than the list of requirements.

PYTHON ?= python3
# What must run on JAX as well as on TensorFlow.
BACKEND_TESTS := tests/test_layers.py tests/test_models.py tests/test_metrics.py tests/test_batches.py
BIN := .venv/bin
# The one place of these settings says what they are for.
$(foreach setting,$(shell $(PYTHON) tools/environment.py),$(eval export $(setting)))

.PHONY: help lab test notebooks lint seeds mistakes formats choose paper-table benchmark nearest scale distributed data classroom grade prove test-lowest test-newest clean

help:
	@echo "make lab               open the lessons in JupyterLab"
	@echo "make test              run every test, and every notebook from end to end"
	@echo "make notebooks [N=01]  rebuild all notebooks, or one, from notebooks/src"
	@echo "make lint              check the style of all Python code"
	@echo "make seeds [N=01]      check every claim over five seeds"
	@echo "make mistakes [N=02]   try well-known mistakes: a claim must catch each"
	@echo "make formats           run lesson 03 on MovieLens in each of GroupLens' formats"
	@echo "make choose            choose learning rates and sizes for lessons 03 and 04, on validation data"
	@echo "make paper-table       train Hinton and Salakhutdinov's network again"
	@echo "make benchmark         time and memory of the loaders; a tied step against an untied one"
	@echo "make nearest           exact against approximate search, up to a million movies"
	@echo "make scale             an epoch of the recommender on a matrix of MovieLens 25M's size"
	@echo "make distributed       train the recommender by two processes on this machine"
	@echo "make data              rebuild the bundled data from public packages"
	@echo "make classroom         build the assignments: zips for students, and sample submissions"
	@echo "make grade FOLDER=...  grade a folder of submissions"
	@echo "make prove [N=01]      grade known answers, right and wrong: do they get what they should?"
	@echo "make test-lowest       the tests with the lowest versions in requirements.txt"
	@echo "make test-newest       the tests with the newest versions in requirements.txt"

lab: .venv/installed
	$(BIN)/jupyter lab --notebook-dir=notebooks

test: .venv/installed-extras lint
	$(BIN)/python -m pytest
	KERAS_BACKEND=jax $(BIN)/python -m pytest $(BACKEND_TESTS)

notebooks: .venv/installed
	$(BIN)/python -m tools.build_notebooks $(N)

lint: .venv/installed
	$(BIN)/ruff check .

seeds: .venv/installed
	$(BIN)/python -m tools.check_seeds $(N)

mistakes: .venv/installed
	$(BIN)/python -m tools.check_mistakes $(N)

formats: .venv/installed
	$(BIN)/python -m tools.check_formats

choose: .venv/installed
	$(BIN)/python benchmarks/choose_recommender.py
	$(BIN)/python benchmarks/tied_rates.py

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

classroom: .venv/installed-classroom
	$(BIN)/python -m classroom build
	$(BIN)/python -m classroom samples

grade: .venv/installed-classroom
	$(BIN)/python -m classroom grade $(FOLDER)

prove: SEEDS ?= 1
prove: .venv/installed-classroom
	$(BIN)/python -m classroom prove $(N) --seeds $(SEEDS)

# Environments of their own, thrown away and made anew each time: newest means today's newest.
test-lowest: RESOLUTION = lowest-direct
test-newest: RESOLUTION = highest
test-lowest test-newest: .venv-uv/bin/uv
	.venv-uv/bin/uv venv --clear --python $(PYTHON) .venv-$@
	.venv-uv/bin/uv pip install --python .venv-$@ --resolution $(RESOLUTION) -r requirements.txt -r requirements-jax.txt -r requirements-index.txt -r requirements-classroom.txt
	.venv-$@/bin/python -m pytest
	KERAS_BACKEND=jax .venv-$@/bin/python -m pytest $(BACKEND_TESTS)

# An interrupted installation leaves no stamp, and perhaps half a .venv: that one is made anew.
.venv/installed: requirements.txt pyproject.toml
	$(BIN)/python -m pip --version > /dev/null 2>&1 || $(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install -r requirements.txt
	touch $@

.venv/installed-classroom: .venv/installed requirements-classroom.txt
	$(BIN)/python -m pip install -r requirements-classroom.txt
	touch $@

# All extras: JAX, and the approximate index, besides the classroom.
.venv/installed-extras: .venv/installed-classroom requirements-jax.txt requirements-index.txt
	$(BIN)/python -m pip install -r requirements-jax.txt -r requirements-index.txt
	touch $@

.venv-uv/bin/uv:
	$(PYTHON) -m venv .venv-uv
	.venv-uv/bin/python -m pip install uv

clean:
	rm -rf .venv .venv-uv .venv-test-lowest .venv-test-newest
