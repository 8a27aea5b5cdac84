/*
 * Holding what the tracer saw against what a program says of itself.
 *
 * The program leaves one JSON object: {"ok": bool, "checks": [{"what": "takes of the GIL",
 * "figure": "gils[0].takes", "value": N, "slack": N, "percent": N}, …]}.  A figure is a path into
 * a process of gilscope.stat/1; [0] is a row by number, [type=list] a row by a member's value.
 */
#ifndef GS_USER_TOUR_CHECK_H
#define GS_USER_TOUR_CHECK_H

#include <jansson.h>

#include "user/base/err.h"

/*
 * tour_figure - the value at @path
 * @root: a process of gilscope.stat/1, or the whole object for paths that begin with "probes["
 *
 * Return: borrowed; NULL if there is none.
 */
const json_t *tour_figure(const json_t *root, const char *path);

/*
 * tour_compare - print every check of @told with the figure seen, and what comes of it
 * @told: what the program left
 * @seen: a gilscope.stat/1 object; NULL if nothing was traced: then only "ok" counts
 *
 * Return: how many were not as expected; -EBADMSG with @e set if @told is not as above.
 */
int tour_compare(const json_t *told, const json_t *seen, struct err *e);

#endif
