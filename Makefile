# envscope: make, make check, make demo, make bench, make fuzz, make install. SAN=1: address and undefined-behaviour sanitizers.
# CI=true or WERROR=1: warnings are errors. PREFIX and DESTDIR as usual.

# V=1 shows the commands.
Q := $(if $(V),,@)
say = $(if $(V),,@echo '  $(1) $@')

PREFIX ?= /usr/local
# Where Wireshark looks for plugins/ and extcap/: that of a distribution may look in its own folder only (Help, About, Folders).
WIRESHARK ?= $(PREFIX)/lib/wireshark
CC ?= cc
VERSION := 0.1.0

PACKAGES := libpcap libprotobuf-c ncursesw zlib jansson libcrypto libssl libpcre2-8 libnghttp2 libcurl
TOOLS := protoc-c pkg-config

ifeq ($(SAN),1)
B := build/san
SANFLAGS := -DENVSCOPE_SANITIZED -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
# Lines for the stack traces; OPT='-O1 -g' for a debugger, at the cost of a third of the time to compile.
OPT ?= -O1 -g1
else
B := build
FORTIFY := $(if $(findstring _FORTIFY_SOURCE,$(CPPFLAGS) $(CFLAGS)),,-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
OPT ?= -O2 -g
# Functions of different files meet on the way of each message: the program is optimized as a whole, from objects of its own ($(WHOLE)), as those
# for tests are linked a hundred times. clang does without.
ifeq ($(findstring clang,$(shell $(CC) --version 2>/dev/null)),)
LTO := -flto=auto
endif
endif

WARN := -Wall -Wextra -Wshadow -Wmissing-prototypes -Wstrict-prototypes -Wvla -Wpointer-arith -Wcast-qual
ifneq ($(filter 1 true,$(WERROR) $(CI)),)
WARN += -Werror
endif
# CPPFLAGS, CFLAGS and LDFLAGS are the user's, or of who makes a package: they come last.
ALL_CPPFLAGS := -I. -Ibuild/gen -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -DENVSCOPE_VERSION='"$(VERSION)"' $(shell pkg-config --cflags $(PACKAGES) 2>/dev/null) $(CPPFLAGS)
# The same program from whichever folder it is built in.
MAP := '-ffile-prefix-map=$(CURDIR)=.'
ALL_CFLAGS := -std=c17 $(OPT) $(MAP) $(SANFLAGS) $(FORTIFY) -fstack-protector-strong -fPIE $(WARN) $(CFLAGS)
ALL_LDFLAGS := $(SANFLAGS) -pie -Wl,-z,relro,-z,now $(LDFLAGS)
# Not libcurl, which is loaded when it is needed (export/curl.h).
LDLIBS := $(shell pkg-config --libs $(filter-out libcurl,$(PACKAGES)) 2>/dev/null) -lhttp_parser -lm

PROTO := $(wildcard proto/*.proto)
GEN := $(PROTO:proto/%.proto=build/gen/%.pb-c.c) build/gen/google/protobuf/any.pb-c.c build/gen/google/protobuf/timestamp.pb-c.c
GEN_OBJ := $(GEN:build/gen/%.c=$B/gen/%.o)
LIB := $(wildcard base/*.c capture/*.c capture/net/*.c capture/proxy/*.c capture/stream/*.c decode/*.c export/*.c tui/*.c) $(filter-out cli/main.c,$(wildcard cli/*.c))
LIB_OBJ := $(LIB:%.c=$B/obj/%.o)
WHOLE := $B$(if $(LTO),/whole)/obj
HEADERS := $(wildcard base/*.h capture/*.h capture/net/*.h capture/proxy/*.h capture/stream/*.h decode/*.h export/*.h tui/*.h cli/*.h)

ifeq ($(SAN),1)
PROGRAM := $B/envscope
else
PROGRAM := envscope
endif

all: $(PROGRAM)

$(PROGRAM): $(WHOLE)/cli/main.o $(LIB:%.c=$(WHOLE)/%.o) $(GEN_OBJ)
	$(call say,LINK)
	$(Q)$(CC) $(OPT) $(LTO) $(MAP) $(ALL_LDFLAGS) -o $@ $^ $(LDLIBS)

$B/whole/obj/%.o: %.c | build/gen/.stamp
	@mkdir -p $(@D)
	$(call say,CC  )
	$(Q)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $(LTO) -MMD -MP -c -o $@ $<

# What tests link.
$B/libenvscope.a: $(LIB_OBJ) $(GEN_OBJ)
	@rm -f $@
	$(call say,AR  )
	$(Q)ar rcs $@ $^

$B/obj/%.o: %.c | build/gen/.stamp
	@mkdir -p $(@D)
	$(call say,CC  )
	$(Q)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# Generated from proto/: the protobuf-c code, and a list of all its message descriptors.
build/gen/.stamp: $(PROTO)
	@mkdir -p build/gen
	$(call say,GEN )
	$(Q)protoc-c --c_out=build/gen -Iproto $(notdir $(PROTO)) google/protobuf/any.proto google/protobuf/timestamp.proto
	$(Q)sed -n 's/^extern const ProtobufCMessageDescriptor \(.*\);/TYPE(\1)/p' $$(find build/gen -name '*.pb-c.h' | LC_ALL=C sort) > build/gen/types.inc
	@touch $@

$(GEN): build/gen/.stamp ;

# The text of the dissector for Wireshark as a C string.
build/gen/openiap.lua.inc: export/openiap.lua.in | build/gen/.stamp
	$(call say,GEN )
	$(Q)sed 's/[\\"]/\\&/g; s/.*/"&\\n"/' $< > $@

$B/obj/export/wireshark_plugin.o $B/whole/obj/export/wireshark_plugin.o: build/gen/openiap.lua.inc

$B/gen/%.o: build/gen/%.c
	@mkdir -p $(@D)
	$(call say,CC  )
	$(Q)$(CC) -Ibuild/gen -O2 -g $(MAP) -fPIE $(SANFLAGS) -w -c -o $@ $<

-include samples/samples.mk bench/bench.mk tests/tests.mk

# Every header compiles alone.
headers: build/gen/.stamp
	@for h in $(HEADERS); do \
		echo "#include \"$$h\"" | $(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -Werror -Wno-unused-function -x c -fsyntax-only - || { echo "$$h does not compile alone"; exit 1; }; \
	done

check: deps
	@bash tests/check.sh

demo: deps
	@$(MAKE) --no-print-directory $(if $(filter -j%,$(MAKEFLAGS)),,-j$$(nproc)) all build/samples/.stamp
	@if [ -t 0 ] && [ -t 1 ]; then ./envscope -r samples/tcp.pcap; else ./envscope -r samples/tcp.pcap -T text; fi

# Installs what is missing (apt), and only that.
deps:
	@bash tests/deps.sh

install: all
	install -D -m 755 envscope $(DESTDIR)$(PREFIX)/bin/envscope
	install -d $(DESTDIR)$(WIRESHARK)/extcap $(DESTDIR)$(WIRESHARK)/plugins
	sed 's|@PREFIX@|$(PREFIX)|' cli/extcap.sh > $(DESTDIR)$(WIRESHARK)/extcap/envscope
	chmod 755 $(DESTDIR)$(WIRESHARK)/extcap/envscope
	./envscope --wireshark-plugin > $(DESTDIR)$(WIRESHARK)/plugins/openiap.lua
	chmod 644 $(DESTDIR)$(WIRESHARK)/plugins/openiap.lua
	./envscope --man > build/envscope.1
	install -D -m 644 build/envscope.1 $(DESTDIR)$(PREFIX)/share/man/man1/envscope.1
	for shell in bash zsh fish; do ./envscope --completions $$shell > build/completion.$$shell || exit 1; done
	install -D -m 644 build/completion.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/envscope
	install -D -m 644 build/completion.zsh $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_envscope
	install -D -m 644 build/completion.fish $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/envscope.fish
	install -d $(DESTDIR)$(PREFIX)/share/doc/envscope/docs/pictures
	install -m 644 README.md CHANGELOG.md LICENSE $(DESTDIR)$(PREFIX)/share/doc/envscope
	install -m 644 docs/*.md $(DESTDIR)$(PREFIX)/share/doc/envscope/docs
	install -m 644 docs/pictures/*.svg $(DESTDIR)$(PREFIX)/share/doc/envscope/docs/pictures

uninstall:
	rm -rf $(DESTDIR)$(PREFIX)/share/doc/envscope
	rm -f $(addprefix $(DESTDIR)$(WIRESHARK)/,extcap/envscope plugins/openiap.lua)
	rm -f $(addprefix $(DESTDIR)$(PREFIX)/,bin/envscope share/man/man1/envscope.1 \
		share/bash-completion/completions/envscope share/zsh/site-functions/_envscope share/fish/vendor_completions.d/envscope.fish)

clean distclean:
	rm -rf build envscope

.PHONY: all headers check demo deps install uninstall clean distclean
.DELETE_ON_ERROR:
.SECONDARY:

-include $(LIB_OBJ:.o=.d) $(LIB:%.c=$(WHOLE)/%.d) $(WHOLE)/cli/main.d
