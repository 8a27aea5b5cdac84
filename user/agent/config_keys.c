/*
 * The keys of the agent's configuration, and how each kind of value is read.  What --print-config
 * and docs/agent.md say is written from the same table.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bpf/families.h"
#include "user/agent/config.h"
#include "user/base/fmt.h"
#include "user/base/str.h"

#define SECOND 1000000000ULL

#define KEY(section, key, type, member, min, max, fallback, restart, help) \
	{ \
		section, key, type, offsetof(struct agent_config, member), min, max, fallback, \
			restart, help \
	}

/* clang-format off */
const struct config_key config_keys[] = {
	KEY("http", "listen", CONFIG_ADDRESS, listen, 0, 0, "127.0.0.1:9774", true,
	    "Where to answer: an address and a port; IPv6 as [::1]:9774.  Off the loopback only with\n"
	    "TLS, authentication or insecure.  --listen goes before it."),
	KEY("http", "tls_cert", CONFIG_PATH, tls_cert, 0, 0, "", false,
	    "PEM file with the certificate, and those between it and the root."),
	KEY("http", "tls_key", CONFIG_PATH, tls_key, 0, 0, "", false,
	    "PEM file with its private key, readable by its owner only."),
	KEY("http", "auth_file", CONFIG_PATH, auth_file, 0, 0, "", false,
	    "File of USER:HASH lines for basic authentication, readable by its owner only; the hash as\n"
	    "crypt(3) has it: openssl passwd -6, mkpasswd, htpasswd -B."),
	KEY("http", "insecure", CONFIG_FLAG, insecure, 0, 0, "no", false,
	    "yes: answer off the loopback although there is neither TLS nor authentication."),
	KEY("http", "max_connections", CONFIG_NUMBER, max_connections, 4, 1024, "64", false,
	    "Connections at a time; for one more the oldest without a whole request is closed."),
	KEY("http", "timeout", CONFIG_DURATION, timeout_ns, SECOND, 600 * SECOND, "10s", false,
	    "Time: a connection that sends no whole request, or takes no answer, for so long is closed."),
	KEY("otlp", "endpoint", CONFIG_URL, otlp_endpoint, 0, 0, "", false,
	    "URL of an OpenTelemetry collector to push all metrics to, as in\n"
	    "http://127.0.0.1:4318/v1/metrics (OTLP/HTTP, protobuf).  Not set: none."),
	KEY("otlp", "interval", CONFIG_DURATION, otlp_interval_ns, SECOND, 3600 * SECOND, "15s", false,
	    "Time between pushes."),
	KEY("otlp", "timeout", CONFIG_DURATION, otlp_timeout_ns, SECOND / 10, 600 * SECOND, "10s", false,
	    "Time: an attempt that has no answer by then is made again, after 1 s at first, 1 min at last."),
	KEY("otlp", "queue", CONFIG_NUMBER, otlp_queue, 1, 10000, "64", false,
	    "Requests that wait for a collector that is away, 16 MiB at most; then the oldest is dropped."),
	KEY("otlp", "gzip", CONFIG_FLAG, otlp_gzip, 0, 0, "yes", false,
	    "yes: requests are compressed."),
	KEY("otlp", "headers_file", CONFIG_PATH, otlp_headers_file, 0, 0, "", false,
	    "File of NAME: VALUE lines to send with each request (Authorization, say), readable by its\n"
	    "owner only."),
	KEY("otlp", "ca_file", CONFIG_PATH, otlp_ca_file, 0, 0, "", false,
	    "PEM file of those who may sign the collector's certificate.  Not set: the system's."),
	KEY("measure", "mode", CONFIG_MODE, mode, 0, 0, "watch", true,
	    "watch: through the scheduler and samples of the GIL's holder, no probes on the GIL; exact:\n"
	    "every take and release, hold times included, at a cost to the programs that no budget limits."),
	KEY("measure", "families", CONFIG_FAMILIES, families, 0, 0, "gil,gc,io,sched,ft", true,
	    "What is measured, of: gil gc io sched ft refs asyncio."),
	KEY("measure", "budget", CONFIG_SHARE, budget, 0, 0, "1%", true,
	    "Share of one core that counting objects (refs) may cost a program, else it is thinned; none:\n"
	    "no limit."),
	KEY("measure", "interval", CONFIG_DURATION, interval_ns, SECOND / 10, 60 * SECOND, "2s", false,
	    "Time between readings of what the kernel counted; a scrape is always answered from one less\n"
	    "than half a second old.  It is longer where readings would take over 0.5 % of a core.\n"
	    "Up to 1024 processes may end in between."),
	KEY("measure", "max_processes", CONFIG_NUMBER, max_processes, 1, 4096, "1024", true,
	    "Processes at a time; what is beyond is counted as lost."),
	KEY("measure", "max_threads", CONFIG_NUMBER, max_threads, 16, 65536, "4096", true,
	    "Threads at a time, of all processes; likewise.  Some 10 KiB of memory each."),
	KEY("measure", "sample_rate", CONFIG_NUMBER, sample_rate, 10, 5000, "100", true,
	    "Hz: watch mode looks this often a second who holds the GIL."),
	KEY("measure", "slow", CONFIG_DURATION, slow_ns, 1000, 600 * SECOND, "100ms", true,
	    "Time: an iteration of an event loop (asyncio) that takes longer has blocked it."),
	KEY("labels", "per_process", CONFIG_FLAG, per_process, 0, 0, "no", false,
	    "yes: also gilscope_process_* for each running process, with its pid."),
	KEY("labels", "per_thread", CONFIG_FLAG, per_thread, 0, 0, "no", false,
	    "yes: also gilscope_thread_* for each running thread, with its tid and name."),
	KEY("labels", "max_series", CONFIG_NUMBER, max_series, 2000, 1000000, "20000", false,
	    "Series that an answer has at most, but for the agent's own; what is beyond is counted under\n"
	    "service=\"other\"."),
	KEY("labels", "forget", CONFIG_DURATION, forget_ns, 0, 366 * 86400 * SECOND, "60m", false,
	    "Time after which a service without a process disappears, its counters with it; never: it stays."),
	KEY("trigger", "wait", CONFIG_DURATION, trigger_wait_ns, 0, 600 * SECOND, "never", true,
	    "Time: when a thread has waited longer for the GIL, the last seconds are kept as a recording,\n"
	    "which gilscope report reads; never: they are not."),
	KEY("trigger", "gc", CONFIG_DURATION, trigger_gc_ns, 0, 600 * SECOND, "never", true,
	    "Likewise, when a collection took longer."),
	KEY("trigger", "loop", CONFIG_DURATION, trigger_loop_ns, 0, 600 * SECOND, "never", true,
	    "Likewise, when an iteration of an event loop did; asyncio must be among the families."),
	KEY("trigger", "service", CONFIG_PATTERN, trigger_service, 0, 0, "", true,
	    "Pattern of the service label: others make no recording.  Not set: all may."),
	KEY("trigger", "directory", CONFIG_PATH, trigger_directory, 0, 0, "", true,
	    "Where recordings go: made if it is missing; others may not write there.  A recording has\n"
	    "command lines and names of all measured programs."),
	KEY("trigger", "last", CONFIG_DURATION, trigger_last_ns, SECOND, 600 * SECOND, "10s", true,
	    "Time that a recording goes back, if memory is enough."),
	KEY("trigger", "memory", CONFIG_SIZE, trigger_memory, 256 << 10, 1 << 30, "32M", true,
	    "Bytes (K, M, G) of events that are kept in memory for it."),
	KEY("trigger", "pause", CONFIG_DURATION, trigger_pause_ns, SECOND / 10, 86400 * SECOND, "60s", true,
	    "Time from a recording until there can be another, of whatever service."),
	KEY("trigger", "max_recordings", CONFIG_NUMBER, max_recordings, 1, 1000, "20", true,
	    "Recordings in the directory; the oldest goes first."),
	KEY("trigger", "max_bytes", CONFIG_SIZE, max_bytes, 1 << 20, 1ULL << 40, "1G", true,
	    "Bytes of all of them, at least twice memory; likewise."),
	KEY("trigger", "max_age", CONFIG_DURATION, max_age_ns, SECOND, 366 * 86400 * SECOND, "10080m", true,
	    "Time after which a recording is removed."),
};
/* clang-format on */

