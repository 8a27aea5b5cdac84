/* Metadata: what is not gilscope's is refused, each changed byte noticed. */
#include <errno.h>

#include "tests/unit/damage_sample.h"
#include "user/trace/metadata.h"

/* What is no recording, and what is said about it. */
static void other_things_are_refused(void **state)
{
	static const struct {
		const char *name, *metadata, *text;
	} cases[] = {
		{ "x0", NULL, "/x0: has no metadata file" },
		{ "x1", "", "/x1/metadata: offset 0: not a recording" },
		{ "x2", "/* CTF 1.8 */\ntrace { major = 1; };\n", "offset 0: not a recording" },
		{ "x3", "/* CTF 1.8 */\n\tgilscope_format = 99;\n",
		  "version 99 of the format is not among those known here" },
		{ "x4", "/* CTF 1.8 */\n\tgilscope_format = 1;\n",
		  "values in its env are missing" },
		{ "x5", "/* CTF 1.8 */\n\tgilscope_format = 4294967297;\n", "not a recording" },
	};
	struct reading rd;
	char file[600];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(mkdir(in_test_dir(cases[i].name), 0700), 0);
		snprintf(file, sizeof(file), "%s/metadata", in_test_dir(cases[i].name));
		if (cases[i].metadata)
			put_file(file, cases[i].metadata, strlen(cases[i].metadata));
		rd = read_recording(in_test_dir(cases[i].name));
		assert_true(rd.err < 0);
		assert_int_equal(rd.e.code, GS_EXIT_FAILED);
		if (!strstr(rd.e.text, cases[i].text))
			fail_msg("%s: %s", cases[i].name, rd.e.text);
	}
	rd = read_recording(in_test_dir("missing"));
	assert_int_equal(rd.err, -ENOENT);
	rd = read_recording(file);
	assert_int_equal(rd.err, -ENOTDIR);
}

static bool same_info(const struct trace_info *a, const struct trace_info *b)
{
	return !strcmp(a->gilscope, b->gilscope) && !strcmp(a->kernel, b->kernel) &&
	       !strcmp(a->host, b->host) && !strcmp(a->command, b->command) &&
	       !strcmp(a->mode, b->mode) && a->families == b->families &&
	       a->started_unix_ns == b->started_unix_ns && a->started_ns == b->started_ns &&
	       a->hit_ns == b->hit_ns;
}

/* Bits of every byte of the metadata: an error with a place, unless it was in a comment. */
static void flipped_metadata_is_noticed(void **state)
{
	char *text = malloc(sample.metadata_size + 1);
	u64 refused = 0, comments = 0;

	(void)state;
	assert_non_null(text);
	memcpy(text, sample.metadata, sample.metadata_size + 1);
	for (size_t i = 0; i < sample.metadata_size; i++) {
		for (int bit = 0; bit < 8; bit += 3) {
			struct trace_info info = { 0 };
			struct err e = { 0 };
			u8 uuid[16];

			text[i] ^= (char)(1 << bit);
			if (metadata_parse("metadata", text, &info, uuid, &e)) {
				assert_int_equal(e.code, GS_EXIT_FAILED);
				assert_non_null(strstr(e.text, "metadata: "));
				refused++;
			} else {
				/* the uuid is not ours to tell: no packet has another */
				assert_true(same_info(&info, &sample_info));
				comments++;
				metadata_free(&info);
			}
			text[i] ^= (char)(1 << bit);
		}
	}
	assert_true(refused > comments && comments > 300);
	free(text);
}

static void another_uuid_leaves_no_packet(void **state)
{
	char *at;
	struct reading rd;

	(void)state;
	restore();
	at = strstr((char *)sample.metadata, "uuid = \"");
	assert_non_null(at);
	at[8] ^= 1; /* a hex digit may become no digit at all */
	put_file(sample.metadata_file, sample.metadata, sample.metadata_size);
	rd = read_sample();
	assert_true(rd.err < 0);
	assert_non_null(strstr(rd.e.text, "/sample/"));
	at[8] ^= 1;
}

static void flipped_metadata_on_disk_names_the_file(void **state)
{
	char *at = strstr((char *)sample.metadata, "stream_id");
	struct reading rd;
	char want[64];

	(void)state;
	restore();
	assert_non_null(at);
	*at ^= 4;
	put_file(sample.metadata_file, sample.metadata, sample.metadata_size);
	*at ^= 4;
	rd = read_sample();
	assert_true(rd.err < 0);
	snprintf(want, sizeof(want), "/sample/metadata: the line at offset %zu is not",
		 (size_t)(at - (char *)sample.metadata) - strlen("\t\tuint32_t "));
	assert_non_null(strstr(rd.e.text, want));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(other_things_are_refused),
		cmocka_unit_test(flipped_metadata_is_noticed),
		cmocka_unit_test(another_uuid_leaves_no_packet),
		cmocka_unit_test(flipped_metadata_on_disk_names_the_file),
	};

	return cmocka_run_group_tests(tests, make_sample, remove_sample);
}
