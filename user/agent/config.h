/*
 * The agent's configuration: one file, read by one table of keys.
 *
 * The file is INI: [section], KEY = VALUE, whole lines of comment behind # or ;.  It is split by
 * libinih, chosen among Debian's parsers because every value stays a text of one line: what it
 * means, and which file and line an error is in, is then said in one place, the table in
 * config_keys.c.  (libconfig and libconfuse bring types, inclusion and expansion of their own,
 * which would need a second table.)
 */
#ifndef GS_USER_AGENT_CONFIG_H
#define GS_USER_AGENT_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "bpf/types.h"
#include "user/agent/names.h"
#include "user/base/err.h"

#define CONFIG_TEXT 256 /* longest text value, its NUL included */
#define CONFIG_MAX_KEYS 48

struct agent_config {
	/* [http] */
	char listen[CONFIG_TEXT]; /* ADDRESS:PORT */
	char tls_cert[CONFIG_TEXT], tls_key[CONFIG_TEXT]; /* PEM files; "": no TLS */
	char auth_file[CONFIG_TEXT]; /* USER:HASH lines; "": no authentication */
	bool insecure; /* answer off the loopback although there is neither */
	u64 max_connections;
	u64 timeout_ns; /* of a connection without a whole request */
	/* [otlp] */
	char otlp_endpoint[CONFIG_TEXT]; /* URL; "": nothing is pushed */
	u64 otlp_interval_ns, otlp_timeout_ns;
	u64 otlp_queue; /* requests */
	bool otlp_gzip;
	char otlp_headers_file[CONFIG_TEXT], otlp_ca_file[CONFIG_TEXT]; /* "": none */
	/* [measure] */
	const char *mode; /* "watch" or "exact"; static */
	u32 families; /* GS_FAMILY_BIT()s */
	double budget; /* of one core; 0: none */
	u64 interval_ns; /* between readings */
	u64 max_processes, max_threads;
	u64 sample_rate; /* Hz */
	u64 slow_ns;
	/* [labels] */
	bool per_process, per_thread;
	u64 max_series;
	u64 forget_ns; /* 0: never */
	/* [trigger] */
	u64 trigger_wait_ns, trigger_gc_ns, trigger_loop_ns; /* 0: none */
	char trigger_service[CONFIG_TEXT]; /* fnmatch(3); "": all */
	char trigger_directory[CONFIG_TEXT];
	u64 trigger_last_ns;
	u64 trigger_memory; /* bytes */
	u64 max_recordings, max_bytes; /* of all of them */
	u64 max_age_ns;
	u64 trigger_pause_ns;
	/* [services] */
	struct service_rule rules[SERVICE_RULES_MAX];
	size_t nrules;

	u32 line[CONFIG_MAX_KEYS]; /* where each key is set; 0: by default */
};

/* How a value is written. */
enum config_type {
	CONFIG_ADDRESS,
	CONFIG_PATH,
	CONFIG_URL,
	CONFIG_FLAG,
	CONFIG_NUMBER,
	CONFIG_DURATION, /* "never" where the least is 0 */
	CONFIG_SHARE,
	CONFIG_MODE,
	CONFIG_FAMILIES,
	CONFIG_SIZE, /* bytes; with K, M or G */
	CONFIG_PATTERN,
};

struct config_key {
	const char *section, *name;
	enum config_type type;
	size_t offset; /* in struct agent_config */
	u64 min, max; /* of numbers; of durations in ns */
	const char *fallback; /* the default, as it would be written */
	bool restart; /* a running agent cannot change it */
	const char *help; /* lines of a comment, the unit among them */
};

extern const struct config_key config_keys[];
extern const size_t config_key_count;

/*
 * config_set - give key @k in @c the value @text
 *
 * Return: 0, or -EINVAL with @why, of @size bytes, saying what would be right.
 */
int config_set(struct agent_config *c, const struct config_key *k, const char *text, char *why,
	       size_t size);

/*
 * config_load - the defaults, then what the file at @path says; NULL: only the defaults
 *
 * Return: 0, or -EINVAL with @e set to one line, "FILE:LINE: …", exit code 2: the file cannot be
 * read, is longer than 64 KiB, has a line that is none of its kinds, an unknown section or key, a
 * key twice, a wrong value, or keys that do not go together.  *@ret_c is undefined then.
 */
int config_load(const char *path, struct agent_config *ret_c, struct err *e);

/*
 * config_text - all of the text file at @path, 64 KiB at most
 * @secret: refuse it if others than its owner may read or write it
 *
 * Return: the text, to be freed; NULL with @e set, "FILE: …", exit code 2.
 */
char *config_text(const char *path, bool secret, struct err *e);

/* Is there anything that makes a recording? */
static inline bool config_triggers(const struct agent_config *c)
{
	return c->trigger_wait_ns || c->trigger_gc_ns || c->trigger_loop_ns;
}

/* The first key in which @b differs from @a that a running agent cannot change; NULL: none. */
const struct config_key *config_needs_restart(const struct agent_config *a,
					      const struct agent_config *b);

/* Does a key of @section differ? */
bool config_differs(const struct agent_config *a, const struct agent_config *b,
		    const char *section);

/* To stdout: a file of all keys with their defaults, each behind its explanation. */
void config_print(void);

#endif
