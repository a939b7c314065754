/* The config file: reading it with all its faults, writing it without losing what the user wrote. */
#include "tui/config.h"
#include "tui/key.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static void complains(const char *text, const char *expected)
{
	struct settings s;
	struct buf complaints = { 0 };
	settings_init(&s);
	config_read_text(&s, slice_str(text), &complaints);
	assert_string_equal(buf_cstr(&complaints), expected);
	settings_release(&s);
	buf_release(&complaints);
}

static void test_wrong_lines(void **state)
{
	(void)state;
	complains("", "");
	complains("\n# mouse = maybe\n   \n", "");
	complains("mouse = off\r\n\tcolours=never", "");
	complains("mouse = maybe\n", "line 1: mouse is one of on, off: mouse = maybe\n");
	complains("\nmouse\n", "line 2: a line is NAME = VALUE: mouse\n");
	complains("= on", "line 1: a line is NAME = VALUE: = on\n");
	complains("house = on", "line 1: there is nothing of that name to set: house = on\n");
	complains("key.nothing = a", "line 1: there is no such command: key.nothing = a\n");
	complains("key.help = F99", "line 1: there is no such key: key.help = F99\n");
	complains("key.help = G", "the key G does something else already where it should do last\n");
	complains("colour.request = reddish", "line 1: a colour is a number up to 255 or a name such as red, and bold, underline, reverse: "
					      "colour.request = reddish\n");
	complains("colour.request = 256", "line 1: a colour is a number up to 255 or a name such as red, and bold, underline, reverse: "
					  "colour.request = 256\n");
	complains("colour.plane = red", "line 1: there is no colour of that name: colour.plane = red\n");
	complains("columns.nowhere = a", "line 1: there is no screen of that name with columns: columns.nowhere = a\n");
	complains("columns.rules = Rule", "line 1: there is no screen of that name with columns: columns.rules = Rule\n");
	complains("\033[2J = on", "line 1: there is nothing of that name to set: ␛[2J = on\n");
}

static void test_values(void **state)
{
	struct settings s;
	struct buf complaints = { 0 };
	(void)state;
	settings_init(&s);
	config_read_text(&s, slice_str("mouse = off\ntime = delta\nkey.help = F12\ncolour.error = 200 bold\ncolumns.messages = n Size:9\n"),
			 &complaints);
	assert_int_equal(complaints.len, 0);
	assert_int_equal(s.value[SETTING_MOUSE], 1);
	assert_int_equal(s.value[SETTING_TIME], 2);
	assert_int_equal(keymap_command(&s.keys, KEY_FUNCTION + 12, IN_THREADS), CMD_HELP);
	assert_int_equal(s.looks[INK_ERROR].color256, 200);
	assert_int_equal(s.looks[INK_ERROR].with_color, LOOK_BOLD);
	assert_string_equal(buf_cstr(&s.columns[VIEW_MESSAGES]), "n Size:9");
	assert_int_equal(s.columns_line[VIEW_MESSAGES], 5);
	s.value[SETTING_BACKGROUND] = BACKGROUND_LIGHT;
	settings_choose_looks(&s);
	assert_int_equal(s.looks[INK_ERROR].color256, 200);
	settings_release(&s);
	buf_release(&complaints);
}

static void file_is(const char *path, const char *expected)
{
	char text[4096];
	FILE *f = fopen(path, "r");
	assert_non_null(f);
	text[fread(text, 1, sizeof text - 1, f)] = 0;
	fclose(f);
	assert_string_equal(text, expected);
}

