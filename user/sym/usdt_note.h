/*
 * SystemTap probe notes (.note.stapsdt), as sys/sdt.h writes them: where a program marks an
 * event, the semaphore that enables it, and where its arguments are.
 */
#ifndef GS_USER_SYM_USDT_NOTE_H
#define GS_USER_SYM_USDT_NOTE_H

#include <stddef.h>

#include "user/sym/elf_file.h"

#define USDT_ARGS_MAX 12

/* Where an argument is.  size as in the notes: bytes, negative when signed. */
struct usdt_arg {
	enum { USDT_ARG_CONST, USDT_ARG_REG, USDT_ARG_DEREF } kind;
	s8 size;
	u8 reg; /* x86-64: 0 rax 1 rcx 2 rdx 3 rbx 4 rsp 5 rbp 6 rsi 7 rdi 8-15; aarch64: 31 sp */
	s64 disp; /* the constant, or added to the register before reading memory there */
};

struct usdt_note {
	u64 vaddr; /* of the marked instruction */
	u64 semaphore; /* vaddr; 0: none */
	size_t nargs;
	struct usdt_arg args[USDT_ARGS_MAX];
};

/*
 * usdt_args_parse_for - "-4@112(%rsp) 8@%r12 8@$5" (x86-64), "-4@[sp, 60] 8@x0 8@5" (aarch64) ->
 * arguments
 * @machine: EM_*
 * Return: how many; -EINVAL if any cannot be parsed; -E2BIG if there are too many.
 */
int usdt_args_parse_for(u16 machine, const char *text, struct usdt_arg *ret_args, size_t max);

/* The same for x86-64. */
int usdt_args_parse(const char *text, struct usdt_arg *ret_args, size_t max);

/*
 * usdt_notes_find - the notes of @provider:@name in @f, addresses as linked (prelinked files
 * are put right by .stapsdt.base)
 *
 * Return: how many there are, @max of them in @ret_notes; 0 if none; -EBADMSG if the section
 * is damaged; -EINVAL if one's arguments cannot be parsed.
 */
int usdt_notes_find(struct elf_file *f, const char *provider, const char *name,
		    struct usdt_note *ret_notes, size_t max);

#endif
