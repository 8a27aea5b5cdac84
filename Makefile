# gilscope.  `make help` lists the targets; V=1 shows the commands; O=dir builds there;
# SAN=address|undefined|thread instruments (several with commas); RT_DEFS=-DRT_GC_STRESS collects
# at every allocation of the bundled runtime, -DRT_NO_PROBES leaves its probe points out.
O           ?= build
CC          ?= cc
CLANG       ?= clang
BPFTOOL     ?= $(firstword $(wildcard /usr/sbin/bpftool /usr/bin/bpftool) bpftool)
LLVM_STRIP  ?= llvm-strip
PKG_CONFIG  ?= pkg-config
VMLINUX_BTF ?= /sys/kernel/btf/vmlinux
PREFIX      ?= /usr/local
UNITDIR     ?= $(PREFIX)/lib/systemd/system
DESTDIR     ?=
VERSION     := $(shell cat VERSION)

ARCH := $(shell uname -m | sed 's/x86_64/x86/;s/aarch64/arm64/')
ARCH_S := $(shell uname -m)

# -iquote: "bpf/x.h" is ours and <bpf/x.h> is libbpf's; <elf.h> stays libc's.
CPPFLAGS += -D_GNU_SOURCE -DGS_VERSION='"$(VERSION)"' -iquote . -iquote $O
CPPFLAGS += $(RT_DEFS)
WARN     := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings \
            -Wvla -Wformat=2 -Wno-missing-field-initializers -Werror
CFLAGS   ?= -O2 -g
# Where it was built is in no binary: two builds are the same.
CFLAGS   += -std=gnu11 $(WARN) -fstack-protector-strong -ffile-prefix-map=$(CURDIR)=.
BPF_CFLAGS := -O2 -g -target bpf -mcpu=v3 -D__TARGET_ARCH_$(ARCH) -Wall -Wextra -Werror \
              -Wno-unused-parameter -Wno-missing-declarations -ffile-prefix-map=$(CURDIR)=.
DEPFLAGS  = -MMD -MP -MF $(@:.o=.d)
# libbpf is linked in: the distribution's own may be older than what this was built with.
LIBS     := -l:libbpf.a -ldw -lelf -lz -lcapstone -ljansson -lncursesw -ltinfo \
            -lbabeltrace2 -lprotobuf-c -lmicrohttpd -lcurl -lcap-ng -linih -lcrypt -lm -lpthread

ifneq ($(SAN),)
# gcc 12 warns of paths that only its own instrumentation makes.
CFLAGS  += -fsanitize=$(SAN) -fno-omit-frame-pointer -Wno-format-truncation
LDFLAGS += -fsanitize=$(SAN)
endif

ifeq ($(V),1)
say =
Q   =
else
say = @printf '  %-5s %s\n' $(1) $(patsubst $O/%,%,$@);
Q   = @
MAKEFLAGS += --no-print-directory
endif