static void test_writing(void **state)
{
	char folder[] = "/tmp/envscope-config.XXXXXX", path[64], link[64], inner[48];
	struct settings s;
	struct buf out = { 0 };
	struct stat st;
	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(inner, sizeof inner, "%s/inner", folder);
	snprintf(path, sizeof path, "%s/config", inner);
	settings_init(&s);
	assert_true(config_write(&s, path, &out));
	file_is(path, "");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	FILE *f = fopen(path, "w");
	fputs("# mine\nmouse = on\nnonsense\n  time=relative\n", f);
	fclose(f);
	config_read(&s, path, &out);
	s.value[SETTING_MOUSE] = 1;
	assert_true(keymap_bind(&s.keys, "help", "F12 ?", &(const char *){ NULL }));
	assert_true(config_write(&s, path, &out));
	file_is(path, "# mine\nmouse = off\nnonsense\ntime = relative\nkey.help = F12 ?\n");
	assert_true(config_write(&s, path, &out));
	file_is(path, "# mine\nmouse = off\nnonsense\ntime = relative\nkey.help = F12 ?\n");
	snprintf(link, sizeof link, "%s/link", folder);
	assert_int_equal(symlink("inner/config", link), 0);
	s.value[SETTING_MOUSE] = 0;
	assert_true(config_write(&s, link, &out));
	file_is(path, "# mine\nmouse = on\nnonsense\ntime = relative\nkey.help = F12 ?\n");
	assert_int_equal(lstat(link, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	unlink(link);
	unlink(path);
	rmdir(inner);
	rmdir(folder);
	assert_false(config_write(&s, "/dev/null/config", &out));
	settings_release(&s);
	buf_release(&out);
}

/* Where the file can't be written, nothing is left behind. */
static void test_not_written(void **state)
{
	char folder[] = "/tmp/envscope-config.XXXXXX", path[64], beside[72];
	struct settings s;
	struct buf out = { 0 };
	struct rlimit was, none;
	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/config", folder);
	snprintf(beside, sizeof beside, "%s.new", path);
	settings_init(&s);
	s.value[SETTING_MOUSE] = 1;
	assert_int_equal(mkdir(path, 0700), 0);
	assert_false(config_write(&s, path, &out));
	assert_non_null(strstr(buf_cstr(&out), "Is a directory"));
	assert_int_equal(access(beside, F_OK), -1);
	rmdir(path);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
	none = (struct rlimit){ 0, was.rlim_max };
	setrlimit(RLIMIT_FSIZE, &none);
	bool written = config_write(&s, path, &out);
	setrlimit(RLIMIT_FSIZE, &was);
	assert_false(written);
	assert_int_equal(access(beside, F_OK), -1);
	assert_int_equal(rmdir(folder), 0);
	settings_release(&s);
	buf_release(&out);
}

/* Nor is what would be lost by it replaced: a pipe or a device, a file that was not read to its end. */
static void test_not_replaced(void **state)
{
	char folder[] = "/tmp/envscope-config.XXXXXX", path[64];
	struct settings s;
	struct buf out = { 0 };
	struct stat st;
	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/config", folder);
	settings_init(&s);
	assert_int_equal(mkfifo(path, 0600), 0);
	alarm(30); /* it is not waited for */
	assert_false(config_write(&s, path, &out));
	assert_non_null(strstr(buf_cstr(&out), "can't be written"));
	assert_int_equal(lstat(path, &st), 0);
	assert_true(S_ISFIFO(st.st_mode));
	alarm(0);
	unlink(path);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	for (int i = 0; i < 600000; i++)
		fputs("#\n", f);
	fclose(f);
	assert_false(config_write(&s, path, &out));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 1200000);
	unlink(path);
	assert_int_equal(rmdir(folder), 0);
	settings_release(&s);
	buf_release(&out);
}

/* What is printed as an example is right when the comments are taken away. */
static void add_line(void *user, const char *name, const char *preset, const char *sentence)
{
	assert_true(*sentence);
	buf_addf(user, "%s = %s\n", name, preset);
}

static void test_example(void **state)
{
	struct settings s, preset;
	struct buf text = { 0 }, complaints = { 0 };
	(void)state;
	settings_init(&s);
	settings_init(&preset);
	config_each(add_line, &text);
	config_read_text(&s, buf_slice(&text), &complaints);
	assert_string_equal(buf_cstr(&complaints), "");
	assert_memory_equal(s.value, preset.value, sizeof s.value);
	assert_memory_equal(&s.keys, &preset.keys, sizeof s.keys);
	for (int i = 0; i < INKS; i++)
		assert_int_equal(s.looks[i].color256, preset.looks[i].color256);
	settings_release(&s);
	settings_release(&preset);
	buf_release(&text);
	buf_release(&complaints);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wrong_lines), cmocka_unit_test(test_values),       cmocka_unit_test(test_writing),
		cmocka_unit_test(test_not_written), cmocka_unit_test(test_not_replaced), cmocka_unit_test(test_example),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
