/* The parts of the page, from user/export/page/, as data of the program. */
#ifndef GS_USER_EXPORT_TRACE_HTML_PAGE_H
#define GS_USER_EXPORT_TRACE_HTML_PAGE_H

/* NUL-terminated.  In the order in which they are written; the recording goes between
 * html_page_body and html_page_script. */
extern const char html_page_head[]; /* up to within <style> */
extern const char html_page_style[];
extern const char html_page_body[]; /* from behind </style> on */
extern const char html_page_script[];

#endif
