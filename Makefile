# The two commands that matter: `make demo` and `make test`. Each does everything it needs on a fresh machine with
# Python 3.11+, pip and make; Node.js comes from the machine (20+) or from a package.

PYTHON ?= python3
BIN := .venv/bin
UV_VERSION := 0.13.9
SAY := scripts/say.sh
CONSOLE_SOURCES := $(shell find console -type f -not -path '*/node_modules/*' -not -path '*/dist/*' -not -path '*/test-results/*' 2>/dev/null)
BUILT := src/regulars/web/static/.built
SDKS := tests/events/node/node_modules/.package-lock.json
# Trust whom the machine trusts: behind a company's proxy uv's and Node's own lists of authorities are not enough.
export UV_SYSTEM_CERTS ?= true
export NODE_USE_SYSTEM_CA ?= 1
WITH_NODE = NODE_DIR="$$($(BIN)/python scripts/find_node.py)" && export PATH="$$NODE_DIR:$$PATH"

.PHONY: help demo test test-fast test-slow lint types unit browser bench shots console docs wheel lock clean

help:  ## Say what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

demo: .venv/demo $(BUILT)  ## Open a shop full of real viewing and print its address
	@$(SAY) "Opening the video shop (MovieLens-100K)" "about a minute until the address below answers"
	@$(BIN)/regulars demo video $(DEMO_OPTIONS)

test: .venv/dev $(BUILT)  ## Check everything: style, types, street, tests, console, one browser
	@$(SAY) "Style, types, the street" "about a minute"
	@$(MAKE) --no-print-directory lint
	@$(SAY) "Python tests" "about five minutes on two cores"
	@$(MAKE) --no-print-directory unit
	@$(SAY) "Console: types and unit tests" "about a minute"
	@$(WITH_NODE) && cd console && npm run --silent check
	@$(SAY) "Console: a real browser walks through the shop" "about a minute"
	@$(MAKE) --no-print-directory browser

lint: .venv/dev  ## Style, types and imports only
	@$(BIN)/ruff check --quiet . && $(BIN)/ruff format --quiet --check . && echo "style: good"
	@$(BIN)/mypy --no-error-summary && echo "types: good"
	@$(BIN)/lint-imports --no-cache >.venv/lint-imports.log 2>&1 && echo "street: good" || (cat .venv/lint-imports.log; exit 1)

unit: .venv/dev $(SDKS)
	@$(WITH_NODE) && $(BIN)/pytest -q -n 2 --dist loadgroup -m "not slow and not browser"

browser: .venv/dev $(BUILT) $(SDKS)
	@scripts/need_debian.sh chromium chromium fonts-noto-cjk
	@$(WITH_NODE) && $(BIN)/pytest -q -m "browser and not slow"

test-slow: .venv/dev $(BUILT)  ## The long ones: hundreds of kills, big shops, whole demos
	@$(SAY) "Slow tests" "about fifteen minutes on two cores"
	@scripts/need_debian.sh chromium chromium fonts-noto-cjk
	@$(BIN)/pytest -q -m slow

bench: .venv/dev  ## Measure, beside a reference in the same run (BENCH=door for one)
	@for each in $(or $(BENCH),$(basename $(notdir $(wildcard bench/[a-z]*.py)))); do $(BIN)/python bench/$$each.py || exit 1; done

shots: .venv/dev .venv/demo $(BUILT)  ## Picture every page, 1440 and 390 px, light and dark, into shots/
	@scripts/need_debian.sh chromium chromium fonts-noto-cjk
	@$(WITH_NODE) && $(BIN)/python scripts/shots.py

console: $(BUILT)  ## Build the console, the demo pages and the browser snippet into the package

docs: .venv/dev  ## Build the documentation site into site/
	@$(BIN)/mkdocs build --strict --quiet && echo "docs: site/index.html"

wheel: .venv/dev $(BUILT)  ## Build a release and check that it carries the console
	@$(BIN)/python -m hatchling build && $(BIN)/python scripts/check_wheel.py

lock: $(BIN)/uv  ## Resolve the dependencies again (hashes, no addresses)
	@for each in dev core demo; do \
	  extra=$$([ $$each = core ] || echo "--extra $$each"); \
	  constraint=$$([ $$each = dev ] || echo "-c requirements/dev.txt"); \
	  $(BIN)/uv pip compile -q --universal --generate-hashes --no-header --no-emit-index-url --no-emit-find-links \
	    --python-version 3.11 $$extra $$constraint pyproject.toml -o requirements/$$each.txt >/dev/null || exit 1; done
	@$(BIN)/uv pip compile -q --universal --generate-hashes --no-header --no-emit-index-url --no-emit-find-links \
	  --python-version 3.11 requirements/node.in -o requirements/node.txt >/dev/null

clean:  ## Forget everything that was built or downloaded
	@rm -rf .venv site dist shots .demo console/node_modules tests/events/node/node_modules src/regulars/web/static .mypy_cache .ruff_cache .pytest_cache

$(BIN)/uv:
	@$(SAY) "Making a virtual environment" "about ten seconds"
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Regulars needs Python 3.11 or newer; this is %d.%d. Say: make PYTHON=python3.12" % sys.version_info[:2])'
	@[ -x $(BIN)/python ] || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

.venv/demo: requirements/demo.txt $(BIN)/uv
	@[ -e .venv/dev ] || { $(SAY) "Installing Regulars" "10 to 60 seconds, as fast as your network"; \
	  $(BIN)/uv pip install --quiet --require-hashes -r requirements/demo.txt; \
	  $(BIN)/uv pip install --quiet --no-deps -e .; }
	@touch $@

.venv/dev: requirements/dev.txt pyproject.toml $(BIN)/uv
	@$(SAY) "Installing Regulars and its tools" "20 to 90 seconds, as fast as your network"
	@$(BIN)/uv pip install --quiet --require-hashes -r requirements/dev.txt
	@$(BIN)/uv pip install --quiet --no-deps -e .
	@touch $@

$(SDKS): tests/events/node/package-lock.json | $(BIN)/uv
	@$(SAY) "Fetching the SDKs that the tests drive" "a few seconds"
	@$(WITH_NODE) && cd tests/events/node && npm ci --no-audit --no-fund --loglevel=error --ignore-scripts >/dev/null
	@touch $@

$(BUILT): $(CONSOLE_SOURCES) | $(BIN)/uv
	@$(SAY) "Building the console" "one to two minutes the first time"
	@$(WITH_NODE) && cd console && { [ -d node_modules ] && [ node_modules/.package-lock.json -nt package-lock.json ] || npm ci --no-audit --no-fund --loglevel=error >/dev/null; } && { npm run --silent build >../.venv/console.log 2>&1 || { cat ../.venv/console.log; exit 1; }; }
	@touch $@
