/* Rows of other machines, made from x86-64's. */
#include "user/target/layout_machine.h"

#include <elf.h>

#define MUTEX_MORE 8 /* bytes of aarch64's pthread_mutex_t that x86-64's does not have */

void layout_for_machine(u16 machine, struct py_layout *l)
{
	if (machine != EM_AARCH64)
		return;
	l->gil_switch_cond += MUTEX_MORE; /* behind gil->mutex */
	l->gil_switch_mutex += MUTEX_MORE;
	l->gil_size += 2 * MUTEX_MORE;
	/* 3.11: one GIL, in _PyRuntime, and the main interpreter behind it. */
	if (l->runtime_gil != GS_NO_FIELD && l->runtime_main_interpreter != GS_NO_FIELD)
		l->runtime_main_interpreter += 2 * MUTEX_MORE;
}
