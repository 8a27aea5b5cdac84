/* Figures as a JSON value, for every exporter that writes JSON. */
#ifndef GS_USER_EXPORT_JSON_FIGURES_H
#define GS_USER_EXPORT_JSON_FIGURES_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "user/model/figures.h"

/*
 * json_figures - @f as a gilscope.stat/1 object
 *
 * What was not measured is null.  Texts are always valid UTF-8 without control characters.
 *
 * Return: a new reference, or NULL without memory.
 */
json_t *json_figures(const struct figures *f);

/* The same as text, compact or indented by 2, to be freed; NULL without memory. */
char *json_figures_text(const struct figures *f, bool indent);

/* Write it and a newline, and flush: 0, -ENOMEM, or the write's negative errno. */
int json_figures_print(FILE *out, const struct figures *f, bool indent);

/* @s made safe: a new JSON string, or null if it is NULL.  Return: NULL without memory. */
json_t *json_text(const char *s);

/*
 * json_print - write @v and a newline, and flush
 * @v:     taken over; NULL is "no memory"
 * @flags: jansson's JSON_INDENT() and the like
 *
 * Return: 0, -ENOMEM, or the write's negative errno (-EPIPE if SIGPIPE is ignored).
 */
int json_print(FILE *out, json_t *v, size_t flags);

#endif
