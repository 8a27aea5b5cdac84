/*
 * Reading the metadata back; see metadata.h.
 *
 * No parser of the description language here: the few values are taken from lines of their own,
 * the text is made anew from them, and the two are compared.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/str.h"
#include "user/trace/layout.h"
#include "user/trace/metadata.h"
#include "user/trace/writer.h"

#define DAMAGED "the recording is damaged, or no recording of gilscope's"
#define COMMENT_MAX 512 /* bytes */

static size_t line_length(const char *line)
{
	return strcspn(line, "\n");
}

static const char *next_line(const char *line)
{
	line += line_length(line);
	return *line ? line + 1 : line;
}

/* The value in the first line that is "<tab>KEY = VALUE;" into @buf; false: none, or too long. */
static bool value_of(const char *text, const char *key, char *buf, size_t size)
{
	size_t key_len = strlen(key), len;

	for (; *text; text = next_line(text)) {
		len = line_length(text);
		if (len < key_len + 5 || *text != '\t' || strncmp(text + 1, key, key_len) ||
		    strncmp(text + 1 + key_len, " = ", 3) || text[len - 1] != ';')
			continue;
		len -= key_len + 5;
		if (len >= size)
			return false;
		memcpy(buf, text + key_len + 4, len);
		buf[len] = 0;
		return true;
	}
	return false;
}

/* @s without its quotes, in place: within them, each quote and backslash has a backslash. */
static bool unquote(char *s)
{
	char *to = s;
	size_t len = strlen(s);

	if (len < 2 || s[0] != '"' || s[len - 1] != '"')
		return false;
	s[len - 1] = 0;
	for (const char *from = s + 1; *from; from++) {
		if (*from == '"')
			return false;
		if (*from == '\\' && *++from != '"' && *from != '\\')
			return false;
		*to++ = *from;
	}
	*to = 0;
	return true;
}

static int text_value(const char *text, const char *key, const char **ret)
{
	char *value = malloc(2 * TRACE_TEXT_MAX + 3);

	if (!value)
		return -ENOMEM;
	if (!value_of(text, key, value, 2 * TRACE_TEXT_MAX + 3) || !unquote(value)) {
		free(value);
		return -EBADMSG;
	}
	*ret = value;
	return 0;
}

static int number_value(const char *text, const char *key, u64 max, u64 *ret)
{
	char value[32];

	if (!value_of(text, key, value, sizeof(value)) || str_to_u64(value, 0, max, ret))
		return -EBADMSG;
	return 0;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int uuid_value(const char *text, u8 uuid[16])
{
	char value[48];
	const char *s = value;
	int high, low;

	if (!value_of(text, "uuid", value, sizeof(value)) || !unquote(value))
		return -EBADMSG;
	for (int i = 0; i < 16; i++) {
		s += *s == '-';
		high = hex_digit(*s);
		low = high < 0 ? -1 : hex_digit(s[1]);
		if (low < 0)
			return -EBADMSG;
		uuid[i] = (u8)(high << 4 | low);
		s += 2;
	}
	return *s ? -EBADMSG : 0;
}

static int mode_value(const char *text, const char **ret)
{
	static const char *const modes[] = { "exact", "watch" };
	char value[16];

	if (!value_of(text, METADATA_MODE, value, sizeof(value)) || !unquote(value))
		return -EBADMSG;
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (!strcmp(value, modes[i])) {
			*ret = modes[i];
			return 0;
		}
	return -EBADMSG;
}

static int texts(const char *text, struct trace_info *info)
{
	const struct {
		const char *key;
		const char **value;
	} keys[] = {
		{ METADATA_HOST, &info->host },
		{ METADATA_KERNEL, &info->kernel },
		{ METADATA_GILSCOPE, &info->gilscope },
		{ METADATA_COMMAND, &info->command },
	};
	int err = 0;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]) && !err; i++)
		err = text_value(text, keys[i].key, keys[i].value);
	return err;
}

