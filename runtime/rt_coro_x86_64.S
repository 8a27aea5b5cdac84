/*
 * rt_coro_switch(void **save_sp, void *to_sp): leave one stack, go on on another.
 *
 * Saved are the registers that a called function must keep, the rounding and exception modes;
 * what else there is the compiler has saved, as around any call.  A stack that is not running
 * ends, from its lowest address up, with
 *
 *	mxcsr and x87 control word, r15, r14, r13, r12, rbx, rbp, return address
 *
 * which is what rt_coro_new() writes on a new one, with rt_coro_begin as return address.
 */
#ifdef __x86_64__
	.text
	.globl	rt_coro_switch
	.hidden	rt_coro_switch
	.type	rt_coro_switch, @function
	.p2align 4
rt_coro_switch:
	.cfi_startproc
	push	%rbp
	push	%rbx
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	sub	$8, %rsp
	stmxcsr	(%rsp)
	fnstcw	4(%rsp)
	mov	%rsp, (%rdi)
	mov	%rsi, %rsp
	ldmxcsr	(%rsp)
	fldcw	4(%rsp)
	add	$8, %rsp
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbx
	pop	%rbp
	ret
	.cfi_endproc
	.size	rt_coro_switch, . - rt_coro_switch

/* Where a new stack begins: rbx is its struct rt_coro.  Debuggers end their walk here. */
	.globl	rt_coro_begin
	.hidden	rt_coro_begin
	.type	rt_coro_begin, @function
	.p2align 4
rt_coro_begin:
	.cfi_startproc
	.cfi_undefined rip
	mov	%rbx, %rdi
	call	rt_coro_main
	ud2
	.cfi_endproc
	.size	rt_coro_begin, . - rt_coro_begin
#endif
	.section .note.GNU-stack, "", %progbits
