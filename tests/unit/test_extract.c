/*
 * Extraction: what names from the wire become, what is in the folder after hostile downloads, and that the files of the recordings have the
 * checksums that were announced.
 */
#include "base/text.h"
#include "capture/capture.h"
#include "decode/session.h"
#include "decode/streams.h"
#include "decode/wire.h"
#include "export/extract.h"
#include "export/filename.h"

#include <dirent.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* The bytes in a heap block of exactly their size; to be freed. */
static uint8_t *exact_copy(struct slice s)
{
	uint8_t *copy = malloc(s.len ? s.len : 1);
	assert_non_null(copy);
	if (s.len)
		memcpy(copy, s.at, s.len);
	return copy;
}

static void put_varint(struct buf *out, uint64_t v)
{
	for (; v >= 0x80; v >>= 7)
		buf_add_byte(out, (uint8_t)(v | 0x80));
	buf_add_byte(out, (uint8_t)v);
}

/* A length-delimited field; nothing where it is empty. */
static void put_text(struct buf *out, uint32_t number, struct slice text)
{
	if (!text.len)
		return;
	put_varint(out, number << 3 | WIRE_LENGTH);
	put_varint(out, text.len);
	buf_add(out, text);
}

/* ---- names ---- */

static void name_becomes(struct slice name, const char *expected)
{
	struct buf out = { 0 };
	uint8_t *copy = exact_copy(name);
	filename_add_safe(&out, slice_of(copy, name.len));
	if (!slice_is(buf_slice(&out), expected))
		fail_msg("\"%.*s\" became \"%.*s\", not \"%s\"", (int)name.len, (const char *)name.at, (int)out.len, (const char *)out.at,
			 expected);
	free(copy);
	buf_release(&out);
}

