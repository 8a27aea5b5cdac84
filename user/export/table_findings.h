/* Findings as text. */
#ifndef GS_USER_EXPORT_TABLE_FINDINGS_H
#define GS_USER_EXPORT_TABLE_FINDINGS_H

#include <stdio.h>

#include "user/model/figures.h"

/* What is found in @f.  0 or -ENOMEM; write errors are left in @out. */
int table_findings(FILE *out, const struct figures *f);

#endif
