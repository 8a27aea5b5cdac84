/*
 * discovery: how long finding an interpreter and its probe sites takes, without all the rest of
 * an attach: which file it is, its layout, the sites of the GIL and the collector, and those of
 * the event loops' library if the process has it.
 *
 * usage: discovery PID ROUNDS FOLDER   (FOLDER is for the layout caches: one per cold round)
 *
 * Prints a JSON object: seconds of each round with nothing kept from before, and of each with
 * what the first of them has kept by build id.  The page cache is as warm as it is.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "bpf/families.h"
#include "user/base/clock.h"
#include "user/target/module.h"
#include "user/target/process.h"

/* Seconds, or negative with @e set. */
static double discover(pid_t pid, struct err *e)
{
	const u32 asyncio = GS_FAMILY_BIT(GS_FAMILY_ASYNCIO);
	u64 began = clock_mono_ns();
	struct binaries *cache = binaries_new(NULL);
	struct py_process *p = NULL;
	struct module m;
	double took = -1;
	int r;

	if (!cache) {
		errf(e, GS_EXIT_FAILED, -ENOMEM, "out of memory");
		return -1;
	}
	r = process_identify(pid, GS_FAMILY_BIT(GS_FAMILY_GIL) | GS_FAMILY_BIT(GS_FAMILY_GC), cache,
			     &p, e);
	if (!r) {
		r = module_find(pid, "_asyncio", asyncio, cache, &m, e);
		if (!r || r == -ENOENT)
			took = (double)(clock_mono_ns() - began) / 1e9;
	}
	process_free(p);
	binaries_free(cache);
	return took;
}

/* @rounds of it, each with a cache of its own or all with the first one's.  0, or -1. */
static int series(const char *name, pid_t pid, int rounds, const char *folder, bool kept)
{
	struct err e = { 0 };
	char path[512];

	printf("\"%s\": [", name);
	for (int i = 0; i < rounds; i++) {
		double took;

		snprintf(path, sizeof(path), "%s/%d", folder, kept ? 0 : i);
		if (setenv("GILSCOPE_CACHE", path, 1))
			return -1;
		took = discover(pid, &e);
		if (took < 0) {
			fprintf(stderr, "discovery: %s\n", e.text);
			return -1;
		}
		printf("%s%.6f", i ? ", " : "", took);
	}
	printf("]");
	return 0;
}

int main(int argc, char **argv)
{
	pid_t pid = argc == 4 ? atoi(argv[1]) : 0;
	int rounds = argc == 4 ? atoi(argv[2]) : 0;

	if (pid <= 0 || rounds <= 0) {
		fprintf(stderr, "usage: discovery PID ROUNDS FOLDER\n");
		return 2;
	}
	printf("{");
	if (series("cold_s", pid, rounds, argv[3], false))
		return 1;
	printf(", ");
	if (series("cached_s", pid, rounds, argv[3], true))
		return 1;
	printf("}\n");
	return 0;
}
