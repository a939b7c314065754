/* Hardening, each time in a child of its own, as it stays. */
#include "cli/harden.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static int in_child(int (*check)(void))
{
	pid_t child = fork();
	if (child == 0)
		_exit(harden() ? check() : 100);
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int runs_nothing(void)
{
	char *argv[] = { (char[]){ "true" }, NULL };
	execv("/bin/true", argv);
	return errno == EPERM ? 0 : 1;
}

static int dumps_nothing(void)
{
	struct rlimit l;
	return getrlimit(RLIMIT_CORE, &l) == 0 && l.rlim_cur == 0 && l.rlim_max == 0 ? 0 : 1;
}

static int gains_nothing(void)
{
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 && prctl(PR_GET_SECCOMP) == 2 ? 0 : 1;
}

static int administers_nothing(void)
{
	errno = 0;
	if (syscall(SYS_mount, "none", "/", "none", 0, NULL) == 0 || errno != EPERM)
		return 1;
	errno = 0;
	return syscall(SYS_bpf, 0, NULL, 0) == -1 && errno == EPERM ? 0 : 2;
}

static int files_are_its_owners(void)
{
	char name[] = "/tmp/envscope-harden-XXXXXX";
	struct stat st;
	int fd = mkstemp(name);
	if (fd < 0)
		return 1;
	unlink(name);
	close(fd);
	fd = open(name, O_WRONLY | O_CREAT | O_EXCL, 0666);
	int mode = fd >= 0 && fstat(fd, &st) == 0 ? (int)(st.st_mode & 0777) : -1;
	unlink(name);
	return mode == 0600 ? 0 : 2;
}

static int still_works(void)
{
	int ends[2];
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0 || socket(AF_INET, SOCK_STREAM, 0) < 0)
		return 1;
	pid_t child = fork();
	if (child == 0)
		_exit(7);
	int status;
	return waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 7 ? 0 : 2;
}

#define CHECK(name)                                  \
	static void test_##name(void **state)        \
	{                                            \
		(void)state;                         \
		assert_int_equal(in_child(name), 0); \
	}
CHECK(runs_nothing)
CHECK(dumps_nothing)
CHECK(gains_nothing)
CHECK(administers_nothing)
CHECK(files_are_its_owners)
CHECK(still_works)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_runs_nothing),         cmocka_unit_test(test_dumps_nothing),
		cmocka_unit_test(test_gains_nothing),        cmocka_unit_test(test_administers_nothing),
		cmocka_unit_test(test_files_are_its_owners), cmocka_unit_test(test_still_works),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
