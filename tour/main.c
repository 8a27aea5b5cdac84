/*
 * gilscope-rt: the bundled runtime's programs.
 *
 *   gilscope-rt STOP             run a stop of the tour
 *   gilscope-rt --list           names and titles
 *   gilscope-rt --names          names
 *   gilscope-rt --about STOP     what `gilscope tour` shows of it, as JSON
 *   gilscope-rt --calibrate …    a workload for the calibration (tour/calibrate.c)
 *
 * Usable without gilscope: a stop then just runs.
 */
#include "tour/tour.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/rt_gil.h"
#include "tour/account.h"
#include "tour/calibrate.h"
#include "tour/stops.h"

#define X(id, name) \
	extern const struct tour_stop stop_##id; \
	extern const char source_##id[], script_##id[];
TOUR_STOPS(X)
#undef X

static const struct {
	const struct tour_stop *stop;
	const char *source, *script;
} stops[] = {
#define X(id, name) { &stop_##id, source_##id, script_##id },
	TOUR_STOPS(X)
#undef X
};

#define NSTOPS (sizeof(stops) / sizeof(stops[0]))

/* The lines of @source between [program] and [end]; a new string. */
static char *shown_part(const char *source)
{
	const char *from = strstr(source, "[program]"), *to = strstr(source, "[end]");

	if (!from || !to || to < from)
		return strdup("");
	from += strcspn(from, "\n");
	while (to > from && *to != '\n')
		to--;
	return to > from ? strndup(from + 1, to - from) : strdup("");
}

static int about(size_t i)
{
	const struct tour_stop *s = stops[i].stop;
	char *program = shown_part(stops[i].source);
	json_t *v = json_pack("{s:s,s:s,s:s,s:s,s:o,s:s,s:s}", "name", s->name, "title", s->title,
			      "about", s->about, "families", s->families, "count",
			      s->count ? json_string(s->count) : json_null(), "program", program,
			      "script", stops[i].script);
	int err = !v || json_dumpf(v, stdout, 0);

	json_decref(v);
	free(program);
	return err;
}

static int find(const char *name)
{
	for (size_t i = 0; i < NSTOPS; i++)
		if (!strcmp(stops[i].stop->name, name))
			return (int)i;
	fprintf(stderr, "gilscope-rt: %s: no such stop; --list lists them\n", name);
	return -1;
}

static int list(bool titles)
{
	for (size_t i = 0; i < NSTOPS; i++) {
		if (titles)
			printf("%-20s %s\n", stops[i].stop->name, stops[i].stop->title);
		else
			printf("%s\n", stops[i].stop->name);
	}
	return 0;
}

static int run(size_t i)
{
	int err;

	setvbuf(stdout, NULL, _IOLBF, 0);
	account_begin();
	stops[i].stop->run();
	err = account_end();
	return err;
}

int main(int argc, char **argv)
{
	int i;

	if (argc == 2 && (!strcmp(argv[1], "--list") || !strcmp(argv[1], "--names")))
		return list(!strcmp(argv[1], "--list"));
	if (argc >= 3 && !strcmp(argv[1], "--calibrate"))
		return calibrate(argc - 2, argv + 2);
	if (argc == 3 && !strcmp(argv[1], "--about"))
		return (i = find(argv[2])) < 0 ? 2 : about(i);
	if (argc == 2 && argv[1][0] != '-')
		return (i = find(argv[1])) < 0 ? 2 : run(i);
	fprintf(stderr,
		"usage: gilscope-rt STOP | --list | --names | --about STOP | --calibrate NAME …\n");
	return 2;
}
