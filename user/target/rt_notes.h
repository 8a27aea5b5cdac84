/*
 * Runtimes that are no CPython but mark the same events with USDT notes of the provider
 * gilscope_rt (runtime/rt_probe.h documents the points): measured by the same families, with no
 * decoding and no layout.
 */
#ifndef GS_USER_TARGET_RT_NOTES_H
#define GS_USER_TARGET_RT_NOTES_H

#include "user/target/sites.h"

/* Has @f such notes? */
bool rt_notes_in(struct elf_file *f);

/* Fill in @b as such a runtime: its "version", and a layout that knows nothing. */
void rt_notes_describe(struct py_binary *b);

/* Find the sites of @families: 0, or a negative errno with @e set. */
int rt_notes_sites(struct site_search *search, u32 families, struct err *e);

#endif
