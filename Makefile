# Two commands: `make run` opens the dashboard on the demonstration exports, `make test` checks everything.
# What they need is set up in .venv, once, and again only when the requirements change.
PYTHON ?= python3
VENV := .venv
PYTHON_FITS = $(PYTHON) -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null

.PHONY: run test
.DELETE_ON_ERROR:

run: $(VENV)/.ready-to-run
	$(VENV)/bin/python -m app serve

test: $(VENV)/.ready-to-test
	.ci/browser $(VENV)/bin/python
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/python -m pytest --numprocesses=auto --dist=loadfile

$(VENV)/.ready-to-run: requirements.txt
$(VENV)/.ready-to-test: requirements-dev.txt requirements.txt
$(VENV)/.ready-to-run $(VENV)/.ready-to-test: | $(VENV)/bin/pip
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

# pip is the last thing that an environment is given: without it the environment was left half made.
$(VENV)/bin/pip:
	@$(PYTHON_FITS) || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
		&& apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install --yes python3 python3-venv; } || true
	@$(PYTHON_FITS) || { echo "error: needs Python 3.11 or newer with venv. On Debian or Ubuntu install it with:" \
		"sudo apt-get install python3 python3-venv; or name another Python: make PYTHON=python3.12 ..." >&2; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
