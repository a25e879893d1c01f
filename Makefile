# Keel. `make help` lists the targets; each one sets up what it needs.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

python := .venv/bin/python
prettier := node_modules/.bin/prettier
solhint := node_modules/.bin/solhint
solidity := 'contracts/**/*.sol' 'interfaces/**/*.sol' 'tests/forge/*.sol'
pages := 'web/**/*.{ts,tsx,css,html,json}' 'tests/web/**/*.{mjs,ts}'

NETWORK ?= local
PRICES ?=
export NETWORK PRICES

.PHONY: help setup build web test demo gas compare audit coverage prove mutate fuzz economic bench-keeper bench-matcher deploy up down lint format clean

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Python environment, npm packages, compiler
	@scripts/setup/setup.sh

build: setup ## Compile the contracts to build/contracts, and the console to build/web
	@$(python) -m scripts.setup.build
	@$(python) -m scripts.console.build

web: setup ## Build the console alone, from contracts that are compiled already
	@$(python) -m scripts.console.build

test: build ## All tests, in two processes
	@$(python) -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)

demo: build ## A crash and its liquidations on a local chain: leverage, perpetuals, options; PRICES=file.csv for other prices
	@$(python) -m scripts.demo

gas: build ## Gas of each operation beside the committed snapshot
	@$(python) -m tests.gas.measure

compare: build ## Gas beside Morpho Blue, Aave v3 and Gearbox v3, built from npm, on one local chain
	@$(python) -m scripts.compare

bench-matcher: build ## Orders the matcher takes in a second, how long one waits, gas of what it settles
	@$(python) -m scripts.matcher.bench run
	@$(python) -m tests.gas.matcher

audit: setup ## solhint, Slither with every finding explained, quick lemmas of halmos, schemathesis on the matcher
	@$(python) -m scripts.audit

coverage: build ## Share of the lines of scripts/ that tests run, processes of their own included
	@$(python) -m scripts.audit.coverage $(ARGS)

prove: setup ## Every arithmetic lemma of tests/prove, by halmos
	@$(python) -m scripts.prove

mutate: build ## Take out every promised check, then a sample of all mutations, and show which test notices
	@$(python) -m scripts.mutate listed
	@$(python) -m scripts.mutate generated $(ARGS)

economic: build ## What an attacker can earn at most, over all public functions; ARGS="--minutes 10 --seed 3"
	@$(python) -m tests.economic $(ARGS)

fuzz: build ## 5 million calls of everybody in random order, no promise breaks; goes on where it stopped, ARGS="--minutes 10"
	@$(python) -m scripts.fuzz $(ARGS)

bench-keeper: build ## How fast the keeper is with 1,000, 10,000 and 50,000 accounts
	@$(python) -m scripts.keeper.bench

deploy: build ## Deploy and verify every market; NETWORK=local or an RPC URL
	@$(python) -m scripts.deploy

up: build ## Leave a local chain running with everything deployed
	@$(python) -m scripts.chain up

down: setup ## End that chain
	@$(python) -m scripts.chain down

lint: build ## All linters, changing nothing
	@$(python) -m ruff check .
	@$(python) -m ruff format --check --quiet .
	@$(solhint) --disc --noPoster --max-warnings 0 $(solidity)
	@$(prettier) --check --log-level warn $(solidity) $(pages)
	@$(python) -m mypy --strict --no-error-summary scripts
	@$(python) -c 'from scripts.console.build import generate; generate()'
	@node_modules/.bin/tsc -p web

format: setup ## Format Python, Solidity and the console
	@$(python) -m ruff check --fix --quiet .
	@$(python) -m ruff format .
	@$(prettier) --write --log-level warn $(solidity) $(pages)

clean: ## Remove builds and caches, keep the set-up
	@rm -rf build .keel/forge .keel/solc-cache .keel/artifacts .keel/build.stamp .pytest_cache .hypothesis .ruff_cache .mypy_cache
