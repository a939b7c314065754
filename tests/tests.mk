# Tests: make unit, golden, update CASE=x, lint, packages, fuzz, fuzz-coverage, replay, agree, errors, faults, cross. `make check` runs them all (tests/check.sh).

UNIT := $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/test_*.c))
FUZZ := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_SECONDS ?= 60

# The tests' own code is not optimized, and a fast linker taken where there is one: that halves the time that they take to build.
TEST_CFLAGS := $(ALL_CPPFLAGS) -Itests $(ALL_CFLAGS) -O0 -U_FORTIFY_SOURCE -MMD -MP
TEST_LDFLAGS := $(ALL_LDFLAGS) $(shell for l in lld gold; do command -v ld.$$l >/dev/null && { echo -fuse-ld=$$l; break; }; done)

$B/tests/%: tests/unit/%.c $B/libenvscope.a
	@mkdir -p $(@D)
	$(call say,TEST)
	$(Q)$(CC) $(TEST_CFLAGS) -o $@ $< $B/libenvscope.a $(TEST_LDFLAGS) $(LDLIBS) -lcmocka -lssl -lcrypto

unit-programs: $(UNIT:%=$B/tests/%) build/samples/.stamp
unit: unit-programs
	@for t in $(UNIT); do echo "== $$t"; LC_ALL=C.UTF-8 $B/tests/$$t || exit 1; done

golden: all build/samples/.stamp
	@ENVSCOPE=./$(PROGRAM) bash tests/golden.sh

# Writes the expected output of a case anew; git diff shows what changed.
update: all build/samples/.stamp
	@test -n "$(CASE)" || { echo "make update CASE=name (or CASE=all)"; exit 2; }
	@ENVSCOPE=./$(PROGRAM) bash tests/golden.sh --update "$(CASE)"

# clang-format, clang-tidy, cppcheck and shellcheck, where they are installed (minutes; LINT=format for a part: tests/lint.sh).
lint: build/gen/.stamp build/gen/openiap.lua.inc
	@bash tests/lint.sh $(LINT)

# The packages of what is committed (minutes; PACKAGE=deb for a part: tests/packages.sh).
packages:
	@bash tests/packages.sh $(PACKAGE)

# The bytes inside TLS and HTTP/2 beside tshark's (tests/follow.sh).
follow: $B/tests/follow
	@FOLLOW=$B/tests/follow bash tests/follow.sh

$B/tests/follow: tests/follow.c $B/libenvscope.a
	@mkdir -p $(@D)
	$(call say,TEST)
	$(Q)$(CC) $(TEST_CFLAGS) -o $@ $< $B/libenvscope.a $(TEST_LDFLAGS) -Wl,--wrap=detect_new $(LDLIBS)

# libFuzzer targets, each for FUZZ_SECONDS. They begin with conversations of the samples (tests/fuzz/seeds.py), and with what once failed.
FUZZ_FLAGS := -std=c17 -O1 -g -DENVSCOPE_SANITIZED -DENVSCOPE_FUZZED -fsanitize=address,undefined -fno-sanitize-recover=undefined -w
FUZZ_OBJ := $(LIB:%.c=build/fuzz/obj/%.o) $(GEN:build/gen/%.c=build/fuzz/obj/gen/%.o)

fuzz: $(FUZZ:%=build/fuzz/%) build/fuzz/seeds/.stamp
	@bash tests/fuzz/run.sh $(FUZZ_SECONDS) $(FUZZ)

build/fuzz/fuzz_%: tests/fuzz/fuzz_%.c build/fuzz/libenvscope.a
	$(call say,FUZZ)
	$(Q)clang $(ALL_CPPFLAGS) -Itests $(FUZZ_FLAGS) -fsanitize=fuzzer -MMD -MP -o $@ $< build/fuzz/libenvscope.a $(LDLIBS)

build/fuzz/libenvscope.a: $(FUZZ_OBJ)
	@rm -f $@
	$(call say,AR  )
	$(Q)ar rcs $@ $^

build/fuzz/obj/%.o: %.c | build/gen/.stamp
	@mkdir -p $(@D)
	$(Q)clang $(ALL_CPPFLAGS) $(FUZZ_FLAGS) -fsanitize=fuzzer-no-link -MMD -MP -c -o $@ $<

