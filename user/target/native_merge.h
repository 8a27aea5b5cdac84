/*
 * Native and Python frames of one stack, put together.
 *
 * A native frame in CPython's evaluation loop stands for the Python frames that it evaluates: from
 * one that was called by C (GS_FRAME_FROM_C) up to the newest that those before it called.  So
 *
 *   native: usleep, ffi_call, [eval], list_sort, [eval], main      python: key | sorted_by, main
 *   merged: usleep, ffi_call, key, list_sort, sorted_by, main
 *
 * Native frames older than the oldest Python frame start the interpreter or the thread, and are
 * left out.  It is done only where the two agree in number; else they are not mixed.
 */
#ifndef GS_USER_TARGET_NATIVE_MERGE_H
#define GS_USER_TARGET_NATIVE_MERGE_H

#include "bpf/frames.h"
#include "user/target/native.h"

#define NATIVE_MERGED_MAX (GS_FRAMES_MAX + NATIVE_FRAMES_MAX)

enum native_how {
	NATIVE_MERGED,
	/* The native stack ended early: it is merged as far as it goes; older Python frames follow
	 * without native ones between them. */
	NATIVE_CUT,
	/* They do not go together: the native frames down to the first evaluation, then the Python
	 * ones. */
	NATIVE_UNMERGED,
};

struct native_merged {
	enum native_how how;
	u32 n;
	struct {
		bool native;
		u32 at; /* in the frames that it was made of */
	} frame[NATIVE_MERGED_MAX]; /* newest first */
};

/* native_merge - @python, as it was walked, and @native of the same moment */
void native_merge(const struct gs_frames *python, const struct native_frames *native,
		  struct native_merged *ret_m);

#endif
