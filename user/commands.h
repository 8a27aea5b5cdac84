/* The commands, one file each.  All return 0, or a negative errno with @e set. */
#ifndef GS_USER_COMMANDS_H
#define GS_USER_COMMANDS_H

#include "user/base/err.h"
#include "user/opts.h"

int cmd_stat(const struct opts *o, struct err *e); /* measure, then print */
int cmd_record(const struct opts *o, struct err *e); /* write every event to a recording */
int cmd_top(const struct opts *o, struct err *e); /* the live dashboard */
int cmd_probes(const struct opts *o, struct err *e); /* what would be attached; attaches nothing */
int cmd_tour(const struct opts *o, struct err *e); /* how Python works inside, traced live */
int cmd_report(const struct opts *o, struct err *e); /* figures from a recording */
int cmd_diff(const struct opts *o, struct err *e); /* two recordings side by side */
int cmd_export(const struct opts *o, struct err *e); /* a recording in another tool's format */
int cmd_flame(const struct opts *o, struct err *e); /* functions as a flame graph */
int cmd_agent(const struct opts *o, struct err *e); /* metrics over HTTP, always on */
int cmd_dump(const struct opts *o, struct err *e); /* all threads' Python stacks, now */
int cmd_doctor(const struct opts *o, struct err *e); /* what this machine allows */

#endif
