/* Names of system calls. */
#ifndef GS_USER_BASE_SYSCALL_NAME_H
#define GS_USER_BASE_SYSCALL_NAME_H

#include "bpf/types.h"

/* The name of this machine's system call number @nr; static; NULL: there is none that we know. */
const char *syscall_name(u32 nr);

#endif
