/*
 * The sources of the stops, and their scripts, as data in the program: what the tour shows is
 * what it runs.  Made for every stop by the Makefile's rule for tour/sources.inc.
 */
	.section .rodata
#include "tour/sources.inc"
	.section .note.GNU-stack, "", @progbits
