# build/generate writes the captures of samples/gen_cases.h; build/samples/.stamp means that all of them are there.

SAMPLES_OBJ := $(patsubst %.c,$B/obj/%.o,$(wildcard samples/*.c) base/buf.c base/xalloc.c)

$B/generate: $(SAMPLES_OBJ) $(GEN_OBJ)
	$(call say,LINK)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(shell pkg-config --libs libprotobuf-c libcrypto)

build/samples/.stamp: $B/generate
	@mkdir -p $(@D)
	$(call say,MAKE)
	$(Q)rm -f $(@D)/*.pcap
	$(Q)$B/generate $(@D)
	@touch $@

-include $(SAMPLES_OBJ:.o=.d)
