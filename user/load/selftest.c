/*
 * Hitting a site of our own: does the pid filter see all threads, and what does a hit cost?
 *
 * The site is on an instruction that the kernel emulates, like those that the real sites sit
 * on.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "user/base/clock.h"
#include "user/base/thread.h"
#include "user/load/attach.h"
#include "user/load/cost.h"
#include "user/load/links.h"

#define MAIN_HITS 1000
#define PARTS 10
#define THREAD_HITS 16
#define STEPPED_HITS 100 /* each can take 10 us */

void gs_selftest_site(void);
void gs_selftest_stepped(void);

/* Of the machine: what the kernel emulates, and what it steps over in a copy. */
#if defined(__x86_64__)
#define EMULATED "nop"
#define STEPPED "mov %rdi, %rax"
#elif defined(__aarch64__)
#define EMULATED "cbz x0, . + 4" /* to what follows it, anyway */
#define STEPPED "mov x1, x0"
#endif

/* Not C functions: their first instructions must be just these. */
asm(".text\n"
    ".balign 4\n"
    ".globl gs_selftest_site\n"
    ".type gs_selftest_site, @function\n"
    "gs_selftest_site:\n"
    "	" EMULATED "\n"
    "	ret\n"
    ".size gs_selftest_site, . - gs_selftest_site\n"
    ".globl gs_selftest_stepped\n"
    ".type gs_selftest_stepped, @function\n"
    "gs_selftest_stepped:\n"
    "	" STEPPED "\n"
    "	ret\n"
    ".size gs_selftest_stepped, . - gs_selftest_stepped\n");

struct own_offset {
	u64 address;
	u64 offset;
	bool found;
};

/* The first object that dl_iterate_phdr() names is the executable. */
static int find_offset(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct own_offset *o = arg;

	(void)size;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *ph = &info->dlpi_phdr[i];
		u64 start = info->dlpi_addr + ph->p_vaddr;

		if (ph->p_type == PT_LOAD && o->address >= start &&
		    o->address < start + ph->p_filesz) {
			o->offset = o->address - start + ph->p_offset;
			o->found = true;
		}
	}
	return 1;
}

/* ns for @n calls of @site. */
static u64 hit(void (*site)(void), int n)
{
	u64 start = clock_mono_ns();

	for (int i = 0; i < n; i++)
		site();
	return clock_mono_ns() - start;
}

/* The same, in parts: one in which somebody else had the CPU says nothing. */
static u64 hit_undisturbed(void (*site)(void), int n)
{
	u64 least = UINT64_MAX;

	for (int i = 0; i < PARTS; i++) {
		u64 ns = hit(site, n / PARTS);

		least = ns < least ? ns : least;
	}
	return least * PARTS;
}

static void hit_from_thread(void *arg)
{
	(void)arg;
	hit(gs_selftest_site, THREAD_HITS);
}

/* A link to no file: a kernel that knows such links complains about the file, not the link. */
bool attach_multi_supported(void)
{
	const struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	LIBBPF_OPTS(bpf_prog_load_opts, load, .expected_attach_type = BPF_TRACE_UPROBE_MULTI);
	unsigned long offset = 0;
	LIBBPF_OPTS(bpf_link_create_opts, create, .uprobe_multi.path = "/",
		    .uprobe_multi.offsets = &offset, .uprobe_multi.cnt = 1);
	int link, err, prog = bpf_prog_load(BPF_PROG_TYPE_KPROBE, NULL, "GPL", insns, 2, &load);

	if (prog < 0)
		return false;
	link = bpf_link_create(prog, -1, BPF_TRACE_UPROBE_MULTI, &create);
	err = errno;
	if (link >= 0)
		close(link);
	close(prog);
	return link < 0 && err == EBADF;
}

/* The code at @site, which is our own, as a site. */
static int own_site(void (*site)(void), struct probe_site *ret_s)
{
	struct own_offset own = { .address = (u64)(uintptr_t)site };

	dl_iterate_phdr(find_offset, &own);
	if (!own.found)
		return -ENOENT;
	*ret_s = (struct probe_site) { .event = GS_EVENT_NONE, .offset = own.offset };
	return 0;
}

static int attach_own(struct attached *a, const struct skel *s, void (*site)(void), u32 row)
{
	struct probe_site self;
	int err = own_site(site, &self);

	return err ? err : attach_sites(a, s, "/proc/self/exe", getpid(), &self, 1, row, NULL);
}

int attach_primer(struct attached *a, const struct skel *s, u32 site)
{
	struct probe_site self;
	int err = own_site(gs_selftest_site, &self);

	return err ? err : attach_rows(a, s, "/proc/self/exe", getpid(), &self, 1, site, NULL);
}

static u64 per_hit(u64 probed_ns, u64 plain_ns, u64 hits)
{
	return probed_ns > plain_ns ? (probed_ns - plain_ns) / hits : 0;
}

int attach_selftest(struct attached *a, const struct skel *s, u32 site, struct selftest *ret_t)
{
	u64 plain_ns = hit_undisturbed(gs_selftest_site, MAIN_HITS), probed_ns, hits = 0;
	size_t before = links_count(a);
	struct thread thread;
	int err;

	err = attach_own(a, s, gs_selftest_site, site);
	if (err)
		return err;
	hit(gs_selftest_site, MAIN_HITS / 10); /* the first ones fault pages in */
	probed_ns = hit_undisturbed(gs_selftest_site, MAIN_HITS);
	err = thread_start(&thread, hit_from_thread, NULL);
	if (!err)
		thread_join(&thread);
	ret_t->hit_ns = per_hit(probed_ns, plain_ns, MAIN_HITS);
	(void)kmaps_hits(skel_maps(s), GS_HOOK_COUNT + site, &hits, 1);
	ret_t->multi = hits == MAIN_HITS + MAIN_HITS / 10 + THREAD_HITS;
	links_drop(a, before);
	return err;
}

void cost_measure(struct hit_cost *ret_c)
{
	struct skel_opts o = {
		.config = { .max_threads = 1, .max_processes = 1, .max_sites = 2 },
		.max_types = 1,
		.sites_multi = attach_multi_supported(),
	};
	struct attached *a = attached_new();
	struct selftest t = {};
	struct skel *s = NULL;
	u64 plain_ns;

	*ret_c = (struct hit_cost) {};
	if (a && !skel_load(&o, &s, NULL) && !attach_selftest(a, s, 0, &t)) {
		ret_c->emulated_ns = t.hit_ns;
		plain_ns = hit(gs_selftest_stepped, STEPPED_HITS);
		if (!attach_own(a, s, gs_selftest_stepped, 1))
			ret_c->stepped_ns = per_hit(hit(gs_selftest_stepped, STEPPED_HITS),
						    plain_ns, STEPPED_HITS);
	}
	attached_free(a);
	skel_free(s);
}
