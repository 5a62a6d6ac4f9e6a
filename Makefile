# make        set the environment up from the lock and re-run the study
# make test   set the environment up and run the tests
# More tests: `make test-machines` runs the numerical ones as other processors compute them.

PYTHON ?= python3
UV_VERSION = 0.13.9
TOOLS = .tools/uv-$(UV_VERSION)
UV = $(TOOLS)/bin/uv
ENVIRONMENT = .venv/.from-lock
# tests/conftest.py says which tests share a worker; the longest go first.
WORKERS = -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder
# An environment belongs to its folder: in one that was copied or moved, it would run the code of the other.
ELSEWHERE := $(shell [ ! -e .venv ] || [ "$$(cat $(ENVIRONMENT) 2>/dev/null)" = "$$(pwd -P)" ] || \
  { rm -f $(ENVIRONMENT); echo --reinstall; })

# In plain C, Python reads the path of its packages as ASCII; without it, as UTF-8.
ifneq ($(filter C POSIX,$(LC_ALL)),)
unexport LC_ALL
endif

# What would stop the set-up, or the first run after it, said before it begins.
define CAN_RUN
import os, sys
wrong = []
if sys.version_info < (3, 11):
    wrong.append("it needs Python 3.11 or later, and this is %d.%d: name another, as in `make PYTHON=python3.12`" % sys.version_info[:2])
try:
    here = os.getcwd()
    here.encode("utf-8")
    if ":" in here or not here.isprintable():
        wrong.append("no Python environment works in a folder with a colon or a line break in its path: rename it")
except UnicodeError:
    wrong.append("the path of this folder is not UTF-8: rename it")
sys.exit("\n".join(wrong) or None)
endef
export CAN_RUN

# Files are read as UTF-8 in every locale.
export PYTHONUTF8 = 1

.PHONY: run validation test test-machines lint report reconstruction example example-site reference benchmark \
  benchmark-audit benchmark-coverage benchmark-files benchmark-internal benchmark-machines benchmark-maxima \
  benchmark-mutations benchmark-optimism clean

run: $(ENVIRONMENT)
	.venv/bin/snakemake

# The worked example of an external validation: the simulated site in data/examples.
validation: $(ENVIRONMENT)
	.venv/bin/snakemake --config 'cohorts=["config/cohorts/simulated_site.yaml"]'

test: $(ENVIRONMENT)
	.venv/bin/pytest $(WORKERS)

# The numerical tests with other kernels of OpenBLAS, other instructions and other numbers of threads.
test-machines: $(ENVIRONMENT)
	.venv/bin/python tests/machines.py $(WORKERS)

lint: $(ENVIRONMENT)
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/snakefmt --check Snakefile workflow

# Snakemake's own report: every result with its caption, the rules and their code.
report: run
	.venv/bin/snakemake --report results/report.zip

# What ships in data/, made again and compared, byte for byte; where it differs, the last lines say what replaces it.
# The cohort in data/ehresman2019, from the printed figures.
reconstruction: $(ENVIRONMENT)
	.venv/bin/snakemake results/reconstruction/comparison.txt
	@cat results/reconstruction/comparison.txt

# The simulated paper in data/published/simulated_example.
example: $(ENVIRONMENT)
	.venv/bin/snakemake results/simulated_paper/comparison.txt
	@cat results/simulated_paper/comparison.txt

# The simulated external site in data/examples/simulated_site.
example-site: $(ENVIRONMENT)
	.venv/bin/snakemake results/simulated_files/comparison.txt
	@cat results/simulated_files/comparison.txt

# The reference results in data/reference, from a run of the committed code.
reference: $(ENVIRONMENT)
	.venv/bin/snakemake --configfile config/config.yaml --config \
	  'cohorts=["config/cohorts/ehresman2019.yaml","config/cohorts/simulated_site.yaml"]' \
	  -- results/reference/ehresman2019 results/reference/simulated_site
	rm -rf data/reference
	mv results/reference data/reference

# Both cohorts on other machines, as environment variables emulate them, beside this one (15 minutes).
benchmark-machines: $(ENVIRONMENT)
	.venv/bin/python benchmarks/machines.py

# The whole study beside one R script that does the same.
benchmark: $(ENVIRONMENT)
	.venv/bin/python benchmarks/rerun.py

# How often the audit raises a false alarm, and how often it finds an error (15 minutes).
benchmark-audit: $(ENVIRONMENT)
	.venv/bin/python benchmarks/audit.py

# How often the intervals of an external validation hold the truth, in simulated cohorts (15 minutes).
benchmark-coverage: $(ENVIRONMENT)
	OPENBLAS_NUM_THREADS=1 .venv/bin/python benchmarks/coverage.py

# What becomes of 10,000 good and spoiled files, and how long a million rows take to check (30 minutes).
benchmark-files: $(ENVIRONMENT)
	.venv/bin/python benchmarks/spoiled_files.py
	.venv/bin/python benchmarks/large_file.py

# The internal validation beside rms, pROC, base R and loops in Python, and the machine's own speed (3 minutes).
benchmark-internal: $(ENVIRONMENT)
	.venv/bin/python benchmarks/internal.py

# How often the search for the highest maximum of a penalized likelihood misses it (10 minutes).
benchmark-maxima: $(ENVIRONMENT)
	.venv/bin/python benchmarks/maxima.py

# How many small faults in the statistics the tests notice (hours).
benchmark-mutations: $(ENVIRONMENT)
	.venv/bin/python benchmarks/mutations.py

# How often the interval of a corrected AUC holds the truth, in simulated cohorts (30 minutes).
benchmark-optimism: $(ENVIRONMENT)
	.venv/bin/python benchmarks/optimism_coverage.py

# Compiling once, here, makes every later start of Python about three times as fast. The path of the package is made
# relative, since Python reads it in the encoding of the locale, which need not have the letters of this folder's name.
$(ENVIRONMENT): uv.lock pyproject.toml $(UV)
	$(UV) sync $(ELSEWHERE) --locked --compile-bytecode --python $(PYTHON)
	@for path in .venv/lib/python*/site-packages/*vbq.pth; do echo ../../../../src > "$$path"; done
	@pwd -P > $@

$(UV):
	@command -v $(PYTHON) > /dev/null || { echo "there is no $(PYTHON) here: install Python 3.11 or later"; exit 1; }
	@$(PYTHON) -c "$$CAN_RUN"
	$(PYTHON) -m venv $(TOOLS)
	$(TOOLS)/bin/python -m pip install --quiet uv==$(UV_VERSION)

clean:
	rm -rf results/*/ .snakemake