static int numbers(const char *text, struct trace_info *info)
{
	u64 families;

	if (number_value(text, METADATA_FAMILIES, UINT32_MAX, &families) ||
	    number_value(text, METADATA_STARTED, TRACE_TIME_MAX, &info->started_ns) ||
	    number_value(text, METADATA_STARTED_UNIX, TRACE_TIME_MAX, &info->started_unix_ns) ||
	    number_value(text, METADATA_HIT, TRACE_TIME_MAX, &info->hit_ns))
		return -EBADMSG;
	info->families = (u32)families;
	return 0;
}

/* A line that is a comment and nothing else: its end is what it should be, nothing is hidden. */
static bool is_comment(const char *line)
{
	size_t len = line_length(line), indent = strspn(line, "\t");

	if (len > COMMENT_MAX || len < indent + 4 || strncmp(line + indent, "/*", 2) ||
	    strncmp(line + len - 2, "*/", 2))
		return false;
	for (size_t i = indent + 2; i < len - 2; i++)
		if (line[i] < ' ' || line[i] > '~' || (line[i] == '*' && line[i + 1] == '/'))
			return false;
	return true;
}

static const char *skip_comments(const char *line)
{
	while (is_comment(line))
		line = next_line(line);
	return line;
}

/* Line by line, comments apart; NULL if they are the same, else where @text differs. */
static const char *difference(const char *text, const char *made)
{
	size_t len;

	for (;;) {
		text = skip_comments(text);
		made = skip_comments(made);
		len = line_length(made);
		if (line_length(text) != len || memcmp(text, made, len) || text[len] != made[len])
			return text;
		if (!text[len])
			return NULL;
		text += len + 1;
		made += len + 1;
	}
}

static int compare(const char *file, const char *text, const struct trace_info *info,
		   const u8 uuid[16], struct err *e)
{
	char *made = trace_metadata(info, uuid);
	const char *at;

	if (!made)
		return errf(e, GS_EXIT_FAILED, -ENOMEM, "%s: out of memory; free some", file);
	at = difference(text, made);
	free(made);
	if (at)
		return errf(e, GS_EXIT_FAILED, -EBADMSG,
			    "%s: the line at offset %zu is not what gilscope writes; " DAMAGED,
			    file, (size_t)(at - text));
	return 0;
}

int metadata_parse(const char *file, const char *text, struct trace_info *ret_info, u8 ret_uuid[16],
		   struct err *e)
{
	u64 format;
	int err;

	if (strncmp(text, METADATA_FIRST_LINE, sizeof(METADATA_FIRST_LINE) - 1) ||
	    number_value(text, METADATA_FORMAT, UINT32_MAX, &format))
		return errf(e, GS_EXIT_FAILED, -EBADMSG,
			    "%s: offset 0: not a recording's; " DAMAGED, file);
	if (!trace_version((u32)format))
		return errf(e, GS_EXIT_FAILED, -EPROTONOSUPPORT,
			    "%s: version %u of the format is not among those known here, 1 to %d; "
			    "use the gilscope it was recorded with",
			    file, (u32)format, TRACE_FORMAT);
	ret_info->format = (u32)format;
	err = uuid_value(text, ret_uuid);
	if (!err)
		err = mode_value(text, &ret_info->mode);
	if (!err)
		err = texts(text, ret_info);
	if (!err)
		err = numbers(text, ret_info);
	if (!err)
		err = compare(file, text, ret_info, ret_uuid, e);
	else if (err == -EBADMSG)
		errf(e, GS_EXIT_FAILED, err,
		     "%s: values in its env are missing or not valid; " DAMAGED, file);
	else
		errf(e, GS_EXIT_FAILED, err, "%s: out of memory; free some", file);
	if (err)
		metadata_free(ret_info);
	return err;
}

void metadata_free(struct trace_info *info)
{
	free((void *)info->host);
	free((void *)info->kernel);
	free((void *)info->gilscope);
	free((void *)info->command);
	info->host = info->kernel = info->gilscope = info->command = NULL;
}
