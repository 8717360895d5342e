# `make` lists what there is. Every target sets up what it needs; all it asks for is Python 3.11+, git and make.
SHELL := /bin/sh
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' && echo $$p && break; done)
BIN := .venv/bin
HOST ?= 127.0.0.1
PORT ?= 8501
N ?= 50000
TO ?= dist
BASE ?= docker.io/library/python:3.11-slim-bookworm
BUILDER ?= $(shell for p in podman buildah docker; do command -v $$p && break; done)
SEED ?= 0

# The tests start many processes: what one has compiled, the next need not compile again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help run wheel space container evaluate engine test test-spark heavy lint types unit fuzz browser build screenshots bench load sbom audit lock docs
help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

run: .venv/run ## start the dashboard on the shipped data (HOST=, PORT=, SIUO_DATA=)
	$(BIN)/streamlit run app.py --server.address $(HOST) --server.port $(PORT)

wheel: .venv/made ## the program as one file to install, with app, pages and data in it (TO=dist)
	$(BIN)/pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir $(TO) .

space: .venv/made ## the files of a container, or of a Hugging Face Space: build/space
	rm -rf build/space
	mkdir -p build/space
	$(MAKE) wheel TO=build/space
	cp requirements.txt hosting/huggingface/README.md build/space
	cp hosting/Containerfile build/space/Dockerfile

container: space ## build the container siuo-dash with podman, buildah or docker (BASE=the image it is built on)
	BUILDAH_FORMAT=docker $(BUILDER) build --tag siuo-dash --build-arg BASE=$(BASE) build/space

evaluate: .venv/evaluate ## what `siuo-dash evaluate` needs: the engine and the providers' libraries
	@echo "run: $(BIN)/python -m siuo_dash evaluate --help; docs/evaluate.md has examples"

# One file's tests run in one process, and so share a server (groups by xdist_group have no effect with pytest 9.2).
# Three on two cores: tests wait for servers and browsers half of their time.
test: lint types .venv/browser ## everything: lint, types, unit, page and browser tests
	$(BIN)/pytest -n 3 --dist loadfile

heavy: .venv/browser ## the tests that take minutes: a kill at every step, all golden outputs, 1,000 examples of each property, sbom and audit
	$(BIN)/pytest -n 2 --dist worksteal --heavy

engine: .venv/dev .venv-engine/made ## evaluate a real vision-language model with random weights, from its name onto the board (1.2 GB)
	$(BIN)/pytest -n 0 --heavy tests/evaluate/test_engine.py

test-spark: .venv/dev .venv-spark/made ## every query on Apache Spark, a master and two workers (needs Java 17; SPARK="--heavy": every case)
	$(BIN)/python -m tests.store.spark_cluster .venv-spark/lib/python*/site-packages/pyspark -n 0 $(SPARK)

lint: .venv/dev ## ruff: rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/dev ## mypy, strict
	$(BIN)/mypy

unit: .venv/dev ## the tests that need no browser
	$(BIN)/pytest -n 2 --dist loadfile -m "not browser"

fuzz: .venv/dev ## generated result files of known truth, on all cores; wrong ones go to build/fuzz (N=50000 SEED=0)
	$(BIN)/python -m tests.generate --n $(N) --seed $(SEED)

build: .venv/run ## data/results.parquet and the generated docs, from the published figures
	$(BIN)/python -m siuo_dash build
	$(BIN)/python docs/generate.py

screenshots: .venv/browser ## take docs/screenshots and the README's picture again
	$(BIN)/python docs/screenshots.py

bench: .venv/browser ## speed, measured beside pandas, an empty page and Gradio
	@test -x .venv-gradio/bin/python || $(PYTHON) -m venv .venv-gradio
	.venv-gradio/bin/pip install --quiet --disable-pip-version-check -r benchmarks/requirements.txt
	$(BIN)/python -m benchmarks

load: .venv/dev ## 50 visitors at once, 5 of them uploading, beside an empty page (LOAD="--seconds 240")
	$(BIN)/python -m benchmarks.load $(LOAD)

sbom: .venv/run .venv-audit/made ## what is installed in .venv, with versions and licences, as CycloneDX: build/sbom.cdx.json
	@mkdir -p build
	.venv-audit/bin/cyclonedx-py environment --output-reproducible --pyproject pyproject.toml -o build/sbom.cdx.json $(BIN)/python

audit: .venv-audit/made ## known vulnerabilities of the pinned packages, from PyPI's database (AUDIT="-s osv": from OSV's)
	@.venv-audit/bin/pip-audit --strict -r requirements.txt --no-deps --disable-pip $(AUDIT) || { \
		echo "NOT passed: something is known against a package, or not every package could be looked up (see above)"; exit 1; }

lock: .venv/dev ## pin all requirements, with hashes, from the ranges of pyproject.toml and hosting/requirements.in
	$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --no-header --quiet --generate-hashes --upgrade --output-file requirements.txt
	$(BIN)/uv pip compile hosting/requirements.in --universal --python-version 3.11 --no-header --quiet --generate-hashes --upgrade --output-file hosting/requirements.txt
	$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --no-header --quiet --generate-hashes --upgrade --extra postgres --constraint requirements.txt --output-file requirements-postgres.txt
	$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --no-header --quiet --generate-hashes --upgrade --extra evaluate --constraint requirements.txt --output-file requirements-evaluate.txt
	$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --no-header --quiet --generate-hashes --upgrade --extra evaluate --extra spark --extra dev --constraint requirements-evaluate.txt --output-file requirements-dev.txt

.venv/made:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or later is needed: install it, or name it with PYTHON=…"; exit 1; }
	$(PYTHON) -m venv .venv || { echo "python's venv module is missing: on Debian, apt-get install python3-venv"; exit 1; }
	@touch $@

.venv/run: .venv/made requirements.txt
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

.venv/dev: .venv/run requirements-dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

.venv/evaluate: .venv/run requirements-evaluate.txt
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-evaluate.txt
	@touch $@

.venv/browser: .venv/dev tests/browser/find_browser.py
	$(BIN)/python -m tests.browser.find_browser --install
	@touch $@

# Of torch the CPU's build is enough: name where it is with PIP_EXTRA_INDEX_URL, or the GPU's, some gigabytes, is taken.
.venv-engine/made: .venv/made tests/evaluate/requirements-engine.txt
	$(PYTHON) -m venv .venv-engine
	.venv-engine/bin/pip install --quiet --disable-pip-version-check -r tests/evaluate/requirements-engine.txt
	@touch $@

.venv-spark/made: .venv/made tests/store/requirements-spark.txt
	$(PYTHON) -m venv .venv-spark
	.venv-spark/bin/pip install --quiet --disable-pip-version-check -r tests/store/requirements-spark.txt
	@touch $@

.venv-audit/made: .venv/made hosting/requirements.txt
	$(PYTHON) -m venv .venv-audit
	.venv-audit/bin/pip install --quiet --disable-pip-version-check -r hosting/requirements.txt
	@touch $@
