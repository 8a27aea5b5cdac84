/* Seeds for fuzz_trace_reader: a recording, packets, events and values, one file for each mode. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "user/trace/layout.h"
#include "user/trace/writer.h"

static void put(const char *directory, const char *name, const void *bytes, size_t size)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	f = fopen(path, "we");
	if (!f || fwrite(bytes, 1, size, f) != size || fclose(f)) {
		perror(path);
		exit(1);
	}
}

/* An event of each kind but LATE, which the last one brings along. */
static void fill(struct packet *p)
{
	for (u32 kind = 0; kind < EVENT_KIND_COUNT; kind++) {
		struct event ev = { .kind = (enum event_kind)kind,
				    .ts_ns = 1000 + kind,
				    .pid = 5,
				    .tid = 6,
				    .ns = 7,
				    .text = { "one", "two", "three", "4", "5" } };

		if (kind == EVENT_LATE)
			continue;
		ev.ts_ns -= kind == EVENT_END ? 2 : 0;
		(void)packet_add(p, &ev);
	}
	packet_end(p, 0);
}

static const struct trace_info info = {
	.gilscope = "0.1.0",
	.kernel = "6.1",
	.host = "here",
	.command = "x",
	.mode = "exact",
	.format = TRACE_FORMAT,
	.started_unix_ns = 1795000000000000000,
	.started_ns = 1000,
};

static void put_raw(const char *directory, const struct packet *p)
{
	char *metadata = trace_metadata(&info, p->uuid);
	size_t len = metadata ? strlen(metadata) : 0, size = 3 + len + p->used;
	u8 *seed = calloc(1, size);

	if (!metadata || !seed)
		exit(1);
	seed[1] = (u8)len;
	seed[2] = (u8)(len >> 8);
	memcpy(seed + 3, metadata, len);
	memcpy(seed + 3 + len, p->bytes, p->used);
	put(directory, "raw", seed, size);
	free(metadata);
	free(seed);
}

static void put_packets(const char *directory, const struct packet *p)
{
	size_t size = p->used - sizeof(struct trace_packet);
	u8 *seed = calloc(1, size + 6);

	if (!seed)
		exit(1);
	seed[0] = 1;
	seed[1] = 1; /* flags: the end's time follows */
	seed[2] = (u8)size;
	seed[3] = (u8)(size >> 8);
	seed[4] = (u8)(p->last_ns - 1000);
	memcpy(seed + 6, p->bytes + sizeof(struct trace_packet), size);
	put(directory, "packets", seed, size + 6);
	free(seed);
}

/* Kinds in turn, with the same bytes for everything else. */
static void put_events(const char *directory)
{
	u8 seed[2048] = { 2, 100 };
	size_t used = 2;

	for (u8 kind = 0; kind < EVENT_KIND_COUNT; kind++) {
		seed[used++] = kind;
		seed[used++] = kind == EVENT_HOLD ? 251 : 3; /* time */
		memset(seed + used, 0, 64);
		seed[used] = 6;
		used += 64;
	}
	put(directory, "events", seed, used);
}

static void put_values(const char *directory)
{
	static const char seed[] = "\3\0\0\0\0\0....\0\0\0\0....\0\0\0\0\0\0\0\0\0\0\0\0"
				   "host\0kernel\0"
				   "1.2.3\0command \"quoted\" \\ /* */";

	put(directory, "values", seed, sizeof(seed));
}

int main(int argc, char **argv)
{
	static const u8 uuid[16] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };
	struct packet *p = packet_new(uuid, 0);

	if (argc != 2 || !p)
		return 2;
	fill(p);
	put_raw(argv[1], p);
	put_packets(argv[1], p);
	put_events(argv[1]);
	put_values(argv[1]);
	free(p);
	return 0;
}
