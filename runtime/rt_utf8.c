/* UTF-8; see rt_utf8.h. */
#include "runtime/rt_utf8.h"

static bool valid(uint32_t code)
{
	return code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);
}

size_t rt_utf8_decode(const char *s, size_t n, uint32_t *ret_code)
{
	static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned char c;
	uint32_t code;
	size_t len;

	if (!n)
		return 0;
	c = (unsigned char)s[0];
	if (c < 0x80) {
		*ret_code = c;
		return 1;
	}
	len = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
	if (c < 0xc2 || c > 0xf4 || n < len)
		return 0;
	code = c & (0x7fu >> len);
	for (size_t i = 1; i < len; i++) {
		c = (unsigned char)s[i];
		if ((c & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (c & 0x3f);
	}
	if (code < smallest[len] || !valid(code))
		return 0;
	*ret_code = code;
	return len;
}

size_t rt_utf8_encode(uint32_t code, char s[4])
{
	size_t len = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;

	if (!valid(code))
		return 0;
	if (len == 1) {
		s[0] = (char)code;
		return 1;
	}
	for (size_t i = len - 1; i > 0; i--, code >>= 6)
		s[i] = (char)(0x80 | (code & 0x3f));
	s[0] = (char)((0xf00 >> len) | code);
	return len;
}

bool rt_utf8_check(const char *s, size_t n, size_t *ret_points)
{
	size_t points = 0, len;
	uint32_t code;

	for (size_t i = 0; i < n; i += len, points++) {
		len = rt_utf8_decode(s + i, n - i, &code);
		if (!len)
			return false;
	}
	*ret_points = points;
	return true;
}

size_t rt_utf8_offset(const char *s, size_t point)
{
	size_t i = 0;

	while (point) {
		i++;
		if (((unsigned char)s[i] & 0xc0) != 0x80)
			point--;
	}
	return i;
}
