/*
 * Fixed-width types under the kernel's names, for code that both sides compile.
 * On the BPF side they come from vmlinux.h.
 */
#ifndef GS_BPF_TYPES_H
#define GS_BPF_TYPES_H

#ifdef __bpf__
#include "vmlinux.h"
#else
#include <stdbool.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int8_t s8;
typedef int16_t s16;
typedef int32_t s32;
typedef int64_t s64;
#endif

#endif
