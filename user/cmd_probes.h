/* gilscope probes: what its two sides, processes (cmd_probes.c) and files, share. */
#ifndef GS_USER_CMD_PROBES_H
#define GS_USER_CMD_PROBES_H

#include <jansson.h>

#include "user/base/err.h"

struct figures;
struct hit_cost;
struct opts;
struct py_binary;

/*
 * probes_print_sites - a table of the sites of @b that @o wants, with its heading
 * @f: hits counted; NULL: none were
 */
void probes_print_sites(const struct opts *o, const struct py_binary *b, const struct hit_cost *c,
			const struct figures *f);

/* The same as JSON objects, appended to @sites. */
void probes_add_sites(const struct opts *o, const struct py_binary *b, const struct hit_cost *c,
		      const struct figures *f, json_t *sites);

/*
 * probes_file - gilscope probes --file: what would be probed in a process that runs o->file
 * Return: 0, or a negative errno with @e set.
 */
int probes_file(const struct opts *o, struct err *e);

#endif
