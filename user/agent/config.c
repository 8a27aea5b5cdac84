/*
 * Reading the agent's configuration; see config.h.
 *
 * The first mistake is the one that is told, with its line: libinih calls back without one, so
 * the function that hands it the lines counts them.
 */
#include "user/agent/config.h"

#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bpf/families.h"
#include "user/base/str.h"

#define FILE_MAX 65536
#define LINE_ROOM 1024 /* longest line, its end included */

struct reading {
	const char *path;
	const char *at; /* the rest of the text */
	u32 line; /* of what was handed out last */
	struct agent_config *config;
	struct err *e;
	bool failed;
};

static void complain(struct reading *r, u32 line, const char *what, const char *why)
{
	if (r->failed)
		return;
	r->failed = true;
	errf(r->e, GS_EXIT_USAGE, -EINVAL, "%s:%u: %s%s%s", r->path, line, what, *what ? ": " : "",
	     why);
}

/* Is there a section of this name? */
static bool known_section(const char *name, size_t len)
{
	for (size_t i = 0; i < config_key_count; i++)
		if (strlen(config_keys[i].section) == len &&
		    !strncmp(config_keys[i].section, name, len))
			return true;
	return len == strlen("services") && !strncmp("services", name, len);
}

/* libinih says nothing about a section without keys, nor about what it cuts: it is looked at here.
 */
static void check_line(struct reading *r, const char *line, size_t len)
{
	const char *close;

	if (len >= LINE_ROOM - 1) {
		complain(r, r->line, "", "the line is longer than 1022 bytes");
		return;
	}
	line += strspn(line, " \t");
	if (*line != '[')
		return;
	close = memchr(line, ']', strcspn(line, "\n"));
	if (!close)
		complain(r, r->line, "", "a section is [NAME]");
	else if (!known_section(line + 1, (size_t)(close - line - 1)))
		complain(r, r->line, "",
			 "no such section; there are: [http] [otlp] [measure] [labels] "
			 "[trigger] [services]");
	else if (close[1 + strspn(close + 1, " \t\r")] != '\n' &&
		 close[1 + strspn(close + 1, " \t\r")])
		complain(r, r->line, "", "there is more behind the section's name");
}

/* An ini_reader: fgets(3) for a text in memory. */
static char *next_line(char *to, int room, void *stream)
{
	struct reading *r = stream;
	size_t len = strcspn(r->at, "\n");

	if (!*r->at)
		return NULL;
	len += r->at[len] == '\n';
	r->line++;
	check_line(r, r->at, len);
	snprintf(to, (size_t)room, "%.*s", (int)len, r->at);
	r->at += len;
	return to;
}

static int set_service(struct reading *r, const char *name, const char *pattern)
{
	struct agent_config *c = r->config;
	const char *why = NULL;

	if (strlen(name) >= sizeof(c->rules[0].name))
		why = "longer than 63 bytes";
	else if (!*pattern || strlen(pattern) >= sizeof(c->rules[0].pattern))
		why = "not a pattern of 1 to 255 bytes";
	else if (c->nrules == SERVICE_RULES_MAX)
		why = "one service rule too many; there is room for 256";
	if (why) {
		complain(r, r->line, name, why);
		return 0;
	}
	strcpy(c->rules[c->nrules].name, name);
	str_printable(c->rules[c->nrules].name);
	strcpy(c->rules[c->nrules++].pattern, pattern);
	return 1;
}

/* An ini_handler: 0 is a mistake. */
static int on_key(void *user, const char *section, const char *name, const char *value)
{
	struct reading *r = user;
	char why[160];

	if (r->failed)
		return 0;
	if (!strcmp(section, "services"))
		return set_service(r, name, value);
	for (size_t i = 0; i < config_key_count; i++) {
		const struct config_key *k = &config_keys[i];

		if (strcmp(k->section, section) || strcmp(k->name, name))
			continue;
		if (r->config->line[i]) {
			snprintf(why, sizeof(why), "set twice; first in line %u",
				 r->config->line[i]);
			complain(r, r->line, name, why);
		} else if (config_set(r->config, k, value, why, sizeof(why))) {
			complain(r, r->line, name, why);
		}
		r->config->line[i] = r->line;
		return !r->failed;
	}
	if (!*section)
		complain(r, r->line, name, "a key before the first [section]");
	else
		complain(r, r->line, name,
			 "no such key in this section; see gilscope agent --print-config");
	return 0;
}

static u32 line_of(const struct agent_config *c, const char *name)
{
	for (size_t i = 0; i < config_key_count; i++)
		if (!strcmp(config_keys[i].name, name))
			return c->line[i];
	return 0;
}

/* A limit of [trigger] needs what measures it, and a place for recordings. */
static void check_trigger(struct reading *r, const char *key, u64 limit_ns, u32 family)
{
	const struct agent_config *c = r->config;

	if (limit_ns && !(c->families & GS_FAMILY_BIT(family)))
		complain(r, line_of(c, key), key, "what measures it is not among the families");
	if (limit_ns && !*c->trigger_directory)
		complain(r, line_of(c, key), key, "needs directory as well");
}

