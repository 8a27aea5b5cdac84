/*
 * Flame graphs of Python functions: what writes one, by the end of the file's name.
 *
 *   .svg      the picture alone, with its script: searchable and zoomable in a browser
 *   .html     the same in a page, with a table of the hottest functions
 *   .folded   "frame;frame;frame NUMBER" lines, for any flame graph tool
 *
 * None refers to anything outside itself.  Names come from programs that may be hostile: they are
 * escaped, in every format.
 */
#ifndef GS_USER_EXPORT_FLAME_H
#define GS_USER_EXPORT_FLAME_H

#include "user/base/fmt.h"
#include "user/base/out.h"
#include "user/model/fig_flame.h"

/* What there is to say besides the tree. */
struct flame_about {
	const char *what; /* of which program; printable */
	const char *mode; /* of the measurement */
	u64 duration_ns;
	const struct fig_functions *functions; /* of the same stacks, the largest self first */
};

struct flame_format {
	const char *suffix; /* with its dot */
	const char *help;
	/* Write sorted tree @f; errors of writing are @o's.  0 or -ENOMEM. */
	int (*write)(struct out *o, const struct fig_flame *f, const struct flame_about *a);
};

/* NULL-terminated by `suffix`. */
extern const struct flame_format flame_formats[];

/* By the end of @path; "-", stdout, is folded; NULL: none of them. */
const struct flame_format *flame_format_of(const char *path);

int flame_folded(struct out *o, const struct fig_flame *f, const struct flame_about *a);
int flame_svg(struct out *o, const struct fig_flame *f, const struct flame_about *a);
int flame_html(struct out *o, const struct fig_flame *f, const struct flame_about *a);

/* For both with a picture: the frames as they look at first, and as data; the first row is @top
 * pixels below the picture's edge.  0 or -ENOMEM. */
int flame_frames(struct out *o, const struct fig_flame *f, u32 top);
void flame_data(struct out *o, const struct fig_flame *f, u32 top);

/*
 * For both with a page: the search and the picture, for flame_page_script; @alone: it has the page
 * for itself, with keys.  The data is the caller's to write.  0 or -ENOMEM.
 */
int flame_graph_html(struct out *o, const struct fig_flame *f, bool alone);
#define FLAME_HTML_TOP 2 /* pixels above the frames: what is to be said is above the picture */

/* The height of the picture in pixels, and its width before a script knows better. */
u32 flame_height(const struct fig_flame *f, u32 top);
#define FLAME_WIDTH 1200

/* "12.3 s of time the GIL was held, in 10.0 s; 1234 stacks ..." */
void flame_facts(const struct fig_flame *f, const struct flame_about *a, char *to, size_t size);

/* A frame of a folded line: its name, and where a function begins; what would end it is replaced.
 */
void flame_folded_frame(struct out *o, const struct fig_label *l);

/* A name that XML, HTML and JSON take once it is escaped: cut to @size, whole characters. */
const char *flame_name(const struct fig_label *l, char *to, size_t size);

/* Where the function begins, likewise; "" of what is no function. */
const char *flame_place(const struct fig_label *l, char *to, size_t size);

/* An amount of weight @by, for people. */
struct fmt flame_amount(enum fig_stack_weight by, u64 v);

#endif
