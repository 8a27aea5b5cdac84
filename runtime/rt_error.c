/* The pending error of each thread; see rt_error.h. */
#include "runtime/rt_error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "runtime/rt_abstract.h"
#include "runtime/rt_class.h"
#include "runtime/rt_exception.h"
#include "runtime/rt_int.h"
#include "runtime/rt_str.h"
#include "runtime/rt_tuple.h"

static __thread struct rt_object *pending;
static void (*unraisable_hook)(const char *where, struct rt_object *exception);

/* There may be no memory to raise it with. */
static struct rt_exception no_memory = {
	.base = { RT_IMMORTAL, RT_MEMORY_ERROR },
};

void rt_error_restore(struct rt_object *exception)
{
	struct rt_object *old = pending;

	pending = exception;
	rt_unref(old);
}

void *rt_raise_no_memory(void)
{
	rt_error_restore(&no_memory.base);
	return NULL;
}

/* An exception with @message (stolen) and @cause (stolen, or NULL) becomes pending. */
static void raise_message(const struct rt_type *type, struct rt_object *message,
			  struct rt_object *cause)
{
	struct rt_object *exception;

	exception = rt_exception_new(type, rt_tuple_of(1, message));
	if (!exception) {
		rt_unref(cause);
		return; /* MemoryError is pending instead */
	}
	rt_assign(&((struct rt_exception *)exception)->cause, cause);
	rt_error_restore(exception);
}

void *rt_raise(const struct rt_type *type, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	raise_message(type, rt_str_vformat(format, ap), NULL);
	va_end(ap);
	return NULL;
}

void *rt_raise_from(const struct rt_type *type, const char *format, ...)
{
	struct rt_object *cause = rt_error_take();
	va_list ap;

	va_start(ap, format);
	raise_message(type, rt_str_vformat(format, ap), cause);
	va_end(ap);
	return NULL;
}

void *rt_raise_object(struct rt_object *exception)
{
	struct rt_object *made;

	if (rt_is_type(exception) &&
	    rt_type_inherits((const struct rt_type *)exception, RT_BASE_EXCEPTION)) {
		rt_error_clear(); /* nothing is called with an error pending */
		made = rt_call(exception, 0, NULL, NULL);
		if (!made)
			return NULL;
	} else {
		made = rt_ref(exception);
	}
	if (!rt_is(made, RT_BASE_EXCEPTION)) {
		rt_unref(made);
		return rt_raise(RT_TYPE_ERROR, "exceptions must derive from BaseException");
	}
	rt_error_restore(made);
	return NULL;
}

void *rt_raise_value(const struct rt_type *type, struct rt_object *value)
{
	struct rt_object *exception = rt_exception_new(type, rt_tuple_of(1, rt_ref(value)));

	if (exception)
		rt_error_restore(exception);
	return NULL;
}

static const struct rt_type *type_for_errno(int e)
{
	switch (e) {
	case EAGAIN:
	case EINPROGRESS:
		return RT_BLOCKING_IO_ERROR;
	case ECONNREFUSED:
	case ECONNRESET:
	case ECONNABORTED:
	case EPIPE:
		return RT_CONNECTION_ERROR;
	case ETIMEDOUT:
		return RT_TIMEOUT_ERROR;
	default:
		return RT_OS_ERROR;
	}
}

void *rt_raise_errno(const char *what)
{
	struct rt_object *args, *exception;
	int e = errno;

	if (e == ENOMEM)
		return rt_raise_no_memory();
	args = rt_tuple_of(2, rt_int_new(e), rt_str_format("%s: %s", what, strerrordesc_np(e)));
	exception = rt_exception_new(type_for_errno(e), args);
	if (exception)
		rt_error_restore(exception);
	errno = e;
	return NULL;
}

bool rt_error_pending(void)
{
	return pending;
}

bool rt_error_is(const struct rt_type *type)
{
	return rt_is(pending, type);
}

struct rt_object *rt_error_peek(void)
{
	return pending;
}

struct rt_object *rt_error_take(void)
{
	struct rt_object *exception = pending;

	pending = NULL;
	return exception;
}

void rt_error_clear(void)
{
	rt_error_restore(NULL);
}

bool rt_error_catch(const struct rt_type *type)
{
	if (!rt_error_is(type))
		return false;
	rt_error_clear();
	return true;
}

static void exception_text(struct rt_object *exception, char *text, size_t size)
{
	bool empty = exception == &no_memory.base; /* str() takes memory */
	struct rt_object *message = empty ? NULL : rt_to_str(exception);
	const char *s = message ? rt_str_chars(message)
			: empty ? ""
				: "<no message: its str() failed>";

	snprintf(text, size, *s ? "%s: %s" : "%s%s", exception->type->name, s);
	rt_unref(message);
}

const char *rt_error_text(void)
{
	static __thread char text[1024];
	struct rt_object *exception = rt_error_take();

	text[0] = '\0';
	if (exception)
		exception_text(exception, text, sizeof(text));
	rt_error_restore(exception);
	return text;
}

void rt_error_unraisable(const char *where)
{
	struct rt_object *exception = rt_error_take();
	char text[1024];

	if (!exception)
		return;
	if (unraisable_hook) {
		unraisable_hook(where, exception);
	} else {
		exception_text(exception, text, sizeof(text));
		fprintf(stderr, "Exception ignored in %s: %s\n", where, text);
	}
	rt_unref(exception);
	rt_error_clear();
}

void rt_error_set_unraisable(void (*hook)(const char *where, struct rt_object *exception))
{
	unraisable_hook = hook;
}
