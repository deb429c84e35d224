# `make demo` shows it, `make test` checks it; both make their own environment in .venv first, with the Python that
# PYTHON names, else the first one that will do.
PYTHON ?=
FUZZ_EXAMPLES ?= 2000
BIN := $(CURDIR)/.venv/bin
PIP := $(BIN)/pip install -qq --disable-pip-version-check --no-compile --no-deps --require-hashes
ENVIRONMENT := .venv/.installed
unexport PYTHONDONTWRITEBYTECODE PYTHONPATH

.DEFAULT_GOAL := help
.PHONY: help demo distributed airflow test tests installed podman containers fuzz check lint types generate golden bench docs docs-links dist lock web web-check screenshots clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/make \1\t\2/' | expand -t 20

demo: $(ENVIRONMENT) ## three teams' dbt projects checked, compiled and run by a real Airflow (five minutes)
	@$(BIN)/python python/tools/demo.py run

distributed: $(ENVIRONMENT) ## the demo with CeleryExecutor, Redis, PostgreSQL and two workers, of which one is killed (needs redis-server)
	@$(BIN)/python python/tools/demo.py distributed

airflow: $(ENVIRONMENT) ## the same DAGs in Airflow's own UI, until Ctrl-C
	@$(BIN)/python python/tools/demo.py serve

test: ## lint, types and every test
	@$(MAKE) --no-print-directory -j 3 installed lint web-check
	@$(MAKE) --no-print-directory -j 2 types tests

tests: $(ENVIRONMENT) web/node_modules/.package-lock.json
	cd python && $(BIN)/python -m pytest -n 3 --dist loadfile

installed: podman # and, one after the other, what else the tests need of the machine
	@sh python/tools/install_chromium.sh

podman: # as root it is installed by apt-get, where it is missing
	@sh python/tools/install_podman.sh

containers: podman $(ENVIRONMENT) ## the tests that run containers, without all others
	cd python && $(BIN)/python -m pytest -m containers

fuzz: $(ENVIRONMENT) ## files and command lines with whatever in them, for as long as FUZZ_EXAMPLES takes
	cd python && FUZZ_EXAMPLES=$(FUZZ_EXAMPLES) $(BIN)/python -m pytest -q tests/repository/test_fuzz.py

check: lint types ## lint, types and the tests that need neither dbt, Airflow nor a browser
	cd python && $(BIN)/python -m pytest -q -n 2 --dist loadfile -m "not dbt and not airflow and not browser"

lint: $(ENVIRONMENT) ## style, and which module may import which
	cd python && $(BIN)/ruff check && $(BIN)/ruff format --check
	cd python && $(BIN)/lint-imports

types: $(ENVIRONMENT) ## mypy --strict
	cd python && $(BIN)/mypy

generate: $(ENVIRONMENT) ## what derives from the code: macros, parts of schemas and documents
	$(BIN)/python python/tools/generate.py

golden: $(ENVIRONMENT) ## what integration_tests expects, written anew: read the diff
	cd python && $(BIN)/python -m pytest -q tests/integration/test_integration.py tests/adopt/test_adopt.py tests/changes/test_changes.py tests/cli/test_external_assets.py --update-goldens

bench: $(ENVIRONMENT) ## the figures of python/benchmarks
	cd python/benchmarks && for bench in bench_*.py; do $(BIN)/python $$bench; done

docs: $(ENVIRONMENT) ## the documentation as a site, in site/
	rm -rf site
	$(BIN)/python -m sphinx -q -W --keep-going -c python/tools/docs -d site/.doctrees . site
	rm -r site/.doctrees
	@echo "site/index.html"

docs-links: $(ENVIRONMENT) ## whether the documents' links to other sites lead somewhere (needs the Internet)
	$(BIN)/python -m sphinx -q -b linkcheck -c python/tools/docs . site/links

dist: $(ENVIRONMENT) ## the wheel and the sdist, in dist/
	cd python && $(BIN)/python -m hatchling build -d ../dist

lock: ## requirements.lock from requirements.in (needs uv)
	uv pip compile -q --no-strip-extras --universal --python-version 3.11 --no-emit-index-url --no-annotate \
		--generate-hashes --custom-compile-command "make lock" --excludes requirements.excludes requirements.in -o requirements.lock

web: web/node_modules/.package-lock.json ## the bundle of the registry's pages, from web/ (needs Node.js)
	cd web && npm run --silent types && npm run --silent build

web-check: web/node_modules/.package-lock.json ## whether the committed bundle is what web/ gives (needs Node.js)
	cd web && npm run --silent types && npm run --silent check

web/node_modules/.package-lock.json: web/package-lock.json web/.npmrc
	@command -v npm >/dev/null || { echo "the registry's pages are built with Node.js 20 or newer: install nodejs and npm" >&2; exit 1; }
	cd web && npm ci --silent --ignore-scripts
	@touch $@

screenshots: $(ENVIRONMENT) ## docs/images: the pages of the example teams, a comment, Airflow (minutes; needs Chromium)
	@sh python/tools/install_chromium.sh
	cd python && $(BIN)/python -m pytest -q tests/browser/make_screenshots.py tests/browser/make_screenshots_elsewhere.py

clean: ## everything that these commands made
	rm -rf .demo .venv dist site web/node_modules

$(ENVIRONMENT): .venv/.locked python/pyproject.toml
	@$(BIN)/pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e python
	@touch $@

.venv/.locked: requirements.lock
	@python=$$(sh python/tools/find_python.sh "$(PYTHON)") && \
		echo "making .venv with $$python from requirements.lock, about a minute" && \
		"$$python" -m venv --clear .venv
	@# pip installs uv, and uv all else in a tenth of pip's time; of pip's configuration it gets the index. Where it finds
	@# none, pip does it all. Neither compiles: Python does that when a module is first imported, and most never are.
	@sed -n '/^uv==/,/[^\\]$$/p' requirements.lock >.venv/uv.txt
	@$(PIP) -r .venv/uv.txt
	@index=$${PIP_INDEX_URL:-$$($(BIN)/pip config get global.index-url 2>/dev/null)}; \
		[ -z "$$index" ] || export UV_DEFAULT_INDEX="$$index"; \
		$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --require-hashes -r requirements.lock 2>/dev/null || \
		$(PIP) -r requirements.lock
	@touch $@
