/* gilscope ps: the CPython processes on this host. */
#ifndef GS_USER_CMD_PS_H
#define GS_USER_CMD_PS_H

#include "user/base/err.h"

/*
 * cmd_ps - list them on stdout
 * @format: "table" (also NULL) or "json": one object, schema gilscope.ps/1
 *
 * Looks into every process whose mapped files are named like an interpreter's; those that
 * cannot be read for lack of rights are left out.
 * Return: 0, or a negative errno with @e set.
 */
int cmd_ps(const char *format, struct err *e);

#endif
