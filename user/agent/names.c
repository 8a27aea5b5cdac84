/* Names of processes and services; see names.h. */
#include "user/agent/names.h"

#include <ctype.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "user/base/str.h"
#include "user/target/container.h"

#define UID_LENGTH 36 /* of a pod: 8-4-4-4-12 hexadecimal digits */

/* The word at *@at, and *@at moved behind it; false: there is none. */
static bool next_word(const char **at, const char **ret_word, size_t *ret_len)
{
	*ret_word = *at + strspn(*at, " ");
	*ret_len = strcspn(*ret_word, " ");
	*at = *ret_word + *ret_len;
	return *ret_len;
}

static void copy(char ret_name[NAME_ROOM], const char *s, size_t len)
{
	snprintf(ret_name, NAME_ROOM, "%.*s", (int)(len < NAME_ROOM ? len : NAME_ROOM - 1), s);
	str_printable(ret_name); /* a character may have been cut in two */
}

/* What stands behind the last '/' of the word. */
static void copy_base(char ret_name[NAME_ROOM], const char *s, size_t len)
{
	for (size_t i = len; i-- > 0;) {
		if (s[i] == '/' && i + 1 < len) {
			copy(ret_name, s + i + 1, len - i - 1);
			return;
		}
	}
	copy(ret_name, s, len);
}

void name_of_program(const char *command, char ret_name[NAME_ROOM])
{
	const char *at = command ? command : "", *word;
	size_t len;

	snprintf(ret_name, NAME_ROOM, "?");
	if (!next_word(&at, &word, &len))
		return;
	copy_base(ret_name, word, len);
	if (strncmp(ret_name, "python", 6) != 0)
		return;
	while (next_word(&at, &word, &len)) {
		if (word[0] != '-') {
			copy_base(ret_name, word, len);
			return;
		}
		if (len == 2 && word[1] == 'c')
			return; /* the interpreter's own name: what follows is source */
		if (len == 2 && word[1] == 'm') {
			if (next_word(&at, &word, &len))
				copy(ret_name, word, len);
			return;
		}
		/* of CPython's options those that take the next word */
		if (len == 2 && strchr("WX", word[1]))
			(void)next_word(&at, &word, &len);
	}
}

/* kubelet names a pod's group "podUID", or with systemd "…-podUID.slice", '-' written as '_'. */
static bool find_pod(const char *cgroup, char ret_name[NAME_ROOM])
{
	const char *at = strstr(cgroup, "/kubepods");

	for (at = at ? strstr(at, "pod") : NULL; at; at = strstr(at + 1, "pod")) {
		const char *uid = at + 3;
		size_t n = 0;

		while (isxdigit((unsigned char)uid[n]) || uid[n] == '-' || uid[n] == '_')
			n++;
		if (n < UID_LENGTH)
			continue;
		snprintf(ret_name, NAME_ROOM, "pod:%.*s", UID_LENGTH, uid);
		for (char *c = ret_name; *c; c++)
			*c = *c == '_' ? '-' : *c;
		return true;
	}
	return false;
}

static bool matches(const struct service_rule *r, const char *cgroup, const char *program)
{
	if (!strncmp(r->pattern, "process:", 8))
		return !fnmatch(r->pattern + 8, program, 0);
	return !fnmatch(r->pattern, cgroup, 0);
}

void name_of_service(const struct service_rule *rules, size_t nrules, const char *cgroup,
		     const char *program, char ret_name[NAME_ROOM])
{
	char line[CONTAINER_PATH + 8];
	struct container c;

	cgroup = cgroup ? cgroup : "";
	for (size_t i = 0; i < nrules; i++) {
		if (matches(&rules[i], cgroup, program)) {
			snprintf(ret_name, NAME_ROOM, "%s", rules[i].name);
			return;
		}
	}
	if (find_pod(cgroup, ret_name))
		return;
	snprintf(line, sizeof(line), "0::%s\n", cgroup);
	(void)container_parse(line, &c); /* empties @c where there is none */
	snprintf(ret_name, NAME_ROOM, "%s", c.name[0] ? c.name : c.unit[0] ? c.unit : "host");
}
