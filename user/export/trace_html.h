/* Within the HTML exporter: trace_html.c tells the events, trace_html_figures.c what adds up,
 * trace_html_flame.c shows the functions. */
#ifndef GS_USER_EXPORT_TRACE_HTML_H
#define GS_USER_EXPORT_TRACE_HTML_H

#include "user/base/out.h"
#include "user/model/figures.h"

/* The script "figures": @f as gilscope.stat/1; null if NULL.  0 or -ENOMEM. */
int html_figures(struct out *o, const struct figures *f);

/* The script "histograms": of all threads together; and how many events had no known thread. */
void html_histograms(struct out *o, const struct figures *f, u64 skipped);

/* The section "flame": which functions held the GIL.  0 or -ENOMEM. */
int html_flame(struct out *o, const struct figures *f);

#endif
