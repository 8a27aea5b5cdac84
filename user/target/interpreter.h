/* Is there an interpreter in a process?  Cheaper than process_identify(), and no errors. */
#ifndef GS_USER_TARGET_INTERPRETER_H
#define GS_USER_TARGET_INTERPRETER_H

#include <stdbool.h>
#include <sys/types.h>

/* By name (process_looks_like_python()), or a program that itself exports _PyRuntime. */
bool interpreter_mapped(pid_t pid);

#endif
