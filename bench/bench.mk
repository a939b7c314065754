# make bench: measures envscope beside a bare libpcap loop and tshark (bench/README.md).

BENCH := $B/bench
BENCH_INPUT := make_input small_traffic big_traffic short_traffic conversation exchange envelope_writer tcp_writer
BENCH_PROGRAMS := $(BENCH)/make_input $(BENCH)/floor $(BENCH)/measure

$(BENCH)/%.o: bench/%.c
	@mkdir -p $(@D)
	$(call say,CC  )
	$(Q)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(BENCH)/make_input: $(BENCH_INPUT:%=$(BENCH)/%.o) $B/obj/base/buf.o $B/obj/base/xalloc.o
	$(call say,LINK)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^

$(BENCH)/floor: $(BENCH)/floor.o
	$(call say,LINK)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(shell pkg-config --libs libpcap)

$(BENCH)/measure: $(BENCH)/measure.o
	$(call say,LINK)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^

bench: envscope $(BENCH_PROGRAMS)
	@BENCH_TOOLS=$(BENCH) bash bench/run.sh

$(BENCH)/proxy_load: $(BENCH)/proxy_load.o
	$(call say,LINK)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ -pthread

# Time and memory as captures grow; 500 million messages within -M 512M (COUNT=N for less); live on loopback, and the first rows of 10 GB.
bench-growth bench-soak: envscope $(BENCH)/make_input
	@BENCH_TOOLS=$(BENCH) python3 bench/growth.py $(@:bench-%=%) $(COUNT)

bench-live: envscope $(BENCH)/make_input $(BENCH)/proxy_load
	@BENCH_TOOLS=$(BENCH) python3 bench/live.py $(LIVE_SECONDS)

# The proxy beside a direct connection, socat and nginx.
bench-proxy: envscope $(BENCH)/proxy_load
	@BENCH_TOOLS=$(BENCH) bash bench/proxy.sh

.PHONY: bench bench-proxy bench-growth bench-soak bench-live

-include $(wildcard $(BENCH)/*.d)
