/* What of a layout's row differs on other machines than x86-64, of which the rows are. */
#ifndef GS_USER_TARGET_LAYOUT_MACHINE_H
#define GS_USER_TARGET_LAYOUT_MACHINE_H

#include "user/target/layout.h"

/*
 * layout_for_machine - make the row @l, as layout_find() gives it, that of machine @machine (EM_*)
 *
 * aarch64 is LP64 as well; only glibc's pthread_mutex_t is larger: 48 bytes, not 40
 * (sysdeps/aarch64/nptl/bits/pthreadtypes-arch.h).  struct _gil_runtime_state has two, the only
 * ones in the structs of a row; what is behind them moves.
 */
void layout_for_machine(u16 machine, struct py_layout *l);

#endif
