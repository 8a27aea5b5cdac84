/* Errors as values; see err.h. */
#include "user/base/err.h"

#include <stdarg.h>
#include <stdio.h>

#include "user/base/str.h"

int errf(struct err *e, enum gs_exit exit, int ret, const char *fmt, ...)
{
	va_list ap;

	if (!e || e->code)
		return ret;
	va_start(ap, fmt);
	vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	str_printable(e->text);
	e->code = exit;
	return ret;
}