static void test_names(void **state)
{
	static const struct {
		const char *name, *expected;
	} cases[] = {
		{ "report.pdf", "report.pdf" },
		{ "", "" },
		{ ".", "" },
		{ "..", "" },
		{ "...", "" },
		{ "/", "" },
		{ "../", "" },
		{ "../../etc/passwd", "passwd" },
		{ "/etc/shadow", "shadow" },
		{ "a/b/..", "" },
		{ "..\\..\\windows\\system.ini", "system.ini" },
		{ "C:\\x.exe", "x.exe" },
		{ "C:x.exe", "C_x.exe" },
		{ ".bashrc", "bashrc" },
		{ ".. .hidden", "hidden" },
		{ "trailing. . ", "trailing" },
		{ "-rf", "_rf" },
		{ " --help", "_-help" },
		{ "a\nb\tc\x1b[2Jd\x7f", "a_b_c_[2Jd_" },
		{ "a\xc2\x85"
		  "b",
		  "a_b" }, /* C1 */
		{ "a\xe2\x80\xae"
		  "fdp.exe",
		  "a_fdp.exe" }, /* turns text around */
		{ "a\xe2\x80\x8b"
		  "b",
		  "a_b" }, /* no width */
		{ "bad\xff\xc0\xaf"
		  "utf8",
		  "bad___utf8" },
		{ "\xe6\xbc\xa2\xe5\xad\x97.txt", "\xe6\xbc\xa2\xe5\xad\x97.txt" },
		{ "$(reboot);`x`|y&z", "_(reboot)__x__y_z" },
		{ "x*?<>\"'", "x______" },
		{ "name with spaces.txt", "name with spaces.txt" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		name_becomes(slice_str(cases[i].name), cases[i].expected);
	name_becomes(slice_of("a\0b", 3), "a_b");
	name_becomes(slice_of("\0", 1), "_");
}

/* However long the name, whole characters and no more than a file system takes with endings behind it. */
static void test_long_names(void **state)
{
	struct buf name = { 0 }, out = { 0 };
	(void)state;
	for (size_t n = 0; n < 400; n++) {
		buf_clear(&out);
		filename_add_safe(&out, buf_slice(&name));
		assert_true(out.len <= FILENAME_LONGEST);
		assert_true(text_is_utf8(buf_slice(&out)));
		assert_true(name.len <= FILENAME_LONGEST ? out.len == name.len : out.len >= FILENAME_LONGEST - 3);
		buf_add_str(&name, n % 2 ? "\xe6\xbc\xa2" : "\xf0\x9f\x9a\x80");
	}
	buf_release(&name);
	buf_release(&out);
}

/* Nothing that bytes can be leaves the folder. */
static void test_any_bytes(void **state)
{
	uint64_t seed = 1;
	struct buf out = { 0 };
	(void)state;
	for (int i = 0; i < 200000; i++) {
		static const char often[] = "./\\ -\0\xe2\x80";
		uint8_t name[12];
		size_t n = (size_t)(i % 12) + 1;
		for (size_t k = 0; k < n; k++) {
			seed = seed * 6364136223846793005u + 1442695040888963407u;
			name[k] = seed >> 63 ? (uint8_t)often[(seed >> 33) % 8] : (uint8_t)(seed >> 40);
		}
		buf_clear(&out);
		filename_add_safe(&out, slice_of(name, n));
		assert_false(memchr(buf_cstr(&out), '/', out.len) || memchr(buf_cstr(&out), '\\', out.len));
		assert_null(memchr(buf_cstr(&out), 0, out.len));
		assert_true(text_is_utf8(buf_slice(&out)));
		assert_true(!out.len || (out.at[0] != '.' && out.at[0] != '-' && out.at[0] != ' '));
	}
	buf_release(&out);
}

/* ---- a session that downloads ---- */

struct play {
	char folder[64];
	struct extract *extract;
	struct session *session;
	struct conn_info conn;
	int seq[2], id;
	int64_t time;
};

static void play_open(struct play *p)
{
	*p = (struct play){ .folder = "/tmp/test_extract.XXXXXX", .time = 1000000000 };
	assert_non_null(mkdtemp(p->folder));
}

static void play_begin(struct play *p)
{
	char error[256];
	p->extract = extract_new(p->folder, error, sizeof error);
	assert_non_null(p->extract);
	struct session_options o = { .keep = true, .no_bytes = true, .file = -1, .hash_key = 7 };
	struct session_listener l = { .user = p->extract, .message = extract_message, .stream = extract_stream };
	p->session = session_new(&o, &l);
	extract_set_session(p->extract, p->session);
	p->conn = (struct conn_info){ .number = 1, .start_seen = true, .transport = TRANSPORT_TCP, .settled = { true, true } };
}

/* Ends the connection and the capture; what extract_write says is left in *lines. */
static void play_end(struct play *p, struct buf *lines)
{
	struct sink sink = session_sink(p->session);
	FILE *f = tmpfile();
	assert_non_null(f);
	p->conn.end = CONN_CLOSED_BY_CLIENT;
	sink.closed(sink.user, &p->conn, p->time);
	extract_finish(p->extract);
	assert_true(extract_write(p->extract, f));
	rewind(f);
	lines->len += fread(buf_reserve(lines, 65536), 1, 65536, f);
	fclose(f);
	extract_free(p->extract);
	session_free(p->session);
}

/* Removes the folder and what is in it; returns how many files there were. */
static unsigned play_close(struct play *p)
{
	unsigned files = 0;
	DIR *d = opendir(p->folder);
	assert_non_null(d);
	for (const struct dirent *e; (e = readdir(d));) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		assert_int_equal(unlinkat(dirfd(d), e->d_name, 0), 0);
		files++;
	}
	closedir(d);
	assert_int_equal(rmdir(p->folder), 0);
	return files;
}

/* Sends a message, in pieces of `most` bytes. */
static void send_pieces(struct play *p, enum dir dir, struct slice bytes, size_t most)
{
	struct sink sink = session_sink(p->session);
	for (size_t at = 0; at < bytes.len || at == 0; at += most) {
		struct slice part = slice_head(slice_skip(bytes, at), most);
		uint8_t *copy = exact_copy(part);
		struct piece piece = { .conn = &p->conn,
				       .dir = dir,
				       .first = at == 0,
				       .last = at + part.len == bytes.len,
				       .size = bytes.len,
				       .offset = at,
				       .bytes = { copy, part.len },
				       .at = -1,
				       .time = p->time += 1000 };
		sink.message(sink.user, &piece);
		free(copy);
	}
}

static void say(struct play *p, enum dir dir, const char *command, const char *type, struct slice value, const char *rid, size_t most)
{
	struct buf out = { 0 }, url = { 0 }, id = { 0 }, any = { 0 };
	buf_addf(&url, "type.googleapis.com/openiap.%s", type);
	buf_addf(&id, "id%d", ++p->id);
	put_text(&any, 1, buf_slice(&url));
	put_text(&any, 2, value);
	put_text(&out, 1, slice_str(command));
	put_varint(&out, 3 << 3 | WIRE_VARINT);
	put_varint(&out, (uint64_t)p->seq[dir]++);
	put_text(&out, 4, buf_slice(&id));
	put_text(&out, 5, slice_str(rid));
	put_text(&out, 6, buf_slice(&any));
	send_pieces(p, dir, buf_slice(&out), most);
	buf_release(&out);
	buf_release(&url);
	buf_release(&id);
	buf_release(&any);
}

static void say_text(struct play *p, enum dir dir, const char *command, const char *type, uint32_t field, struct slice text,
		     const char *rid)
{
	struct buf value = { 0 };
	put_text(&value, field, text);
	say(p, dir, command, type, buf_slice(&value), rid, SIZE_MAX / 2);
	buf_release(&value);
}

enum { ALL = 0, NO_END = 1, NO_REPLY = 2, ERROR_REPLY = 4 };

/* A download of that name; data in chunks that come in pieces of `most` bytes. */
static void download(struct play *p, struct slice asked, struct slice told, struct slice data, size_t most, int without)
{
	char rid[16];
	say_text(p, DIR_C2S, "download", "DownloadRequest", 2, asked, "");
	snprintf(rid, sizeof rid, "id%d", p->id);
	say_text(p, DIR_S2C, "beginstream", "BeginStream", 1, slice_str(""), rid);
	for (size_t at = 0; at < data.len; at += 5000) {
		struct buf value = { 0 };
		put_text(&value, 1, slice_head(slice_skip(data, at), 5000));
		say(p, DIR_S2C, "stream", "Stream", buf_slice(&value), rid, most);
		buf_release(&value);
	}
	if (!(without & NO_END))
		say_text(p, DIR_S2C, "endstream", "EndStream", 1, slice_str(""), rid);
	if (without & ERROR_REPLY)
		say_text(p, DIR_S2C, "error", "ErrorResponse", 1, slice_str("no"), rid);
	else if (!(without & NO_REPLY))
		say_text(p, DIR_S2C, "downloadreply", "DownloadResponse", 2, told, rid);
}

static void file_is(const struct play *p, const char *name, struct slice expected)
{
	char path[512];
	struct stat st;
	snprintf(path, sizeof path, "%s/%s", p->folder, name);
	int fd = open(path, O_RDONLY | O_NOFOLLOW);
	if (fd < 0)
		fail_msg("there is no %s", path);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(st.st_size, expected.len);
	uint8_t *got = malloc(expected.len + 1);
	assert_int_equal(read(fd, got, expected.len + 1), expected.len);
	if (expected.len)
		assert_memory_equal(got, expected.at, expected.len);
	free(got);
	close(fd);
}

static struct slice some_data(struct buf *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_add_byte(b, (uint8_t)(i * 31 + i / 256));
	return buf_slice(b);
}

static void assert_lines(struct buf *lines, const char *expected)
{
	if (!slice_is(buf_slice(lines), expected))
		fail_msg("got:\n%s", buf_cstr(lines));
	buf_release(lines);
}

/* The same file however its messages are cut. */
static void test_pieces(void **state)
{
	static const size_t cuts[] = { 1, 7, 1000, 1 << 20 };
	struct buf b = { 0 };
	struct slice data = some_data(&b, 12345);
	(void)state;
	for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
		struct play p;
		struct buf lines = { 0 };
		play_open(&p);
		play_begin(&p);
		download(&p, slice_str("asked.bin"), slice_str("told.bin"), data, cuts[i], ALL);
		download(&p, slice_str("asked.bin"), slice_str(""), data, cuts[i], ALL);
		download(&p, slice_str("empty"), slice_str(""), slice_str(""), cuts[i], ALL);
		play_end(&p, &lines);
		file_is(&p, "told.bin", data);
		file_is(&p, "asked.bin", data);
		file_is(&p, "empty", slice_str(""));
		assert_lines(&lines, "told.bin: 12,345 bytes, checksum not told\nasked.bin: 12,345 bytes, checksum not told\n"
				     "empty: 0 bytes, checksum not told\n");
		assert_int_equal(play_close(&p), 3);
	}
	buf_release(&b);
}