# The definitions first: the linker of bpftool 7.5 mixes up maps that it meets as extern before.
BPF_SRC  := bpf/core.bpf.c $(filter-out bpf/core.bpf.c,$(wildcard bpf/*.bpf.c))
USER_SRC := $(wildcard user/*.c user/*/*.c)
TESTS    := $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/test_*.c))
RT_SRC   := $(wildcard runtime/*.c) $(filter %_$(ARCH_S).S,$(wildcard runtime/*.S))
TOUR_SRC := $(wildcard tour/*.c) tour/source.S
STOPS    := $(shell sed -n 's/^\tX(\([a-z_]*\), "\([a-z-]*\)").*/\1:\2/p' tour/stops.h)
obj       = $(patsubst %.S,$O/%.o,$(patsubst %.c,$O/%.o,$(1)))
LIB_OBJ  := $(call obj,$(filter-out user/main.c,$(USER_SRC)))

.PHONY: man dist deb deb-test all runtime tests deps pythons pythons-arm64 arm64 places kernels matrix demo test test-all check calibrate golden fuzz bench lint fmt install uninstall clean help
all: $O/gilscope $O/gilscope-rt ## build the tracer and the bundled runtime's programs (default)

$O/vmlinux.h: $(VMLINUX_BTF)
	@mkdir -p $(@D)
	$(call say,BTF)
	$(Q)$(BPFTOOL) btf dump file $< format c > $@.tmp && mv $@.tmp $@

$O/bpf/%.bpf.o: bpf/%.bpf.c | $O/vmlinux.h
	@mkdir -p $(@D)
	$(call say,BPF)
	$(Q)$(CLANG) $(BPF_CFLAGS) -iquote . -iquote $O $(DEPFLAGS) -c $< -o $@

$O/gilscope.bpf.o: $(BPF_SRC:%.c=$O/%.o)
	$(call say,LINK)
	$(Q)$(BPFTOOL) gen object $@ $^

$O/gilscope.skel.h: $O/gilscope.bpf.o
	$(call say,SKEL)
	$(Q)$(BPFTOOL) gen skeleton $< name gs_bpf > $@.tmp && mv $@.tmp $@

$O/user/load/skel.o: | $O/gilscope.skel.h   # the one file that includes the skeleton
$O/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(DEPFLAGS) -c $< -o $@

# The formats of Perfetto's traces and of OTLP, from their .proto; two files from one run.
PROTOS := user/export/perfetto user/agent/otlp
$O/%.pb-c.c $O/%.pb-c.h: %.proto
	@mkdir -p $(@D)
	$(call say,PROTO)
	$(Q)protoc-c --proto_path=. --c_out=$O $<
.SECONDARY: $(PROTOS:%=$O/%.pb-c.c) $(PROTOS:%=$O/%.pb-c.h)

$(PROTOS:%=$O/%.pb-c.o): %.o: %.c
	$(call say,CC)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(DEPFLAGS) -c $< -o $@
$O/user/export/trace_perfetto_packet.o: | $O/user/export/perfetto.pb-c.h
$O/user/agent/otlp_message.o $O/user/agent/otlp_send.o $O/tests/unit/test_otlp.o: | $O/user/agent/otlp.pb-c.h

# The parts of the HTML page, as data of the program.
PAGES := $O/user/export/trace_html_page.o $O/user/export/flame_page.o
$(PAGES): $(wildcard user/export/page/*)

$O/libgilscope.a: $(LIB_OBJ) $(PROTOS:%=$O/%.pb-c.o) $(PAGES)
	$(call say,AR)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$O/gilscope: $O/user/main.o $O/libgilscope.a
	$(call say,LD)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LIBS)

# The bundled runtime: alone, and with the programs of the tour.
$O/librt_object.a: $(call obj,$(RT_SRC))
	$(call say,AR)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$O/%.o: %.S
	@mkdir -p $(@D)
	$(call say,AS)
	$(Q)$(CC) $(CPPFLAGS) $(filter -f% -g,$(CFLAGS)) $(DEPFLAGS) -c $< -o $@

# A stop's source, and its script where there is one, as data of the program.
$O/tour/sources.inc: tour/stops.h Makefile
	@mkdir -p $(@D)
	$(Q)for s in $(STOPS); do id=$${s%%:*} f=$${s#*:}; \
		printf '.globl source_%s, script_%s\nsource_%s: .incbin "tour/%s.c"\n.byte 0\nscript_%s:\n' \
			$$id $$id $$id $$f $$id; \
		[ ! -e tour/python/$$f.py ] || printf '.incbin "tour/python/%s.py"\n' $$f; \
		printf '.byte 0\n'; done > $@.tmp && mv $@.tmp $@
$O/tour/source.o: $O/tour/sources.inc $(wildcard tour/*.c tour/python/*.py)

$O/gilscope-rt: $(call obj,$(TOUR_SRC)) $O/librt_object.a
	$(call say,LD)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -ljansson -lm -lpthread

rt-tests: $(patsubst %,$O/tests/%,$(filter test_rt_%,$(TESTS)))
.PHONY: rt-tests

runtime: $O/librt_object.a ## build the bundled runtime alone

$O/tests/test_rt_%: $O/tests/unit/test_rt_%.o $O/librt_object.a
	@mkdir -p $(@D)
	$(call say,LD)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -lcmocka -lm -lpthread

$O/tests/test_%: $O/tests/unit/test_%.o $O/libgilscope.a
	@mkdir -p $(@D)
	$(call say,LD)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -lcmocka $(LIBS)

# What measures a part of gilscope by itself: tests/bench/NAME.c.
BENCH := $(patsubst tests/bench/%.c,$O/bench/%,$(wildcard tests/bench/*.c))
$O/bench/%: $O/tests/bench/%.o $O/libgilscope.a
	@mkdir -p $(@D)
	$(call say,LD)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LIBS)

# What the fuzz targets are about; tests/fuzz/run.sh builds it with a compiler of its own.
$O/libfuzzed.a: $(call obj,$(wildcard user/base/*.c user/sym/*.c user/target/*.c user/trace/*.c user/model/*.c))
	$(call say,AR)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

tests: $(TESTS:%=$O/tests/%) ## build the unit tests

check: all tests ## unit tests and lint only; NAME=… limits, SAN=… instruments
	$(Q)O=$O tests/run.sh $(or $(NAME),unit/ lint)

test: ## install what is missing, build, run every test (as root); NAME=… limits
	$(Q)sh scripts/deps.sh test
	$(Q)$(MAKE) all tests
	$(Q)sh scripts/pythons.sh $O/pythons || echo "test: goes on without them" >&2
	$(Q)sh scripts/peers.sh $O/peers victoria-metrics || echo "test: goes on without it" >&2
	$(Q)sh scripts/deps.sh kernels && sh scripts/kernels.sh $O/kernels 6.1 || echo "test: goes on without them" >&2
	$(Q)O=$O tests/run.sh $(NAME)

test-all: ## everything, longer: every interpreter, every kernel, a long soak, fuzzing (as root; 1.5 h)
	$(Q)sh scripts/deps.sh test
	$(Q)sh scripts/deps.sh kernels
	$(Q)sh scripts/deps.sh arm64
	$(Q)$(MAKE) all tests
	$(Q)sh scripts/pythons.sh $O/pythons
	$(Q)sh scripts/freethreaded.sh $O/pythons || echo "test-all: goes on without them" >&2
	$(Q)sh scripts/musl.sh $O/pythons
	$(Q)sh scripts/pythons_arm64.sh $O/pythons-arm64
	$(Q)sh scripts/places.sh $O/places
	$(Q)sh scripts/peers.sh $O/peers victoria-metrics
	$(Q)sh scripts/kernels.sh $O/kernels
	$(Q)KERNELS=all MATRIX=all STACKS=all FLEET=all STARTS=all CHAOS=12 FUZZ_SECONDS=1800 SOAK_SECONDS=1200 HARM_CYCLES=200 TEST_TIMEOUT=3600 O=$O tests/run.sh
	$(Q)$(MAKE) arm64

lint: ## layering, sizes, headers, format, words
	$(Q)tests/lint/run.sh

demo: ## install what is missing, build, trace a real Python live (as root)
	$(Q)sh scripts/deps.sh build
	$(Q)$(MAKE) all
	$(Q)GILSCOPE=$O/gilscope sh scripts/demo.sh

bench: ## what tracing costs, beside every peer (as root); ARGS=--write into docs/, ARGS=--help
	$(Q)sh scripts/deps.sh bench
	$(Q)sh scripts/peers.sh $O/peers austin bpftrace || echo "bench: goes on without them" >&2
	$(Q)$(MAKE) all $(BENCH)
	$(Q)O=$O GILSCOPE=$O/gilscope tests/bench/run.sh $(ARGS)

SECONDS ?= 1800
soak: all ## SECONDS (1800) at full rate: memory flat, nothing lost, clocks together (as root)
	$(Q)O=$O GILSCOPE=$O/gilscope tests/bench/run.sh soak --seconds $(SECONDS) $(ARGS)

fuzz: ## SECONDS (600) of fuzzing, shared by a target for each parser
	$(Q)O=$O sh tests/fuzz/run.sh $(if $(filter-out file,$(origin SECONDS)),$(SECONDS),600)

golden: all ## write anew what the recordings in tests/golden are expected to give
	$(Q)GOLDEN=rewrite O=$O sh tests/e2e/golden.sh

calibrate: all ## hold gilscope against the bundled runtime; writes docs/calibration.md (as root)
	@mkdir -p docs
	$(Q)O=$O /usr/bin/python3 tests/calibrate/calibrate.py --write docs/calibration.md

deps: ## install what is missing to build (Debian; needs root only if something is)
	$(Q)sh scripts/deps.sh build

fmt: ## format the C sources in place
	$(Q)git ls-files '*.c' '*.h' | xargs clang-format -i

places: ## fetch Debian's gunicorn, uwsgi, vim, PyPy and Python 2 for tests/e2e/{prefork,embed,others}.sh (~0.6 GB)
	$(Q)sh scripts/places.sh $O/places

pythons: ## fetch Debian's CPythons 3.9 to 3.15 as chroots, for tests/e2e/pythons.sh (~1.4 GB)
	$(Q)sh scripts/pythons.sh $O/pythons

pythons-arm64: ## fetch Debian's CPythons for arm64, as files to look into: tests/unit/test_sites_arm64.c (70 MB)
	$(Q)sh scripts/pythons_arm64.sh $O/pythons-arm64

arm64: ## gilscope for arm64, and what it finds in an arm64 CPython, tried in an emulated arm64 kernel
	$(Q)sh scripts/deps.sh arm64
	$(Q)$(MAKE) all
	$(Q)sh scripts/pythons_arm64.sh $O/pythons-arm64 guest
	$(Q)sh scripts/arm64.sh $O/pythons-arm64
	$(Q)O=$O sh tests/kernels/arm64.sh
	$(Q)O=$O MACHINE=aarch64 tests/kernels/run.sh

matrix: ## every CPython at hand, in every form and place: known answers, and a table (as root); ARGS="--only 3.13,chroot"
	$(Q)sh scripts/deps.sh test
	$(Q)$(MAKE) all
	$(Q)sh scripts/pythons.sh $O/pythons || echo "matrix: goes on without them" >&2
	$(Q)O=$O sh tests/matrix/run.sh $(ARGS)

kernels: ## boot Debian's kernels 5.10 to the newest, emulated, with a real CPython in each (as root)
	$(Q)sh scripts/deps.sh kernels
	$(Q)$(MAKE) all
	$(Q)sh scripts/kernels.sh $O/kernels
	$(Q)O=$O tests/kernels/run.sh

clean: ## remove the build folder
	$(Q)rm -rf $O

man: all ## manual pages of all commands, from their --help, into $O/man
	$(Q)sh scripts/manpages.sh $O/gilscope $O/man

dist: ## a source archive of the last commit, the same bytes each time
	$(Q)mkdir -p $O
	$(Q)git archive --format=tar --prefix=gilscope-$(VERSION)/ HEAD | xz -T1 -9 >$O/gilscope-$(VERSION).tar.xz
	@echo $O/gilscope-$(VERSION).tar.xz

deb: ## Debian packages, into $O/deb (as root, for what is missing)
	$(Q)sh scripts/deps.sh package
	$(Q)sh scripts/deb.sh $O/deb

deb-test: ## the packages: built twice, checked, installed into a fresh Debian, used, removed (as root)
	$(Q)sh scripts/deps.sh package
	$(Q)O=$O sh tests/package/run.sh

install: all ## install to PREFIX (/usr/local), DESTDIR respected; manual pages once made
	install -D -m 0755 $O/gilscope $(DESTDIR)$(PREFIX)/bin/gilscope
	install -D -m 0755 $O/gilscope-rt $(DESTDIR)$(PREFIX)/libexec/gilscope/gilscope-rt
	install -D -m 0644 packaging/completions/gilscope.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/gilscope
	install -D -m 0644 packaging/completions/_gilscope $(DESTDIR)$(PREFIX)/share/zsh/vendor-completions/_gilscope
	install -D -m 0644 deploy/systemd/gilscope-agent.service $(DESTDIR)$(UNITDIR)/gilscope-agent.service
	sed -i 's,/usr/bin/gilscope,$(PREFIX)/bin/gilscope,' $(DESTDIR)$(UNITDIR)/gilscope-agent.service
	for page in $(wildcard $O/man/*.8); do install -D -m 0644 $$page $(DESTDIR)$(PREFIX)/share/man/man8/$${page##*/} || exit 1; done

uninstall: ## remove what install put there
	rm -f $(DESTDIR)$(PREFIX)/bin/gilscope $(DESTDIR)$(PREFIX)/libexec/gilscope/gilscope-rt
	rm -f $(DESTDIR)$(PREFIX)/share/bash-completion/completions/gilscope $(DESTDIR)$(PREFIX)/share/zsh/vendor-completions/_gilscope
	rm -f $(DESTDIR)$(UNITDIR)/gilscope-agent.service
	rm -f $(DESTDIR)$(PREFIX)/share/man/man8/gilscope.8 $(DESTDIR)$(PREFIX)/share/man/man8/gilscope-*.8

help: ## this list
	@awk -F':.*## ' '/^[a-z0-9-]+:.*## /{printf "  %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

-include $(shell find $O \( -path $O/pythons -o -path $O/pythons-arm64 -o -path $O/places -o -path $O/peers -o -path $O/kernels \) -prune -o -name '*.d' -print 2>/dev/null)
.SECONDARY:
.DELETE_ON_ERROR:
