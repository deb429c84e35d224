# All targets create the environment .venv first, with the Python in PYTHON, or else the first suitable one.
PYTHON ?=
FUZZ_EXAMPLES ?= 2000
BIN := $(CURDIR)/.venv/bin
PIP := $(BIN)/pip install -qq --disable-pip-version-check --no-compile --no-deps --require-hashes
ENVIRONMENT := .venv/.installed
unexport PYTHONDONTWRITEBYTECODE PYTHONPATH

.DEFAULT_GOAL := help
.PHONY: help demo distributed airflow test tests installed podman containers fuzz check lint types generate golden bench docs docs-links dist lock web web-check screenshots clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/make \1\t\2/' | expand -t 20

demo: $(ENVIRONMENT) ## Check, compile and run the dbt projects of three teams, in a real Airflow (five minutes)
	@$(BIN)/python python/tools/demo.py run

distributed: $(ENVIRONMENT) ## Run the demo with CeleryExecutor, Redis, PostgreSQL and two workers, and kill one of them (needs redis-server)
	@$(BIN)/python python/tools/demo.py distributed

airflow: $(ENVIRONMENT) ## Show the demo's DAGs in the Airflow UI, until Ctrl-C
	@$(BIN)/python python/tools/demo.py serve

test: ## Run the linters, the type checker and all tests
	@$(MAKE) --no-print-directory -j 3 installed lint web-check
	@$(MAKE) --no-print-directory -j 2 types tests

tests: $(ENVIRONMENT) web/node_modules/.package-lock.json
	cd python && $(BIN)/python -m pytest -n 3 --dist loadfile

installed: podman # sequential: only one apt-get can run at a time
	@sh python/tools/install_chromium.sh

podman: # installed with apt-get if it is missing and the user is root
	@sh python/tools/install_podman.sh

containers: podman $(ENVIRONMENT) ## Run only the tests with containers
	cd python && $(BIN)/python -m pytest -m containers

fuzz: $(ENVIRONMENT) ## Run the commands on random files and command lines (FUZZ_EXAMPLES of each kind)
	cd python && FUZZ_EXAMPLES=$(FUZZ_EXAMPLES) $(BIN)/python -m pytest -q tests/repository/test_fuzz.py

check: lint types ## Run the linters, the type checker and the tests without dbt, Airflow or a browser
	cd python && $(BIN)/python -m pytest -q -n 2 --dist loadfile -m "not dbt and not airflow and not browser"

lint: $(ENVIRONMENT) ## Run ruff and import-linter
	cd python && $(BIN)/ruff check && $(BIN)/ruff format --check
	cd python && $(BIN)/lint-imports

types: $(ENVIRONMENT) ## Run mypy --strict
	cd python && $(BIN)/mypy

generate: $(ENVIRONMENT) ## Generate macros, and parts of schemas and documents, from the code
	$(BIN)/python python/tools/generate.py

golden: $(ENVIRONMENT) ## Update the expected files in integration_tests: read the diff
	cd python && $(BIN)/python -m pytest -q tests/integration/test_integration.py tests/adopt/test_adopt.py tests/changes/test_changes.py tests/cli/test_external_assets.py --update-goldens

bench: $(ENVIRONMENT) ## Run the benchmarks
	cd python/benchmarks && for bench in bench_*.py; do $(BIN)/python $$bench; done

docs: $(ENVIRONMENT) ## Build the documentation site, in site/
	rm -rf site
	$(BIN)/python -m sphinx -q -W --keep-going -c python/tools/docs -d site/.doctrees . site
	rm -r site/.doctrees
	@echo "site/index.html"

docs-links: $(ENVIRONMENT) ## Check the external links of the documentation (needs the Internet)
	$(BIN)/python -m sphinx -q -b linkcheck -c python/tools/docs . site/links

dist: $(ENVIRONMENT) ## Build the wheel and the sdist, in dist/
	cd python && $(BIN)/python -m hatchling build -d ../dist

lock: ## Write requirements.lock from requirements.in (needs uv)
	uv pip compile -q --no-strip-extras --universal --python-version 3.11 --no-emit-index-url --no-annotate \
		--generate-hashes --custom-compile-command "make lock" --excludes requirements.excludes requirements.in -o requirements.lock

web: web/node_modules/.package-lock.json ## Build the bundle of the registry's pages from web/ (needs Node.js)
	cd web && npm run --silent types && npm run --silent build

web-check: web/node_modules/.package-lock.json ## Check that the committed bundle is up to date (needs Node.js)
	cd web && npm run --silent types && npm run --silent check

web/node_modules/.package-lock.json: web/package-lock.json web/.npmrc
	@command -v npm >/dev/null || { echo "building the registry's pages requires Node.js 20 or newer: install nodejs and npm" >&2; exit 1; }
	cd web && npm ci --silent --ignore-scripts
	@touch $@

screenshots: $(ENVIRONMENT) ## Update docs/images: pages of the example teams, a comment, Airflow (minutes; needs Chromium)
	@sh python/tools/install_chromium.sh
	cd python && $(BIN)/python -m pytest -q tests/browser/make_screenshots.py tests/browser/make_screenshots_elsewhere.py

clean: ## Remove all files created by these commands
	rm -rf .demo .venv dist site web/node_modules

$(ENVIRONMENT): .venv/.locked python/pyproject.toml
	@$(BIN)/pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e python
	@touch $@

.venv/.locked: requirements.lock
	@python=$$(sh python/tools/find_python.sh "$(PYTHON)") && \
		echo "creating .venv with $$python from requirements.lock, about a minute" && \
		"$$python" -m venv --clear .venv
	@# pip installs uv, and uv installs the rest, ten times faster, from pip's index; if uv fails, pip installs everything.
	@# Neither compiles modules: Python does that on first import, and most are never imported.
	@sed -n '/^uv==/,/[^\\]$$/p' requirements.lock >.venv/uv.txt
	@$(PIP) -r .venv/uv.txt
	@index=$${PIP_INDEX_URL:-$$($(BIN)/pip config get global.index-url 2>/dev/null)}; \
		[ -z "$$index" ] || export UV_DEFAULT_INDEX="$$index"; \
		$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --require-hashes -r requirements.lock 2>/dev/null || \
		$(PIP) -r requirements.lock
	@touch $@