build/fuzz/obj/export/wireshark_plugin.o: build/gen/openiap.lua.inc

build/fuzz/obj/gen/%.o: build/gen/%.c
	@mkdir -p $(@D)
	$(Q)clang -Ibuild/gen $(FUZZ_FLAGS) -fsanitize=fuzzer-no-link -c -o $@ $<

# What their corpora reach (build/fuzz/corpus, or CORPUS), in a build that counts; FUNCTIONS=1: and the functions that nothing comes to.
fuzz-coverage: build/fuzz/seeds/.stamp
	@$(MAKE) --no-print-directory B=build/cover CC=clang LTO= FORTIFY= OPT='-O1 -g -w -DENVSCOPE_FUZZED -fprofile-instr-generate -fcoverage-mapping' replay-programs
	@bash tests/fuzz/coverage.sh build/cover/replay $(FUZZ)

build/fuzz/seeds/.stamp: tests/fuzz/seeds.py build/samples/.stamp $(wildcard samples/*.pcap samples/*.keys)
	@mkdir -p $(@D)
	$(Q)python3 tests/fuzz/seeds.py $(@D)
	@touch $@

# Random keys for the screens under live traffic, for TUI_SECONDS; SEED=N plays a run again.
TUI_SECONDS ?= 300
fuzz-screens: build/samples/.stamp
	@$(MAKE) --no-print-directory SAN=1 build/san/envscope
	@python3 tests/tui/fuzz.py build/san/envscope $(TUI_SECONDS) $(or $(SEED),$(shell date +%s)) $(wildcard samples/*.pcap)

.PHONY: fuzz-screens

# The targets without libFuzzer, on the seeds and on every input that once failed.
replay-programs: $(FUZZ:%=$B/replay/%)
replay: replay-programs build/fuzz/seeds/.stamp
	@bash tests/fuzz/replay.sh $B/replay $(FUZZ)

$B/replay/%: tests/fuzz/%.c $B/replay/replay.o $B/libenvscope.a
	$(call say,TEST)
	$(Q)$(CC) $(TEST_CFLAGS) -o $@ $< $B/replay/replay.o $B/libenvscope.a $(TEST_LDFLAGS) $(LDLIBS)

$B/replay/replay.o: tests/fuzz/replay.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(TEST_CFLAGS) -c -o $@ $<

# Byte errors in the samples, under the sanitizers: RUNS=N captures, from SEED.
errors: build/samples/.stamp
	@$(MAKE) --no-print-directory SAN=1 build/san/envscope
	@python3 tests/byte_errors.py build/san/envscope $(or $(RUNS),5000) $(or $(SEED),1)

# What goes wrong around the program: memory, disks, clocks, terminals, interfaces. `make faults` lets every allocation fail in turn, `make check` one of
# each place in the program. That takes long: ONLY=memory runs one test (tests/faults.py, TESTS), FROM=7:1200 lets it go on where it was.
faults: all build/tests/inject.so build/samples/.stamp
	@python3 tests/faults.py ./$(PROGRAM) build/tests/inject.so all $(ONLY)

build/tests/inject.so: tests/faults/inject.c
	@mkdir -p $(@D)
	$(call say,TEST)
	$(Q)$(CC) -std=c17 -D_GNU_SOURCE -O1 -g -fPIC -shared $(WARN) -o $@ $< -ldl

# View, tree and protobuf-c on ten million mutated messages (AGREE=N for another number).
agree: $B/tests/test_agree build/samples/.stamp
	ENVSCOPE_AGREE=$(or $(AGREE),10000000) $B/tests/test_agree

# On machines of other kinds, under emulation: ARCH=armhf (32 bits) or s390x (big-endian). As root.
cross: build/samples/.stamp
	@bash tests/cross.sh $(or $(ARCH),s390x)

.PHONY: cross unit unit-programs golden update lint packages follow fuzz fuzz-coverage replay replay-programs errors faults agree

-include $(UNIT:%=$B/tests/%.d)
-include $B/tests/follow.d $(FUZZ_OBJ:.o=.d) $(FUZZ:%=build/fuzz/%.d) $(FUZZ:%=$B/replay/%.d) $B/replay/replay.d
