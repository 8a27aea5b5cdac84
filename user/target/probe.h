/* A place to put a probe, and why it means what it is said to mean. */
#ifndef GS_USER_TARGET_PROBE_H
#define GS_USER_TARGET_PROBE_H

#include "bpf/families.h"
#include "bpf/site.h"
#include "bpf/types.h"

struct probe_site {
	enum gs_family family;
	enum gs_event event;
	struct gs_arg args[GS_SITE_ARGS];
	bool optional; /* tells nothing that is not known without it: probed only if asked for */
	u64 vaddr; /* in the file's own address space */
	u64 offset; /* in the file, bytes: what a uprobe takes */
	u64 function; /* refs: entry (vaddr) of the function it is in, a type's tp_dealloc; else 0
		       */
	u64 semaphore; /* file offset of the USDT semaphore; 0: none */
	const char *found_by; /* "symtab", "usdt", "decode", "type"; static */
	char *evidence; /* owned; one sentence a reader can check with objdump */
	char instruction[48]; /* as disassembled: "jne 0x4f95dd" */
	bool emulated; /* the kernel emulates it; else it is single-stepped, at ~10x the cost */
};

#endif
