/*
 * The sources of the page, as data in the program: see trace_html_page.h.  The scripts are one
 * script in the page, in this order.
 */
	.section .rodata
	.globl html_page_head, html_page_style, html_page_body, html_page_script
html_page_head:
	.incbin "user/export/page/head.html"
	.byte 0
html_page_style:
	.incbin "user/export/page/page.css"
	.byte 0
html_page_body:
	.incbin "user/export/page/body.html"
	.byte 0
html_page_script:
	.incbin "user/export/page/data.js"
	.incbin "user/export/page/tracks.js"
	.incbin "user/export/page/timeline.js"
	.incbin "user/export/page/input.js"
	.incbin "user/export/page/tables.js"
	.incbin "user/export/page/main.js"
	.byte 0
	.section .note.GNU-stack, "", @progbits