static void test_hostile(void **state)
{
	static const char *const hostile[] = { "../../../../tmp/escaped", "/tmp/escaped", "..", "link", "taken", ".envscope-1-1" };
	struct play p;
	struct buf lines = { 0 };
	char path[512];
	struct slice data = slice_str("data");
	(void)state;
	play_open(&p);
	snprintf(path, sizeof path, "%s/link", p.folder);
	assert_int_equal(symlink("/tmp/test_extract_must_not_be_there", path), 0);
	snprintf(path, sizeof path, "%s/taken", p.folder);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	assert_int_equal(write(fd, "old", 3), 3);
	close(fd);
	play_begin(&p);
	for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++)
		download(&p, slice_str("asked"), slice_str(hostile[i]), data, 1 << 20, ALL);
	play_end(&p, &lines);
	assert_int_not_equal(access("/tmp/test_extract_must_not_be_there", F_OK), 0);
	file_is(&p, "escaped", data);
	file_is(&p, "escaped.1", data);
	file_is(&p, "link.1", data);
	file_is(&p, "taken", slice_str("old"));
	file_is(&p, "taken.1", data);
	file_is(&p, "envscope-1-1", data);
	file_is(&p, "file-11", data); /* the third of five messages each: ".." leaves no name */
	buf_release(&lines);
	assert_int_equal(play_close(&p), 8);
}

