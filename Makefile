# sharedqn: `make` builds, `make train` trains the default Shared DQN, `make test` tests; `make help` lists the targets.

BUILD ?= build
# gcc if it is there, else clang, else whatever is called cc.
ifeq ($(origin CC),default)
CC := $(firstword $(notdir $(shell command -v gcc 2>/dev/null || command -v clang 2>/dev/null || command -v cc 2>/dev/null)) gcc)
endif
# The archiver of that compiler, which may be a cross compiler.
ifeq ($(origin AR),default)
AR := $(shell $(CC) -print-prog-name=ar 2>/dev/null || echo ar)
endif
OPT ?= -O3
# Extra flags for sanitizers and the like; they go to the compiler and the linker.
SAN ?=
WERROR ?=

# Packages of Debian that a target needs, besides make and a compiler. Those that are missing are installed first.
PACKAGES_build := libc6-dev libyaml-dev libjansson-dev
PACKAGES_mpi := $(PACKAGES_build) libopenmpi-dev openmpi-bin
PACKAGES_slurm := $(PACKAGES_build) slurmctld slurmd slurm-client munge
PACKAGES_view := $(PACKAGES_build) libcairo2-dev libsdl2-dev
PACKAGES_pictures := $(PACKAGES_view) ffmpeg xvfb xdotool imagemagick xterm fonts-dejavu-core
PACKAGES_test := $(PACKAGES_build) libcmocka-dev libcairo2-dev gnuplot-nox pkg-config libopenmpi-dev openmpi-bin
PACKAGES_aarch64 := $(PACKAGES_test) gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user
PACKAGES_check := $(PACKAGES_test) libsdl2-dev xvfb xdotool ffmpeg gcc clang clang-tidy cppcheck mandoc python3 shellcheck
ifeq ($(shell uname -m),x86_64)
PACKAGES_check += $(PACKAGES_aarch64)
endif
PACKAGES_study := $(PACKAGES_build) gnuplot-nox
PACKAGES_bench := $(PACKAGES_build) python3
PACKAGES_oracle := $(PACKAGES_build) python3-venv
PACKAGES_export := $(PACKAGES_build) python3-venv
PACKAGES_tensorboard := $(PACKAGES_build) python3-venv
PACKAGES_peers := $(PACKAGES_build) python3-venv
PACKAGES_python := $(PACKAGES_view) python3-venv
PACKAGES_playground := emscripten
PACKAGES_playground-test := $(PACKAGES_build) $(PACKAGES_playground) nodejs chromium chromium-driver firefox-esr fonts-dejavu-core python3-venv

WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wconversion \
  -Wno-sign-conversion -Wdouble-promotion -Wformat=2 -Wundef $(WERROR)
# No contraction anywhere: a*b+c is two roundings unless the source says fma. -fno-math-errno changes no value.
NUMERICS := -ffp-contract=off -fno-math-errno
CPPFLAGS := -Iinclude -Isrc -D_DEFAULT_SOURCE -D_POSIX_C_SOURCE=200809L
CFLAGS = -std=c11 -g $(OPT) $(WARNINGS) $(NUMERICS) $(SAN)
LDLIBS := -lyaml -ljansson -lm -lpthread -ldl

# The kernels are one source, compiled once for each instruction set and chosen at run time.
ARCH := $(shell $(CC) -dumpmachine 2>/dev/null | cut -d- -f1)
ifeq ($(ARCH),x86_64)
KERNEL_LEVELS := scalar avx2 avx512
else ifeq ($(ARCH),aarch64)
KERNEL_LEVELS := scalar neon
else
KERNEL_LEVELS := scalar
endif
FLAGS_scalar :=
FLAGS_avx2 := -mavx2 -mfma
FLAGS_avx512 := -mavx512f -mavx512vl -mavx512dq -mavx512bw -mfma -mprefer-vector-width=512
FLAGS_neon :=

