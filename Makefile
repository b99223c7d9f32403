# SPDX-FileCopyrightText: 2026 dotmobi.systemd_timers contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Each target sets up what it needs; what is there already is skipped.

export DEBIAN_FRONTEND = noninteractive
# Ansible refuses to run with another character set than UTF-8.
export LC_ALL = C.UTF-8

PYTHON_VENV = .venv/bin/python
TEST = $(PYTHON_VENV) tools/test.py

.PHONY: help site sandbox destroy check test lint unit sanity package molecule bench proofbench groupbench comparison clean setup engine sanity-tools

help:  ## list the targets
	@sed -n 's/^\([a-z]*\):.*  ## /\1|/p' Makefile | while IFS='|' read -r name text; do printf '  make %-12s %s\n' "$$name" "$$text"; done

site: setup $(if $(INVENTORY),,sandbox)  ## arm the timers on the sandbox hosts, or with INVENTORY=path on yours
	@.venv/bin/ansible-playbook $(if $(INVENTORY),--inventory "$(INVENTORY)") site.yml $(ARGS)

sandbox: setup engine  ## boot the sandbox hosts: containers with systemd as PID 1
	@$(PYTHON_VENV) tools/hosts.py up sandbox

destroy:  ## remove this checkout's sandbox hosts
	@python3 tools/hosts.py down sandbox

check: setup  ## the quick loop: linters and unit tests
	@$(TEST) lint unit

test: setup engine sanity-tools  ## everything, on test hosts of its own
	@$(TEST)

lint: setup  ## linters only
	@$(TEST) lint

unit: setup  ## unit tests only
	@$(TEST) unit

sanity: setup sanity-tools  ## ansible-test sanity only
	@$(TEST) sanity

package: setup  ## build and install the collection, look whether all of it is there
	@$(TEST) package

molecule: setup engine  ## scenarios on test hosts: all, or SCENARIO=name; KEEP=1 leaves the hosts running
	@$(TEST) molecule $(if $(SCENARIO),--scenario $(SCENARIO)) $(if $(KEEP),--keep)

bench: setup engine  ## measure against a role that loops over jobs
	@$(PYTHON_VENV) benchmarks/run.py $(ARGS)

proofbench: setup engine  ## measure the proof against the bare calls of systemd-analyze
	@$(PYTHON_VENV) benchmarks/proof.py $(ARGS)

groupbench: setup engine  ## measure how jobs of one group wait for each other
	@$(PYTHON_VENV) benchmarks/groups.py $(ARGS)

comparison: setup engine  ## give the corpus of broken jobs to the proof and to other ways: docs/comparison.md
	@$(PYTHON_VENV) benchmarks/comparison.py $(ARGS)

clean: destroy  ## remove hosts, virtual environment and caches of this checkout
	@python3 tools/hosts.py down test
	@rm -rf .venv .cache .ansible

# --- what the targets above need

setup:
	@tools/setup.sh python

engine:
	@tools/setup.sh engine

sanity-tools:
	@tools/setup.sh sanity
