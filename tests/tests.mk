# Tests: make unit, golden, update CASE=x, fuzz, agree. `make check` runs them all (tests/check.sh).

UNIT := $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/test_*.c))
FUZZ := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_SECONDS ?= 60

$B/tests/%: tests/unit/%.c $B/libenvscope.a
	@mkdir -p $(@D)
	$(call say,TEST)
	$(Q)$(CC) $(CPPFLAGS) -Itests $(CFLAGS) -fno-lto -MMD -MP -o $@ $< $B/libenvscope.a $(LDFLAGS) $(LDLIBS) -lcmocka -lssl -lcrypto

unit: $(UNIT:%=$B/tests/%) build/samples/.stamp
	@for t in $(UNIT); do echo "== $$t"; LC_ALL=C.UTF-8 $B/tests/$$t || exit 1; done

golden: all build/samples/.stamp
	@ENVSCOPE=./$(PROGRAM) bash tests/golden.sh

# Writes the expected output of a case anew; git diff shows what changed.
update: all build/samples/.stamp
	@test -n "$(CASE)" || { echo "make update CASE=name (or CASE=all)"; exit 2; }
	@ENVSCOPE=./$(PROGRAM) bash tests/golden.sh --update "$(CASE)"

# libFuzzer targets, each for FUZZ_SECONDS; the samples are where they begin.
fuzz: $(FUZZ:%=build/fuzz/%) build/samples/.stamp
	@bash tests/fuzz/run.sh $(FUZZ_SECONDS) $(FUZZ)

build/fuzz/%: tests/fuzz/%.c $(LIB) $(HEADERS) build/gen/.stamp
	@mkdir -p $(@D)
	$(call say,FUZZ)
	$(Q)clang $(CPPFLAGS) -Itests -std=c17 -O1 -g -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined -w -o $@ $< \
		$(LIB) $(GEN) $(LDLIBS)

# View, tree and protobuf-c on ten million mutated messages (AGREE=N for another number).
agree: $B/tests/test_agree build/samples/.stamp
	ENVSCOPE_AGREE=$(or $(AGREE),10000000) $B/tests/test_agree

.PHONY: unit golden update fuzz agree

-include $(UNIT:%=$B/tests/%.d)
