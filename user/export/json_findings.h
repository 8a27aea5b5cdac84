/* Findings as a JSON value. */
#ifndef GS_USER_EXPORT_JSON_FINDINGS_H
#define GS_USER_EXPORT_JSON_FINDINGS_H

#include "user/export/json_writer.h"
#include "user/model/figures.h"

/* The array of what is found in @f, as the value of a key just written. */
void json_put_findings(struct json_writer *w, const struct figures *f);

#endif