static void test_partial(void **state)
{
	struct play p;
	struct buf b = { 0 }, lines = { 0 };
	struct slice data = some_data(&b, 6000);
	(void)state;
	play_open(&p);
	play_begin(&p);
	download(&p, slice_str("cut"), slice_str(""), data, 1 << 20, NO_END | NO_REPLY);
	download(&p, slice_str("no-end"), slice_str("no-end"), data, 1 << 20, NO_END);
	download(&p, slice_str("refused"), slice_str(""), data, 1 << 20, NO_END | ERROR_REPLY);
	download(&p, slice_str("no-reply"), slice_str(""), data, 1 << 20, NO_REPLY);
	download(&p, slice_str("whole.partial"), slice_str(""), data, 1 << 20, ALL);
	download(&p, slice_str("cut"), slice_str(""), data, 1 << 20, NO_END | NO_REPLY);
	play_end(&p, &lines);
	file_is(&p, "cut.partial", data);
	file_is(&p, "cut.1.partial", data);
	file_is(&p, "no-end.partial", data);
	file_is(&p, "refused.partial", data);
	file_is(&p, "no-reply", data);
	file_is(&p, "whole.partial_", data);
	buf_release(&lines);
	assert_int_equal(play_close(&p), 6);
	buf_release(&b);
}

/* Requests without end, and more files at once than may be open: all bounded, and said. */
static void test_many(void **state)
{
	struct play p;
	struct buf lines = { 0 };
	(void)state;
	play_open(&p);
	play_begin(&p);
	for (int i = 0; i < 2 * EXTRACT_WAITING; i++)
		say_text(&p, DIR_C2S, "download", "DownloadRequest", 2, slice_str("never"), "");
	for (int i = 0; i < EXTRACT_OPEN + 10; i++)
		download(&p, slice_str("f"), slice_str(""), slice_str("x"), 1 << 20, NO_END | NO_REPLY);
	play_end(&p, &lines);
	unsigned refused = 0;
	for (const char *at = buf_cstr(&lines); (at = strstr(at, ": not written: ")); at++)
		refused++;
	assert_int_equal(refused, 10);
	assert_non_null(strstr(buf_cstr(&lines), "requests without a stream were forgotten"));
	buf_release(&lines);
	assert_int_equal(play_close(&p), EXTRACT_OPEN);
}

/* ---- the recordings ---- */

