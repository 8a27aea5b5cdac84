/* Functions as a JSON value. */
#ifndef GS_USER_EXPORT_JSON_FUNCTIONS_H
#define GS_USER_EXPORT_JSON_FUNCTIONS_H

#include "user/export/json_writer.h"
#include "user/model/figures.h"

/* The array of the Python functions of @p, by the time they held the GIL themselves, as the value
 * of a key just written; null: no stacks were measured. */
void json_put_functions(struct json_writer *w, const struct fig_process *p);

#endif
