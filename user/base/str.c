/* Untrusted strings and strict numbers; see str.h. */
#include "user/base/str.h"

#include <errno.h>
#include <string.h>

#include "user/base/utf8.h"

#define NS_PER_SEC 1000000000ULL

/* Characters that move the cursor, end a line, reorder what surrounds them or cannot be seen. */
static bool harmful(u32 cp)
{
	static const struct {
		u32 first, last;
	} ranges[] = {
		{ 0x00, 0x1f },	    { 0x7f, 0x9f },	{ 0xad, 0xad },	      { 0x61c, 0x61c },
		{ 0x180e, 0x180e }, { 0x2000, 0x200f }, { 0x2028, 0x202f },   { 0x205f, 0x206f },
		{ 0xfeff, 0xfeff }, { 0xfff9, 0xfffb }, { 0xe0000, 0xe0fff },
	};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (cp >= ranges[i].first && cp <= ranges[i].last)
			return true;
	return false;
}

void str_printable(char *s)
{
	size_t len;
	u32 cp;

	while (*s) {
		len = utf8_decode(s, &cp);
		if (!len) {
			*s++ = '?';
			continue;
		}
		if (harmful(cp))
			memset(s, '?', len);
		s += len;
	}
}

/* The digits at *@s, moved past; -EINVAL without any, -ERANGE beyond 64 bits. */
static int digits(const char **s, u64 *ret_v)
{
	u64 v = 0;

	if (**s < '0' || **s > '9')
		return -EINVAL;
	for (; **s >= '0' && **s <= '9'; ++*s)
		if (__builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, (u64)(**s - '0'), &v))
			return -ERANGE;
	*ret_v = v;
	return 0;
}

/* Whether a number of any size follows; tells "too large" from "not a number". */
static bool only_digits(const char *s)
{
	return *s && !s[strspn(s, "0123456789")];
}

int str_to_u64(const char *s, u64 min, u64 max, u64 *ret_v)
{
	u64 v;
	int err;

	if (!only_digits(s))
		return -EINVAL;
	err = digits(&s, &v);
	if (err)
		return err;
	if (v < min || v > max)
		return -ERANGE;
	*ret_v = v;
	return 0;
}

static u64 unit_ns(const char *suffix)
{
	static const struct {
		const char *suffix;
		u64 ns;
	} units[] = {
		{ "", NS_PER_SEC }, { "s", NS_PER_SEC }, { "ms", 1000000 },
		{ "us", 1000 },	    { "ns", 1 },	 { "m", 60 * NS_PER_SEC },
	};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (!strcmp(suffix, units[i].suffix))
			return units[i].ns;
	return 0;
}

int str_to_duration(const char *s, u64 *ret_ns)
{
	const char *suffix = s + strspn(s, "0123456789.");
	u64 unit = unit_ns(suffix), place = unit, whole, ns;
	int err;

	if (!unit)
		return -EINVAL;
	err = digits(&s, &whole);
	if (err)
		return err;
	if (__builtin_mul_overflow(whole, unit, &ns))
		return -ERANGE;
	if (*s == '.') {
		if (s[1] < '0' || s[1] > '9')
			return -EINVAL;
		/* what is below the unit's last decimal place is below 1 ns: dropped */
		for (s++; *s >= '0' && *s <= '9'; s++) {
			place /= 10;
			if (__builtin_add_overflow(ns, place * (u64)(*s - '0'), &ns))
				return -ERANGE;
		}
	}
	if (s != suffix)
		return -EINVAL;
	if (!ns)
		return -ERANGE;
	*ret_ns = ns;
	return 0;
}
