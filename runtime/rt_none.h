/* Objects there is only one of: None, NotImplemented, Ellipsis.  Immortal. */
#ifndef RT_NONE_H
#define RT_NONE_H

#include "runtime/rt_object.h"

extern struct rt_object rt_none[1]; /* arrays of one: their names are pointers */
extern struct rt_object rt_not_implemented[1]; /* an operator's "ask the other side" */
extern struct rt_object rt_ellipsis[1];

extern const struct rt_type rt_none_type;

/* None in place of a result: drops @value (stolen); NULL, an error, is passed on. */
static inline struct rt_object *rt_none_for(struct rt_object *value)
{
	rt_unref(value);
	return value ? rt_none : NULL;
}

/* None if @result is not negative, else NULL: from int to object results. */
static inline struct rt_object *rt_none_if(int result)
{
	return result < 0 ? NULL : rt_none;
}

#endif