const size_t config_key_count = sizeof(config_keys) / sizeof(config_keys[0]);
_Static_assert(sizeof(config_keys) / sizeof(config_keys[0]) <= CONFIG_MAX_KEYS, "room for lines");

static int no(char *why, size_t size, const char *what)
{
	snprintf(why, size, "%s", what);
	return -EINVAL;
}

/* An address in digits and a port; names are not looked up, so nobody else decides where it is. */
static int check_address(const char *text, char *why, size_t size)
{
	const char *colon = strrchr(text, ':');
	char host[CONFIG_TEXT];
	unsigned char room[16];
	size_t len = colon ? (size_t)(colon - text) : 0;
	bool six = len > 2 && text[0] == '[' && colon[-1] == ']';
	u64 port;

	snprintf(host, sizeof(host), "%.*s", (int)(six ? len - 2 : len), text + six);
	if (!len || inet_pton(six ? AF_INET6 : AF_INET, host, room) != 1)
		return no(why, size,
			  "not ADDRESS:PORT in digits, as in 127.0.0.1:9774 or [::1]:9774");
	if (str_to_u64(colon + 1, 0, 65535, &port))
		return no(why, size, "its port is not a number from 0 to 65535");
	return 0;
}

static bool is_url(const char *text)
{
	size_t scheme = !strncmp(text, "http://", 7) ? 7 : !strncmp(text, "https://", 8) ? 8 : 0;

	if (!scheme || !text[scheme] || text[scheme] == '/')
		return false;
	for (; *text; text++)
		if ((unsigned char)*text <= ' ' || *text == 0x7f)
			return false;
	return true;
}