KERNEL_SOURCES := $(wildcard src/*/*_isa.c)
LIB_SOURCES := $(filter-out $(KERNEL_SOURCES) src/cli/main.c src/helpers/%,$(wildcard src/*/*.c))
CLI_SOURCES := src/cli/main.c
KERNEL_OBJECTS := $(foreach k,$(KERNEL_SOURCES:.c=),$(foreach l,$(KERNEL_LEVELS),$(BUILD)/$(k)_$(l).o))
LIB_OBJECTS := $(LIB_SOURCES:%.c=$(BUILD)/%.o) $(KERNEL_OBJECTS)
# The shared libraries have objects of their own, so that the program stays what it is. What the program alone does is not in them.
PROGRAM_ROOMS := analysis cli exchange plot study verify watch
PIC_OBJECTS := $(patsubst $(BUILD)/%,$(BUILD)/pic/%,$(filter-out $(foreach r,$(PROGRAM_ROOMS),$(BUILD)/src/$(r)/%),$(LIB_OBJECTS)))
# What the Python package needs of it: no files, no YAML, no JSON, no other programs.
PYTHON_SOURCES := $(filter-out $(addprefix src/core/,json.c yaml_document.c process.c),$(wildcard src/core/*.c)) $(wildcard src/physics/*.c src/lander/*.c) \
  $(filter-out src/nn/safetensors.c src/nn/network_set_read.c,$(wildcard src/nn/*.c)) src/dqn/exploration.c \
  $(wildcard src/methods/aggregate*.c) src/methods/cone.c src/methods/dense.c src/run/weights_policy.c \
  $(addprefix src/view/,scene.c flames.c draw.c window.c) $(addprefix src/api/,environment.c picture.c window.c agent.c)
PYTHON_OBJECTS := $(patsubst %.c,$(BUILD)/pic/%.o,$(filter-out %_isa.c,$(PYTHON_SOURCES))) $(KERNEL_OBJECTS:$(BUILD)/%=$(BUILD)/pic/%)
CLI_OBJECTS := $(CLI_SOURCES:%.c=$(BUILD)/%.o)
TESTS_LEFT_OUT ?= # of those that run-test runs, by name
# The longest first, or at the end all the others wait for them.
LONG_TESTS := $(addprefix tests/test_e2e_,study.c methods.c compare.c slurm.c mpi.c)
TEST_SOURCES := $(filter-out $(TESTS_LEFT_OUT:%=tests/%.c),$(LONG_TESTS) $(filter-out $(LONG_TESTS),$(wildcard tests/test_*.c)))
TEST_PROGRAMS := $(TEST_SOURCES:tests/%.c=$(BUILD)/tests/%)

# A public target installs its packages and then runs make again, so that the second make sees them.
.PHONY: all help train test mpi slurm view pictures check aarch64 oracle export-test tensorboard bench bench-peers study claims methods playground playground-test clean
.DEFAULT_GOAL := all
JOBS = $(if $(findstring -j,$(MAKEFLAGS)),,-j$(shell nproc))
SUBMAKE = $(MAKE) --no-print-directory $(JOBS)
# make V=1 shows the whole commands.
Q := $(if $(V),,@)
all: packages-build
	+@$(SUBMAKE) $(BUILD)/sharedqn
train: packages-build
	+@$(SUBMAKE) run-train
test: packages-test
	+@$(SUBMAKE) run-test
mpi: packages-mpi
	+@$(SUBMAKE) run-mpi
slurm: packages-slurm
	+@$(SUBMAKE) run-slurm
view: packages-view
	+@$(SUBMAKE) run-view
pictures: packages-pictures
	+@$(SUBMAKE) run-pictures
check: packages-check
	+@$(SUBMAKE) run-check
aarch64: packages-aarch64
	+@$(SUBMAKE) run-aarch64
oracle: packages-oracle
	+@$(SUBMAKE) run-oracle
export-test: packages-export
	+@$(SUBMAKE) run-export-test
tensorboard: packages-tensorboard
	+@$(SUBMAKE) run-tensorboard
bench: packages-bench
	+@$(SUBMAKE) run-bench
study: packages-study
	+@$(SUBMAKE) run-study
claims: packages-bench
	+@$(SUBMAKE) run-claims
methods: packages-bench
	+@$(SUBMAKE) run-methods
bench-peers: packages-peers
	+@$(SUBMAKE) run-bench-peers
playground: packages-playground
	+@$(SUBMAKE) run-playground
playground-test: packages-playground-test
	+@$(SUBMAKE) run-playground-test
packages-%:
	@tools/install_packages.sh $(PACKAGES_$*)

help:
	@echo "make           build $(BUILD)/sharedqn"
	@echo "make train     train the default Shared DQN into runs/ (goes on where it was stopped)"
	@echo "make test      unit tests, recorded episodes, determinism, kill and resume, bad input"
	@echo "make mpi       the helper that runs studies under mpirun (Open MPI)"
	@echo "make slurm     try studies on a real Slurm of one node, started for it (as root)"
	@echo "make view      build also what pictures, films and windows need"
	@echo "make pictures  make the pictures of windows, landings and a watched run in docs/pictures again"
	@echo "make check     compilers, optimisation levels, sanitizers, linters"
	@echo "make aarch64   the tests and a short training on another processor, emulated; part of make check on x86-64"
	@echo "make oracle    compare the environment with Gymnasium's, step by step"
	@echo "make export-test  compare exported models with ONNX Runtime, for every kind of network"
	@echo "make tensorboard  compare what TensorBoard reads from runs with their logs"
	@echo "make bench     measure the program alone, and bounds of whole runs, into docs/ (4 minutes)"
	@echo "make bench-peers  measure beside PyTorch, JAX, Gymnasium, EnvPool and Box2D, into docs/ (downloads 7 GB)"
	@echo "make python-test  test the Python package (downloads 3 GB: PyTorch)"
	@echo "make bench-python  measure its vector of environments beside Gymnasium's and EnvPool's, into docs/"
	@echo "make methods   train every method with three seeds, into docs/methods (22 hours of one core; goes on where it was stopped)"
	@echo "make playground   build the web page into $(BUILD)/playground, with emscripten; make playground-test: try it in Chromium and Firefox"
	@echo "make install   into PREFIX (default /usr/local), below DESTDIR if that is set; make uninstall removes it again"
	@echo "make study     go on with the study of docs/studies/seed (about 30 hours of one core in all); STUDY=\"--tier first\" runs a part"
	@echo "make claims    judge the starting document's claims by what the study has found so far, into docs/studies/seed/claims.md"
	@echo "make clean     remove $(BUILD)"
	@echo "Variables: BUILD=folder CC=compiler OPT=-O3 SAN=sanitizer flags TRAIN=options of sharedqn train"

$(BUILD)/sharedqn: $(CLI_OBJECTS) $(BUILD)/libsharedqn.a
	@echo '  link $@'
	$(Q)$(CC) $(CFLAGS) -o $@ $^ $(LDLIBS)

$(BUILD)/libsharedqn.a: $(LIB_OBJECTS)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

# Counted up when a program that was linked with an older library would not run with the new one.
SO_VERSION := 0
# The names of include/sharedqn.h and no others can be seen from outside.
$(BUILD)/libsharedqn.so: $(PIC_OBJECTS)
	@echo '  link $@'
	$(Q)$(CC) $(CFLAGS) -shared -Wl,-z,defs -Wl,-soname,$(@F).$(SO_VERSION) -o $@ $^ $(LDLIBS)
	$(Q)ln -sf $(@F) $@.$(SO_VERSION)

$(BUILD)/python/libsharedqn.so: $(PYTHON_OBJECTS)
	@mkdir -p $(@D)
	@echo '  link $@'
	$(Q)$(CC) $(CFLAGS) -shared -Wl,-z,defs -o $@ $^ -lm

PIC := -fPIC -fvisibility=hidden
$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	@echo '  compile $<'
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/pic/%.o: %.c
	@mkdir -p $(@D)
	@echo '  compile $< for shared libraries'
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(PIC) -MMD -MP -c -o $@ $<

define KERNEL_RULE
$(BUILD)/%_isa_$(1).o: %_isa.c
	@mkdir -p $$(@D)
	@echo '  compile $$< for $(1)'
	$$(Q)$$(CC) $$(CPPFLAGS) $$(CFLAGS) $$(FLAGS_$(1)) -DSDQN_ISA=$(1) -DSDQN_ISA_$(1)=1 -MMD -MP -c -o $$@ $$<

$(BUILD)/pic/%_isa_$(1).o: %_isa.c
	@mkdir -p $$(@D)
	@echo '  compile $$< for $(1), for shared libraries'
	$$(Q)$$(CC) $$(CPPFLAGS) $$(CFLAGS) $$(PIC) $$(FLAGS_$(1)) -DSDQN_ISA=$(1) -DSDQN_ISA_$(1)=1 -MMD -MP -c -o $$@ $$<
endef
$(foreach l,$(KERNEL_LEVELS),$(eval $(call KERNEL_RULE,$(l))))

# Helpers are loaded on demand (src/core/module.h). Each has sources in src/helpers, and what it uses of the program once more.
.PHONY: run-view run-pictures
run-view: $(BUILD)/sharedqn $(BUILD)/sharedqn-draw.so $(BUILD)/sharedqn-window.so
run-pictures: run-view
	@tools/make_pictures.sh $(BUILD)/sharedqn docs/pictures

$(BUILD)/sharedqn-draw.so: $(BUILD)/pic/src/helpers/draw.o $(BUILD)/pic/src/core/error.o
	@echo '  link $@'
	$(Q)$(CC) $(CFLAGS) -shared -o $@ $^ -lcairo
$(BUILD)/sharedqn-window.so: $(BUILD)/pic/src/helpers/window.o $(BUILD)/pic/src/core/error.o
	@echo '  link $@'
	$(Q)$(CC) $(CFLAGS) -shared -o $@ $^ -lSDL2

# MPICC is the compiler of an MPI library: Open MPI's, or whichever mpirun will start the program.
MPICC ?= mpicc
.PHONY: run-mpi
run-mpi: $(BUILD)/sharedqn $(BUILD)/sharedqn-mpi.so
$(BUILD)/sharedqn-mpi.so: src/helpers/mpi.c $(BUILD)/pic/src/core/error.o
	@echo '  compile and link $@'
	$(Q)OMPI_CC=$(CC) $(MPICC) $(CPPFLAGS) $(CFLAGS) $(PIC) -shared -MMD -MP -MF $(@:.so=.d) -o $@ $(filter %.c %.o,$^)

# Tests use it where MPI is, and is of the processor that is built for.
TEST_MPI := $(if $(and $(shell command -v $(MPICC)),$(filter $(shell uname -m),$(ARCH))),$(BUILD)/sharedqn-mpi.so)

# Tests look for helpers beside themselves.
$(BUILD)/tests/sharedqn-%.so: $(BUILD)/sharedqn-%.so
	@mkdir -p $(@D)
	$(Q)ln -sf ../$(<F) $@
$(BUILD)/tests/test_picture $(BUILD)/tests/test_view: $(BUILD)/tests/sharedqn-draw.so
# The window is tested where SDL2 is there.
TEST_WINDOW := $(if $(wildcard /usr/include/SDL2/SDL.h),$(BUILD)/sharedqn-window.so)
$(BUILD)/tests/test_e2e_window: $(if $(TEST_WINDOW),$(BUILD)/tests/sharedqn-window.so)
$(BUILD)/tests/test_picture: TEST_LDLIBS := -lcairo

$(BUILD)/tests/test_module: $(BUILD)/tests/sharedqn-sample.so
$(BUILD)/tests/sharedqn-sample.so: $(BUILD)/pic/tests/module_sample.o
	@mkdir -p $(@D)
	@echo '  link $@'
	$(Q)$(CC) $(CFLAGS) -shared -o $@ $^

$(BUILD)/tests/test_playground: $(BUILD)/web/playground.o
$(BUILD)/tests/%: $(BUILD)/tests/%.o $(BUILD)/libsharedqn.a
	@echo '  link $@'
	$(Q)$(CC) $(CFLAGS) -o $@ $(filter %.o,$^) $(filter %.a,$^) -lcmocka $(TEST_LDLIBS) $(LDLIBS)

# Where things are installed, below DESTDIR if that is set. The manual page and the completion are made from the tables of the program.
PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
MANDIR ?= $(PREFIX)/share/man
COMPLETIONDIR ?= $(PREFIX)/share/bash-completion/completions
INSTALL ?= install
VERSION := $(shell sed -n 's/.*define SDQN_VERSION "\(.*\)".*/\1/p' src/core/version.h)
INSTALL_FILES := $(BUILD)/sharedqn $(BUILD)/libsharedqn.a $(BUILD)/libsharedqn.so $(BUILD)/share/sharedqn.1 $(BUILD)/share/sharedqn.bash
INSTALLED = $(BINDIR)/sharedqn $(LIBDIR)/libsharedqn.a $(LIBDIR)/libsharedqn.so $(LIBDIR)/libsharedqn.so.$(SO_VERSION) \
  $(LIBDIR)/libsharedqn.so.$(VERSION) $(LIBDIR)/pkgconfig/sharedqn.pc $(INCLUDEDIR)/sharedqn.h $(MANDIR)/man1/sharedqn.1 \
  $(COMPLETIONDIR)/sharedqn

# Training. A run that was stopped goes on; one that has finished shows its result again. Options that say which run it is, or what
# becomes of an older one, leave the folder to the program.
TRAIN ?=
TRAIN_RUN := runs/shared-seed1
TRAIN_CHOOSES := $(foreach word,--out --resume --force --config method seed,$(findstring $(word),$(TRAIN)))
.PHONY: run-train run-test run-check run-oracle
run-train: $(BUILD)/sharedqn
	@$(BUILD)/sharedqn train $(if $(strip $(TRAIN_CHOOSES)),,--out $(TRAIN_RUN) $(if $(wildcard $(TRAIN_RUN)),--resume)) $(TRAIN)

run-test: $(BUILD)/sharedqn $(BUILD)/sharedqn-draw.so $(TEST_WINDOW) $(BUILD)/python/libsharedqn.so $(TEST_MPI) $(INSTALL_FILES) $(TEST_PROGRAMS)
	@SHAREDQN=$(BUILD)/sharedqn BUILD=$(BUILD) CC='$(CC)' SAN='$(SAN)' tests/run.sh $(BUILD)/logs $(TEST_PROGRAMS) \
	  tests/test_install.sh tests/check_includes.sh tests/check_citations.sh

run-check: $(BUILD)/sharedqn
	@tests/check.sh $(BUILD)/check

.PHONY: run-slurm
run-slurm: $(BUILD)/sharedqn
	@tests/slurm.sh $(BUILD)/slurm $(BUILD)/sharedqn

.PHONY: run-aarch64
run-aarch64: $(BUILD)/sharedqn
	@tests/aarch64.sh $(BUILD)/aarch64 $(BUILD)/sharedqn

# Comparison with Gymnasium's LunarLander, in a virtual environment of its own. ORACLE="--seed N" repeats a comparison.
ORACLE ?=
ORACLE_PYTHON := $(BUILD)/oracle-venv/bin/python
run-oracle: $(BUILD)/sharedqn $(BUILD)/oracle-venv/ready
	$(BUILD)/oracle-venv/bin/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --force-reinstall ./python
	cd tools && $(abspath $(ORACLE_PYTHON)) test_oracle.py
	$(ORACLE_PYTHON) tools/make_golden.py --check tests/data/traces.jsonl
	$(ORACLE_PYTHON) tools/make_golden.py --check tests/data/chains.jsonl
	$(ORACLE_PYTHON) tools/make_golden.py --check tests/data/continuous.jsonl
	$(ORACLE_PYTHON) tools/oracle.py --program $(BUILD)/sharedqn --work $(BUILD)/oracle $(ORACLE)

$(BUILD)/oracle-venv/ready: tools/requirements-oracle.txt
	python3 -m venv $(@D)
	$(@D)/bin/pip install --quiet --disable-pip-version-check -r $<
	touch $@

# Exported models beside ONNX Runtime, in a virtual environment of its own.
EXPORT_PYTHON := $(BUILD)/export-venv/bin/python
.PHONY: run-export-test
run-export-test: $(BUILD)/sharedqn $(BUILD)/export-venv/ready
	@$(EXPORT_PYTHON) tools/test_export.py --program $(BUILD)/sharedqn --work $(BUILD)/export

$(BUILD)/export-venv/ready: tools/requirements-export.txt
	python3 -m venv $(@D)
	$(@D)/bin/pip install --quiet --disable-pip-version-check -r $<
	touch $@

# Event files of short runs read by TensorBoard, in a virtual environment of its own.
TENSORBOARD_PYTHON := $(BUILD)/tensorboard-venv/bin/python
.PHONY: run-tensorboard
run-tensorboard: $(BUILD)/sharedqn $(BUILD)/tensorboard-venv/ready
	@$(TENSORBOARD_PYTHON) tools/test_tensorboard.py --program $(BUILD)/sharedqn --work $(BUILD)/tensorboard

$(BUILD)/tensorboard-venv/ready: tools/requirements-tensorboard.txt
	python3 -m venv $(@D)
	$(@D)/bin/pip install --quiet --disable-pip-version-check -r $<
	touch $@

# The program alone. BOUNDS="--rounds 9" are options of bench/bounds.py.
BOUNDS ?=
.PHONY: run-bench run-bench-tests
run-bench-tests:
	python3 -B -m unittest discover -s bench

run-bench: $(BUILD)/sharedqn $(BUILD)/bench/fma_peak run-bench-tests
	@$(BUILD)/sharedqn bench
	@python3 bench/bounds.py --program $(BUILD)/sharedqn --peak $(BUILD)/bench/fma_peak $(BOUNDS)

$(BUILD)/bench/%: $(BUILD)/bench/%.o $(BUILD)/libsharedqn.a
	@echo '  link $@'
	$(Q)$(CC) $(CFLAGS) -o $@ $^ $(LDLIBS)

# The question of the starting document. What is finished lies in docs/studies/seed/results and is never run again.
STUDY ?=
.PHONY: run-study
run-study: $(BUILD)/sharedqn
	@$(BUILD)/sharedqn study configs/studies/seed.yaml --out docs/studies/seed $(STUDY)
.PHONY: run-claims
run-claims: $(BUILD)/sharedqn
	@python3 bench/claims.py measure --program $(BUILD)/sharedqn
	@python3 bench/claims.py table --program $(BUILD)/sharedqn

# METHODS="brc varshare" trains these alone.
METHODS ?=
.PHONY: run-methods
run-methods: $(BUILD)/sharedqn
	@python3 bench/methods.py run --program $(BUILD)/sharedqn --root $(BUILD)/methods $(METHODS)
	@python3 bench/methods.py cost --program $(BUILD)/sharedqn --root $(BUILD)/methods
	@python3 bench/methods.py table --root $(BUILD)/methods

# Others doing the same work, in a virtual environment of its own. PEERS="--rounds 9" are options of bench/peers.py.
PEERS ?=
PEERS_PYTHON := $(BUILD)/peers-venv/bin/python
.PHONY: run-bench-peers
run-bench-peers: $(BUILD)/sharedqn $(BUILD)/peers-venv/ready run-bench-tests
	$(PEERS_PYTHON) bench/peers.py --program $(BUILD)/sharedqn $(PEERS)

$(BUILD)/peers-venv/ready: bench/requirements-peers.txt
	python3 -m venv $(@D)
	$(@D)/bin/pip install --quiet --disable-pip-version-check -r $<
	touch $@

# The playground, a web page: physics and networks in WebAssembly, and files that are copied as they are. Every 13th recorded episode makes
# the 20 that the page plays again, from all tasks.
EMCC ?= emcc
PLAYGROUND := $(BUILD)/playground
PLAYGROUND_FILES := index.html playground.css $(notdir $(wildcard web/*.js)) network.safetensors
PLAYGROUND_SOURCES := web/playground.c src/view/scene.c src/view/flames.c src/dqn/exploration.c $(patsubst %,src/core/%.c,cpu dmath error rng sha256 sincos text) \
  $(filter-out src/nn/safetensors.c src/nn/network_set_read.c $(KERNEL_SOURCES),$(wildcard src/physics/*.c src/lander/*.c src/nn/*.c))
PLAYGROUND_OBJECTS := $(patsubst %.c,$(BUILD)/wasm/%.o,$(PLAYGROUND_SOURCES) $(KERNEL_SOURCES))
PLAYGROUND_PYTHON := $(BUILD)/playground-venv/bin/python
.PHONY: run-playground run-playground-test
run-playground: $(addprefix $(PLAYGROUND)/,$(PLAYGROUND_FILES) playground.wasm golden.jsonl)
	@echo "$(PLAYGROUND): python3 -m http.server --directory $(PLAYGROUND), then http://localhost:8000/"

run-playground-test: run-playground $(BUILD)/sharedqn $(BUILD)/playground-venv/ready
	node web/tests/test_engine.mjs $(PLAYGROUND) $(BUILD)/sharedqn
	$(PLAYGROUND_PYTHON) web/tests/test_page.py $(PLAYGROUND) docs/pictures/playground.png
	$(PLAYGROUND_PYTHON) web/tests/test_firefox.py $(PLAYGROUND)

$(BUILD)/wasm/%_isa.o: WASM_KERNEL := -DSDQN_ISA=scalar -DSDQN_ISA_scalar=1
$(BUILD)/wasm/%.o: %.c
	@mkdir -p $(@D)
	@echo '  compile $< for WebAssembly'
	$(Q)$(EMCC) $(CPPFLAGS) -std=c11 -O3 $(WARNINGS) $(NUMERICS) $(WASM_KERNEL) -MMD -MP -c -o $@ $<

$(PLAYGROUND)/playground.wasm: $(PLAYGROUND_OBJECTS)
	@mkdir -p $(@D)
	@echo '  link $@'
	$(Q)$(EMCC) -O3 --no-entry -s STANDALONE_WASM -s ALLOW_MEMORY_GROWTH -o $@ $^

$(PLAYGROUND)/golden.jsonl: tests/data/traces.jsonl
	@mkdir -p $(@D)
	$(Q)awk 'NR % 13 == 1 && ++count <= 20' $< >$@

$(PLAYGROUND)/%: web/%
	@mkdir -p $(@D)
	$(Q)cp $< $@

$(BUILD)/playground-venv/ready: web/tests/requirements.txt
	python3 -m venv $(@D)
	$(@D)/bin/pip install --quiet --disable-pip-version-check -r $<
	touch $@

# What INSTALLED names, and helpers if they have been built: they are looked for beside the program and in ../lib/sharedqn.
.PHONY: install uninstall run-install
# Make takes a blank for the end of a name, and would install into other folders; the other letters mean something to the shell or to sed.
INSTALL_FOLDERS = $(PREFIX) $(BINDIR) $(LIBDIR) $(INCLUDEDIR) $(MANDIR) $(COMPLETIONDIR)
REFUSE_FOLDERS = $(if $(word 2,x$(DESTDIR)$(PREFIX)$(BINDIR)$(LIBDIR)$(INCLUDEDIR)$(MANDIR)$(COMPLETIONDIR)x),$(error \
  '$(DESTDIR)$(PREFIX)': install into a folder without blanks in its name))$(foreach letter,' | & \,$(if $(findstring \
  $(letter),$(DESTDIR)$(INSTALL_FOLDERS)),$(error '$(DESTDIR)$(PREFIX)': install into a folder without $(letter) in its name)))$(if \
  $(filter-out /%,$(INSTALL_FOLDERS)),$(error '$(filter-out /%,$(INSTALL_FOLDERS))': install into a folder whose path begins with /))
install: packages-build
	+@$(REFUSE_FOLDERS)$(SUBMAKE) run-install

$(BUILD)/share/sharedqn.1: $(BUILD)/sharedqn
	@mkdir -p $(@D)
	$(Q)$< --help=mdoc >$@.tmp && mv $@.tmp $@
$(BUILD)/share/sharedqn.bash: $(BUILD)/sharedqn
	@mkdir -p $(@D)
	$(Q)$< --help=bash >$@.tmp && mv $@.tmp $@

run-install: $(INSTALL_FILES)
	@$(REFUSE_FOLDERS)$(INSTALL) -d $(foreach f,$(INSTALLED),'$(DESTDIR)$(dir $(f))')
	@$(INSTALL) -m 755 $(BUILD)/sharedqn '$(DESTDIR)$(BINDIR)/sharedqn'
	@$(INSTALL) -m 644 $(BUILD)/libsharedqn.a '$(DESTDIR)$(LIBDIR)/libsharedqn.a'
	@rm -f '$(DESTDIR)$(LIBDIR)'/libsharedqn.so.$(SO_VERSION).* '$(DESTDIR)$(LIBDIR)'/sharedqn/sharedqn-*.so # of an older version
	@$(INSTALL) -m 755 $(BUILD)/libsharedqn.so '$(DESTDIR)$(LIBDIR)/libsharedqn.so.$(VERSION)'
	@ln -sf libsharedqn.so.$(VERSION) '$(DESTDIR)$(LIBDIR)/libsharedqn.so.$(SO_VERSION)'
	@ln -sf libsharedqn.so.$(SO_VERSION) '$(DESTDIR)$(LIBDIR)/libsharedqn.so'
	@$(INSTALL) -m 644 include/sharedqn.h '$(DESTDIR)$(INCLUDEDIR)/sharedqn.h'
	@$(INSTALL) -m 644 $(BUILD)/share/sharedqn.1 '$(DESTDIR)$(MANDIR)/man1/sharedqn.1'
	@$(INSTALL) -m 644 $(BUILD)/share/sharedqn.bash '$(DESTDIR)$(COMPLETIONDIR)/sharedqn'
	@sed -e 's|@VERSION@|$(VERSION)|' -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR:$(PREFIX)/%=$${prefix}/%)|' \
	  -e 's|@INCLUDEDIR@|$(INCLUDEDIR:$(PREFIX)/%=$${prefix}/%)|' tools/sharedqn.pc.in >'$(DESTDIR)$(LIBDIR)/pkgconfig/sharedqn.pc'
	@set -e; for helper in $(wildcard $(BUILD)/sharedqn-*.so); do \
	  $(INSTALL) -d '$(DESTDIR)$(LIBDIR)/sharedqn'; $(INSTALL) -m 755 $$helper '$(DESTDIR)$(LIBDIR)/sharedqn/'; done
	@echo "installed in $(DESTDIR)$(PREFIX)$(if $(DESTDIR),,; the loader may want to be told of a new library: ldconfig)"

uninstall:
	$(REFUSE_FOLDERS)rm -f $(foreach f,$(INSTALLED),'$(DESTDIR)$(f)')
	rm -f '$(DESTDIR)$(LIBDIR)'/libsharedqn.so.$(SO_VERSION).* '$(DESTDIR)$(LIBDIR)'/sharedqn/sharedqn-*.so
	@rmdir '$(DESTDIR)$(LIBDIR)/sharedqn' 2>/dev/null || true

# The Python package, in virtual environments of its own. PYTEST="-k vector" are options of pytest.
PYTEST ?=
PYTHON_VENV := $(BUILD)/python-venv/bin
.PHONY: python-test run-python-test bench-python run-bench-python
python-test: packages-python
	+@$(SUBMAKE) run-python-test
run-python-test: $(BUILD)/sharedqn $(BUILD)/python-venv/ready
	rm -rf $(BUILD)/python-dist
	$(PYTHON_VENV)/pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation -w $(BUILD)/python-dist ./python
	$(PYTHON_VENV)/pip install --quiet --disable-pip-version-check --no-deps --force-reinstall $(BUILD)/python-dist/*.whl
	cd python && $(abspath $(PYTHON_VENV))/mypy --cache-dir $(abspath $(BUILD))/python-mypy
	SHAREDQN=$(abspath $(BUILD)/sharedqn) SHAREDQN_WHEEL=$$(echo $(abspath $(BUILD))/python-dist/*.whl) \
	  $(PYTHON_VENV)/pytest -q -p no:cacheprovider -c python/pyproject.toml python/tests $(PYTEST)

# Beside Gymnasium's and EnvPool's vectors of environments. PEERS="--rounds 9" are options of bench/python_vector.py.
bench-python: packages-python
	+@$(SUBMAKE) run-bench-python
run-bench-python: $(BUILD)/python-bench-venv/ready
	$(BUILD)/python-bench-venv/bin/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --force-reinstall ./python
	$(BUILD)/python-bench-venv/bin/python bench/python_vector.py $(PEERS)

$(BUILD)/python-venv/ready: python/requirements-test.txt
$(BUILD)/python-bench-venv/ready: bench/requirements-python.txt
$(BUILD)/python-venv/ready $(BUILD)/python-bench-venv/ready:
	python3 -m venv $(@D)
	$(@D)/bin/pip install --quiet --disable-pip-version-check -r $<
	touch $@

clean:
	rm -rf $(BUILD)

.SECONDARY:
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
