/* Strict UTF-8 decoding; see utf8.h. */
#include "user/base/utf8.h"

#include <wchar.h>

size_t utf8_decode(const char *s, u32 *ret_cp)
{
	/* smallest code point that needs this many bytes: anything below is overlong */
	static const u32 least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *b = (const unsigned char *)s;
	size_t len, i;
	u32 cp;

	if (b[0] < 0x80) {
		if (!b[0])
			return 0;
		*ret_cp = b[0];
		return 1;
	}
	if (b[0] >= 0xc2 && b[0] <= 0xdf) {
		len = 2;
		cp = b[0] & 0x1f;
	} else if ((b[0] & 0xf0) == 0xe0) {
		len = 3;
		cp = b[0] & 0x0f;
	} else if (b[0] >= 0xf0 && b[0] <= 0xf4) {
		len = 4;
		cp = b[0] & 0x07;
	} else {
		return 0;
	}
	/* the final NUL is no continuation byte, so this never reads past it */
	for (i = 1; i < len; i++) {
		if ((b[i] & 0xc0) != 0x80)
			return 0;
		cp = cp << 6 | (b[i] & 0x3f);
	}
	if (cp < least[len] || cp > 0x10ffff || (cp >= 0xd800 && cp <= 0xdfff))
		return 0;
	*ret_cp = cp;
	return len;
}

size_t utf8_fit(const char *s, size_t columns, size_t *ret_width)
{
	size_t bytes = 0, width = 0;

	while (s[bytes]) {
		u32 cp;
		size_t len = utf8_decode(s + bytes, &cp);
		int w = len ? wcwidth((wchar_t)cp) : 1;

		if (w < 0)
			w = 1;
		if (width + (size_t)w > columns)
			break;
		width += (size_t)w;
		bytes += len ? len : 1;
	}
	*ret_width = width;
	return bytes;
}