static int set_text(char *to, const struct config_key *k, const char *text, char *why, size_t size)
{
	if (strlen(text) >= CONFIG_TEXT)
		return no(why, size, "longer than 255 bytes");
	if (k->type == CONFIG_PATH && *text && *text != '/')
		return no(why, size, "not an absolute path");
	if (k->type == CONFIG_URL && *text && !is_url(text))
		return no(why, size, "not http://… or https://… without blanks");
	strcpy(to, text);
	return k->type == CONFIG_ADDRESS ? check_address(text, why, size) : 0;
}

static int set_number(u64 *to, const struct config_key *k, const char *text, char *why, size_t size)
{
	if (!str_to_u64(text, k->min, k->max, to))
		return 0;
	snprintf(why, size, "not a number from %llu to %llu", (unsigned long long)k->min,
		 (unsigned long long)k->max);
	return -EINVAL;
}

static int set_duration(u64 *to, const struct config_key *k, const char *text, char *why,
			size_t size)
{
	u64 ns = 0;
	int err;

	if (!k->min && !strcmp(text, "never")) {
		*to = 0;
		return 0;
	}
	err = str_to_duration(text, &ns);
	if (!err && ns >= k->min && ns <= k->max) {
		*to = ns;
		return 0;
	}
	if (err == -EINVAL)
		snprintf(why, size, "not a time; give seconds, or a unit: 2, 0.5, 250ms, 5m%s",
			 k->min ? "" : ", or never");
	else
		snprintf(why, size, "out of range; %s to %s", fmt_ns(k->min).s, fmt_ns(k->max).s);
	return -EINVAL;
}

