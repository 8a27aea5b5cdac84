/*
 * Errors: objects, one pending per thread.
 *
 * A failing function raises (rt_raise) and returns NULL or -1; its callers pass that on until
 * one of them clears the error or takes it.  No thread ever sees another one's.
 */
#ifndef RT_ERROR_H
#define RT_ERROR_H

#include "runtime/rt_object.h"
#include "runtime/rt_type.h"

/* Exception types: X(NAME, name, PARENT).  RT_NAME is a pointer to the type. */
#define RT_EXCEPTIONS(X) \
	X(BASE_EXCEPTION, BaseException, OBJECT) \
	X(EXCEPTION, Exception, BASE_EXCEPTION) \
	X(GENERATOR_EXIT, GeneratorExit, BASE_EXCEPTION) \
	X(KEYBOARD_INTERRUPT, KeyboardInterrupt, BASE_EXCEPTION) \
	X(CANCELLED_ERROR, CancelledError, BASE_EXCEPTION) \
	X(ARITHMETIC_ERROR, ArithmeticError, EXCEPTION) \
	X(OVERFLOW_ERROR, OverflowError, ARITHMETIC_ERROR) \
	X(ZERO_DIVISION_ERROR, ZeroDivisionError, ARITHMETIC_ERROR) \
	X(ASSERTION_ERROR, AssertionError, EXCEPTION) \
	X(ATTRIBUTE_ERROR, AttributeError, EXCEPTION) \
	X(EOF_ERROR, EOFError, EXCEPTION) \
	X(LOOKUP_ERROR, LookupError, EXCEPTION) \
	X(INDEX_ERROR, IndexError, LOOKUP_ERROR) \
	X(KEY_ERROR, KeyError, LOOKUP_ERROR) \
	X(MEMORY_ERROR, MemoryError, EXCEPTION) \
	X(NAME_ERROR, NameError, EXCEPTION) \
	X(OS_ERROR, OSError, EXCEPTION) \
	X(BLOCKING_IO_ERROR, BlockingIOError, OS_ERROR) \
	X(CONNECTION_ERROR, ConnectionError, OS_ERROR) \
	X(TIMEOUT_ERROR, TimeoutError, OS_ERROR) \
	X(REFERENCE_ERROR, ReferenceError, EXCEPTION) \
	X(RUNTIME_ERROR, RuntimeError, EXCEPTION) \
	X(INVALID_STATE_ERROR, InvalidStateError, RUNTIME_ERROR) \
	X(RECURSION_ERROR, RecursionError, RUNTIME_ERROR) \
	X(STOP_ITERATION, StopIteration, EXCEPTION) \
	X(SYSTEM_ERROR, SystemError, EXCEPTION) \
	X(TYPE_ERROR, TypeError, EXCEPTION) \
	X(VALUE_ERROR, ValueError, EXCEPTION) \
	X(UNICODE_ERROR, UnicodeError, VALUE_ERROR)

/* Arrays of one: their names are pointers, as in rt_raise(RT_TYPE_ERROR, ...). */
#define X(NAME, name, PARENT) extern const struct rt_type RT_##NAME[1];
RT_EXCEPTIONS(X)
#undef X

/* Raise an error of @type with a message.  What was pending is dropped.  Return: NULL. */
void *rt_raise(const struct rt_type *type, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The same, with what was pending as its cause ("raise ... from"). */
void *rt_raise_from(const struct rt_type *type, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Raise @exception: an exception object, or an exception type, then called.  NULL. */
void *rt_raise_object(struct rt_object *exception);

/* Raise an error of @type whose only argument is @value (KeyError, StopIteration).  NULL. */
void *rt_raise_value(const struct rt_type *type, struct rt_object *value);

/* Raise OSError (or its kin) for errno, as "@what: reason"; args are (errno, text).  NULL. */
void *rt_raise_errno(const char *what);

/* Raise MemoryError, which needs no memory.  NULL. */
void *rt_raise_no_memory(void);

/* Whether the calling thread has an error pending. */
bool rt_error_pending(void);

/* Whether the pending error is of @type or of one that inherits from it. */
bool rt_error_is(const struct rt_type *type);

/* The pending error, borrowed; NULL if none is. */
struct rt_object *rt_error_peek(void);

/* Take the pending error, new; NULL if none is.  None is pending afterwards. */
struct rt_object *rt_error_take(void);

/* Make @exception (stolen, may be NULL) the pending error again, in place of any other. */
void rt_error_restore(struct rt_object *exception);

/* Drop the pending error, if there is one. */
void rt_error_clear(void);

/* Drop it if it is of @type.  Return: whether it was. */
bool rt_error_catch(const struct rt_type *type);

/*
 * The pending error as "TypeError: message" in a buffer of the thread, good until the next
 * call; "" if none is pending.  It stays pending.
 */
const char *rt_error_text(void);

/*
 * Where an error can go nowhere (a finalizer, a callback): hand it to the hook below and
 * clear it.  @where says what was going on.
 */
void rt_error_unraisable(const char *where);

/* Called instead of printing "Exception ignored in ..." to stderr; NULL: print again. */
void rt_error_set_unraisable(void (*hook)(const char *where, struct rt_object *exception));

#endif