/* What no key knows alone. */
static void check_whole(struct reading *r)
{
	const struct agent_config *c = r->config;

	check_trigger(r, "wait", c->trigger_wait_ns, GS_FAMILY_GIL);
	check_trigger(r, "gc", c->trigger_gc_ns, GS_FAMILY_GC);
	check_trigger(r, "loop", c->trigger_loop_ns, GS_FAMILY_ASYNCIO);
	if (c->max_bytes / 2 < c->trigger_memory)
		complain(r, line_of(c, "max_bytes") ?: line_of(c, "memory"), "max_bytes",
			 "less than twice memory");

	if (*c->tls_cert && !*c->tls_key)
		complain(r, line_of(c, "tls_cert"), "tls_cert", "needs tls_key as well");
	if (*c->tls_key && !*c->tls_cert)
		complain(r, line_of(c, "tls_key"), "tls_key", "needs tls_cert as well");
}

/* Why the open file @fd cannot be one; NULL: it can. */
static const char *unfit(int fd, bool secret)
{
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		return strerror(errno);
	if (!S_ISREG(st.st_mode))
		return "not a file";
	return secret && st.st_mode & 077 ? "others than its owner may read it; chmod 600" : NULL;
}

char *config_text(const char *path, bool secret, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	const char *why = unfit(fd, secret);
	char *text = why ? NULL : malloc(FILE_MAX + 1);
	size_t used = 0;
	ssize_t n = 1;

	if (!why && !text)
		why = "no memory";
	while (!why && n > 0 && used <= FILE_MAX) {
		n = read(fd, text + used, FILE_MAX + 1 - used);
		why = n < 0 ? strerror(errno) : NULL;
		used += n > 0 ? (size_t)n : 0;
	}
	if (!why && used > FILE_MAX)
		why = "longer than 64 KiB";
	if (!why && memchr(text, '\0', used))
		why = "has NUL bytes; it is to be a text";
	if (fd >= 0)
		close(fd);
	if (why) {
		errf(e, GS_EXIT_USAGE, -EINVAL, "%s: %s", path, why);
		free(text);
		return NULL;
	}
	text[used] = '\0';
	return text;
}

int config_load(const char *path, struct agent_config *ret_c, struct err *e)
{
	struct reading r = { .path = path, .config = ret_c, .e = e };
	char *text, why[160];
	int line;

	memset(ret_c, 0, sizeof(*ret_c));
	for (size_t i = 0; i < config_key_count; i++)
		(void)config_set(ret_c, &config_keys[i], config_keys[i].fallback, why, sizeof(why));
	if (!path)
		return 0;
	text = config_text(path, false, e);
	if (!text)
		return -EINVAL;
	ini_use_stack = false;
	ini_max_line = ini_initial_alloc = LINE_ROOM;
	ini_allow_multiline = ini_allow_inline_comments = false;
	r.at = text;
	line = ini_parse_stream(next_line, &r, on_key, &r);
	if (line && !r.failed)
		complain(&r, line > 0 ? (u32)line : r.line, "",
			 line > 0 ? "not [SECTION], KEY = VALUE or a comment" : "no memory");
	check_whole(&r);
	free(text);
	return r.failed ? -EINVAL : 0;
}

static size_t size_of(enum config_type type)
{
	static const size_t sizes[] = {
		[CONFIG_ADDRESS] = CONFIG_TEXT,	 [CONFIG_PATH] = CONFIG_TEXT,
		[CONFIG_URL] = CONFIG_TEXT,	 [CONFIG_FLAG] = sizeof(bool),
		[CONFIG_NUMBER] = sizeof(u64),	 [CONFIG_DURATION] = sizeof(u64),
		[CONFIG_SHARE] = sizeof(double), [CONFIG_MODE] = sizeof(char *),
		[CONFIG_FAMILIES] = sizeof(u32), [CONFIG_SIZE] = sizeof(u64),
		[CONFIG_PATTERN] = CONFIG_TEXT,
	};

	return sizes[type];
}

static bool differs(const struct agent_config *a, const struct agent_config *b,
		    const struct config_key *k)
{
	return memcmp((const char *)a + k->offset, (const char *)b + k->offset, size_of(k->type));
}

const struct config_key *config_needs_restart(const struct agent_config *a,
					      const struct agent_config *b)
{
	for (size_t i = 0; i < config_key_count; i++) {
		const struct config_key *k = &config_keys[i];

		if (k->restart && differs(a, b, k))
			return k;
	}
	return NULL;
}

bool config_differs(const struct agent_config *a, const struct agent_config *b, const char *section)
{
	for (size_t i = 0; i < config_key_count; i++)
		if (!strcmp(config_keys[i].section, section) && differs(a, b, &config_keys[i]))
			return true;
	return false;
}

void config_print(void)
{
	const char *section = "";

	printf("# gilscope agent: every key with its default.  Times are seconds, or have a unit: "
	       "250ms,\n"
	       "# 5m.  SIGHUP reads the file again; keys marked (restart) stay as they were until "
	       "then.\n");
	for (size_t i = 0; i < config_key_count; i++) {
		const struct config_key *k = &config_keys[i];

		if (strcmp(section, k->section))
			printf("\n[%s]\n", k->section);
		section = k->section;
		printf("# ");
		for (const char *s = k->help; *s; s++)
			*s == '\n' ? (void)printf("\n# ") : (void)putchar(*s);
		printf("%s\n%s%s =%s%s\n", k->restart ? "  (restart)" : "",
		       *k->fallback ? "" : "# ", k->name, *k->fallback ? " " : "", k->fallback);
	}
	printf("\n[services]\n"
	       "# NAME = PATTERN: processes whose control group matches are of service NAME, the "
	       "first line\n"
	       "# that fits; process:PATTERN matches the process label instead.  Without: the "
	       "Kubernetes pod,\n"
	       "# the container, else the systemd unit.\n"
	       "# web = */gunicorn@*.service\n"
	       "# nightly = process:report*.py\n");
}
