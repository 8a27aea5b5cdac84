/*
 * A program that embeds libpython, with nothing in it but the call: linked with -nostdlib, so that it
 * runs with older and newer libcs than this host's.
 */
	.globl _start
_start:	xor %ebp, %ebp
	mov (%rsp), %rdi
	lea 8(%rsp), %rsi
	and $-16, %rsp
	call Py_BytesMain
	mov %eax, %edi
	call _exit
	.section .note.GNU-stack, "", @progbits
