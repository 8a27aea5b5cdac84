/* The script and the looks of a flame graph, from user/export/page/, as data of the program. */
#ifndef GS_USER_EXPORT_FLAME_PAGE_H
#define GS_USER_EXPORT_FLAME_PAGE_H

/* NUL-terminated.  The script has no "]]>" and no "</script": it may stand in either kind of file.
 */
extern const char flame_page_style[];
extern const char flame_page_script[];

#endif
