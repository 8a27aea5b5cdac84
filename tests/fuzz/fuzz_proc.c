/*
 * Fuzzing what is read of /proc: the first byte chooses between lines of maps, the text of stat and
 * of status, and the name of a program's file.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/target/proc_maps.h"
#include "user/target/proc_status.h"
#include "user/target/version.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

#define CHECK(x) \
	do { \
		if (!(x)) \
			abort(); \
	} while (0)

static void maps(char *text)
{
	char *line, *rest = text;

	while ((line = strsep(&rest, "\n"))) {
		struct proc_map m = { 0 };
		int r = proc_map_parse(line, &m);

		CHECK(r == 0 || r == -EINVAL || r == -ENOMEM);
		if (r)
			continue;
		CHECK(m.start < m.end && m.path && strlen(m.path) <= strlen(line));
		free(m.path);
	}
}

static void name(const char *text)
{
	size_t n = 0;
	const char *base = version_base_name(text, &n);

	CHECK(base >= text && n <= strlen(base));
	(void)version_name_is_python(text);
	(void)version_name_is_other(text);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct proc_status s = { 0 };
	char *text;
	int r;

	if (!size)
		return 0;
	text = strndup((const char *)data + 1, size - 1);
	CHECK(text);
	switch (data[0] % 4) {
	case 0:
		maps(text);
		break;
	case 1:
		r = proc_stat_parse(text, &s);
		CHECK(r == 0 || r == -EINVAL);
		break;
	case 2:
		proc_ids_parse(text, 7, &s);
		CHECK(s.ns_pid >= 0 && s.tgid >= 0);
		break;
	default:
		name(text);
	}
	free(text);
	return 0;
}
