/*
 * The program with the bundled runtime, gilscope-rt: found beside gilscope or in libexec, run
 * to ask it about its stops.
 */
#ifndef GS_USER_TOUR_PROGRAM_H
#define GS_USER_TOUR_PROGRAM_H

#include <limits.h>
#include <stddef.h>

#include "user/base/err.h"

/* Its path into @ret_path.  0, or -ENOENT with @e set. */
int tour_program_find(char ret_path[PATH_MAX], struct err *e);

/*
 * tour_program_ask - run it with one or two arguments and take its output
 * Return: the output, a new string; NULL with @e set if it cannot be
 * run or fails.
 */
char *tour_program_ask(const char *path, const char *arg, const char *stop, struct err *e);

/* Run @argv with our standard streams and wait: its exit status as from waitpid(), or -errno. */
int tour_program_run(char **argv);

#endif