struct announced {
	struct extract *extract;
	struct session *session;
	char checksum[8][STREAM_CHECKSUM + 1];
	unsigned count;
};

static void hear(void *user, uint32_t n, struct slice bytes)
{
	struct announced *a = user;
	struct envelope e;
	struct wire_field f;
	extract_message(a->extract, n, bytes);
	if (!envelope_read(bytes, &e) || !slice_is(e.command, "beginstream"))
		return;
	assert_true(a->count < 8);
	while (wire_next(&e.value, &f) == WIRE_FIELD) {
		if (f.number != 1)
			continue;
		assert_int_equal(f.bytes.len, STREAM_CHECKSUM);
		memcpy(a->checksum[a->count++], f.bytes.at, STREAM_CHECKSUM);
	}
}

static void hear_stream(void *user, uint32_t thread, struct slice bytes)
{
	extract_stream(((struct announced *)user)->extract, thread, bytes);
}

static void digest_of(const char *folder, const char *name, char hex[STREAM_CHECKSUM + 1])
{
	char path[512];
	unsigned char digest[EVP_MAX_MD_SIZE], block[65536];
	EVP_MD_CTX *hash = EVP_MD_CTX_new();
	snprintf(path, sizeof path, "%s/%s", folder, name);
	FILE *f = fopen(path, "rb");
	assert_non_null(f);
	assert_int_equal(EVP_DigestInit_ex(hash, EVP_sha256(), NULL), 1);
	for (size_t n; (n = fread(block, 1, sizeof block, f)) > 0;)
		EVP_DigestUpdate(hash, block, n);
	EVP_DigestFinal_ex(hash, digest, NULL);
	EVP_MD_CTX_free(hash);
	fclose(f);
	for (size_t i = 0; i < STREAM_CHECKSUM / 2; i++)
		snprintf(hex + 2 * i, 3, "%02x", digest[i]);
}

static void extract_recording(const char *capture, const char *folder, struct announced *a)
{
	char error[256];
	struct source *source = source_open_file(capture, NULL, error, sizeof error);
	assert_non_null(source);
	struct session_options o = { .keep = true, .no_bytes = true, .file = source_file(source), .hash_key = 7 };
	struct session_listener l = { .user = a, .message = hear, .stream = hear_stream };
	struct capture_options none = { 0 };
	*a = (struct announced){ .extract = extract_new(folder, error, sizeof error) };
	assert_non_null(a->extract);
	a->session = session_new(&o, &l);
	extract_set_session(a->extract, a->session);
	struct sink sink = session_sink(a->session);
	struct capture *c = capture_new(source, &sink, &none);
	while (capture_step(c, 1000) == CAPTURE_MORE)
		;
	capture_finish(c);
	extract_finish(a->extract);
	capture_free(c);
	extract_free(a->extract);
	session_free(a->session);
}

static void test_recordings(void **state)
{
	static const char *const captures[] = { "samples/tcp.pcap", "samples/ws.pcap", "samples/wsdeflate.pcap" };
	static const char *const names[] = { "src_small.bin", "src.bin" }; /* the upload, the download */
	(void)state;
	for (size_t i = 0; i < sizeof captures / sizeof *captures; i++) {
		struct play p;
		struct announced a;
		char hex[STREAM_CHECKSUM + 1];
		play_open(&p);
		extract_recording(captures[i], p.folder, &a);
		assert_int_equal(a.count, 2);
		for (unsigned k = 0; k < 2; k++) {
			digest_of(p.folder, names[k], hex);
			assert_string_equal(hex, a.checksum[k]);
		}
		assert_int_equal(play_close(&p), 2);
	}
}

static void test_no_folder(void **state)
{
	char error[256] = "";
	(void)state;
	assert_null(extract_new("/dev/null", error, sizeof error));
	assert_non_null(strstr(error, "/dev/null: "));
	assert_null(extract_new("/nowhere/at/all", error, sizeof error));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),  cmocka_unit_test(test_long_names), cmocka_unit_test(test_any_bytes),
		cmocka_unit_test(test_pieces), cmocka_unit_test(test_hostile),    cmocka_unit_test(test_partial),
		cmocka_unit_test(test_many),   cmocka_unit_test(test_recordings), cmocka_unit_test(test_no_folder),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
