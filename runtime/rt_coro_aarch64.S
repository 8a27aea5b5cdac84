/*
 * rt_coro_switch(void **save_sp, void *to_sp): leave one stack, go on on another.
 *
 * Saved are the registers that a called function must keep.  A stack that is not running
 * ends, from its lowest address up, with
 *
 *	x19 to x28, x29, x30 (where to go on), d8 to d15, fpcr, and a word unused
 *
 * which is what rt_coro_new() writes on a new one, with rt_coro_begin in x30 and its struct
 * rt_coro in x19.
 */
#ifdef __aarch64__
	.text
	.globl	rt_coro_switch
	.hidden	rt_coro_switch
	.type	rt_coro_switch, %function
	.p2align 4
rt_coro_switch:
	.cfi_startproc
	sub	sp, sp, #176
	stp	x19, x20, [sp]
	stp	x21, x22, [sp, #16]
	stp	x23, x24, [sp, #32]
	stp	x25, x26, [sp, #48]
	stp	x27, x28, [sp, #64]
	stp	x29, x30, [sp, #80]
	stp	d8, d9, [sp, #96]
	stp	d10, d11, [sp, #112]
	stp	d12, d13, [sp, #128]
	stp	d14, d15, [sp, #144]
	mrs	x9, fpcr
	str	x9, [sp, #160]
	mov	x9, sp
	str	x9, [x0]
	mov	sp, x1
	ldr	x9, [sp, #160]
	msr	fpcr, x9
	ldp	d14, d15, [sp, #144]
	ldp	d12, d13, [sp, #128]
	ldp	d10, d11, [sp, #112]
	ldp	d8, d9, [sp, #96]
	ldp	x29, x30, [sp, #80]
	ldp	x27, x28, [sp, #64]
	ldp	x25, x26, [sp, #48]
	ldp	x23, x24, [sp, #32]
	ldp	x21, x22, [sp, #16]
	ldp	x19, x20, [sp]
	add	sp, sp, #176
	ret
	.cfi_endproc
	.size	rt_coro_switch, . - rt_coro_switch

/* Where a new stack begins: x19 is its struct rt_coro.  Debuggers end their walk here. */
	.globl	rt_coro_begin
	.hidden	rt_coro_begin
	.type	rt_coro_begin, %function
	.p2align 4
rt_coro_begin:
	.cfi_startproc
	.cfi_undefined x30
	mov	x0, x19
	bl	rt_coro_main
	brk	#0
	.cfi_endproc
	.size	rt_coro_begin, . - rt_coro_begin
#endif
	.section .note.GNU-stack, "", %progbits
