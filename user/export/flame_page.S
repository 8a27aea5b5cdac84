/*
 * The sources of a flame graph, as data in the program: see flame_page.h.
 */
	.section .rodata
	.globl flame_page_style, flame_page_script
flame_page_style:
	.incbin "user/export/page/flame.css"
	.byte 0
flame_page_script:
	.incbin "user/export/page/flame.js"
	.byte 0
	.section .note.GNU-stack, "", @progbits