static int set_size(u64 *to, const struct config_key *k, const char *text, char *why, size_t size)
{
	size_t digits = strspn(text, "0123456789");
	const char *unit = text + digits;
	unsigned int shift = *unit == 'K' ? 10 : *unit == 'M' ? 20 : *unit == 'G' ? 30 : 0;
	char number[24];
	u64 n;

	snprintf(number, sizeof(number), "%.*s", (int)digits, text);
	if (!digits || digits >= sizeof(number) || unit[!!shift] ||
	    str_to_u64(number, 0, UINT64_MAX >> shift, &n))
		return no(why, size, "not a number of bytes, as in 500K, 32M or 1G");
	if (n << shift < k->min || n << shift > k->max) {
		snprintf(why, size, "out of range; %lluK to %lluG",
			 (unsigned long long)(k->min >> 10), (unsigned long long)(k->max >> 30));
		return -EINVAL;
	}
	*to = n << shift;
	return 0;
}

static int set_share(double *to, const char *text, char *why, size_t size)
{
	size_t digits = strspn(text, "0123456789.");
	double percent = strtod(text, NULL);

	if (!strcmp(text, "none")) {
		*to = 0;
		return 0;
	}
	if (!digits || strcmp(text + digits, "%") || !(percent >= 0.01 && percent <= 100))
		return no(why, size, "not a share; give 0.01% to 100%, as in 1%, or none");
	*to = percent / 100;
	return 0;
}

static int set_families(u32 *to, const char *text, char *why, size_t size)
{
	static const struct {
		const char *name;
		u32 bit;
	} known[] = {
		{ "gil", GS_FAMILY_BIT(GS_FAMILY_GIL) },
		{ "gc", GS_FAMILY_BIT(GS_FAMILY_GC) },
		{ "io", GS_FAMILY_BIT(GS_FAMILY_IO) },
		{ "sched", GS_FAMILY_BIT(GS_FAMILY_SCHED) },
		{ "ft", GS_FAMILY_BIT(GS_FAMILY_FT) },
		{ "refs", GS_FAMILY_BIT(GS_FAMILY_REFS) },
		{ "asyncio", GS_FAMILY_BIT(GS_FAMILY_ASYNCIO) },
	};
	u32 mask = GS_FAMILY_BIT(GS_FAMILY_PROC);

	for (;;) {
		size_t len, i = 0;

		text += strspn(text, " ");
		len = strcspn(text, ", ");
		while (i < sizeof(known) / sizeof(known[0]) &&
		       (strlen(known[i].name) != len || strncmp(known[i].name, text, len)))
			i++;
		if (i == sizeof(known) / sizeof(known[0]))
			return no(why, size, "not a list of: gil gc io sched ft refs asyncio");
		mask |= known[i].bit;
		text += len + strspn(text + len, " ");
		if (!*text)
			break;
		if (*text++ != ',')
			return no(why, size, "families are separated by commas");
	}
	*to = mask;
	return 0;
}

int config_set(struct agent_config *c, const struct config_key *k, const char *text, char *why,
	       size_t size)
{
	void *to = (char *)c + k->offset;

	switch (k->type) {
	case CONFIG_ADDRESS:
	case CONFIG_PATH:
	case CONFIG_URL:
	case CONFIG_PATTERN:
		return set_text(to, k, text, why, size);
	case CONFIG_NUMBER:
		return set_number(to, k, text, why, size);
	case CONFIG_SIZE:
		return set_size(to, k, text, why, size);
	case CONFIG_DURATION:
		return set_duration(to, k, text, why, size);
	case CONFIG_SHARE:
		return set_share(to, text, why, size);
	case CONFIG_FAMILIES:
		return set_families(to, text, why, size);
	case CONFIG_FLAG:
		if (strcmp(text, "yes") && strcmp(text, "no"))
			return no(why, size, "neither yes nor no");
		*(bool *)to = *text == 'y';
		return 0;
	case CONFIG_MODE:
		if (strcmp(text, "watch") && strcmp(text, "exact"))
			return no(why, size, "no such mode; there are: watch exact");
		*(const char **)to = *text == 'w' ? "watch" : "exact";
		return 0;
	}
	return -EINVAL;
}
