/*
 * measure OUTPUT COMMAND [ARGUMENT…]: runs a command once and prints "seconds kilobytes status": wall time
 * from fork to exit, the largest resident set that getrusage knows of (file pages that are mapped count
 * too), and the exit status (128 + N when signal N ended it).
 *
 * The command's standard output goes to the file OUTPUT (usually /dev/null), its standard input is empty. A program is refused as
 * OUTPUT: then it was forgotten.
 *
 * Before that, WARM_MIB of memory are touched and given back. A virtual machine's free memory may be the host's again, which then has to find each
 * page that is touched first; without this, whatever runs first pays for it, and the others do not.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { WARM_MIB = 512, PAGE = 4096 };

/* In a process of its own, so that it does not count as resident in the one that is measured. */
static void warm_up(void)
{
	pid_t pid = fork();
	if (pid == 0) {
		size_t size = (size_t)WARM_MIB << 20;
		char *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (at == MAP_FAILED)
			_exit(1);
		madvise(at, size, MADV_HUGEPAGE);
		for (size_t i = 0; i < size; i += PAGE)
			*(volatile char *)(at + i) = 1;
		_exit(0);
	}
	if (pid > 0)
		waitpid(pid, NULL, 0);
}

static double seconds_now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void redirect(const char *path, int flags, int to)
{
	int fd = open(path, flags, 0666);
	if (fd < 0 || dup2(fd, to) < 0) {
		perror(path);
		_exit(127);
	}
	close(fd);
}

static void run(const char *output, char **command)
{
	redirect("/dev/null", O_RDONLY, STDIN_FILENO);
	redirect(output, O_WRONLY | O_CREAT | O_TRUNC, STDOUT_FILENO);
	execvp(command[0], command);
	perror(command[0]);
	_exit(127);
}

int main(int argc, char **argv)
{
	struct rusage usage;
	int status;
	if (argc < 3) {
		fputs("usage: measure OUTPUT COMMAND [ARGUMENT...]\n", stderr);
		return 2;
	}
	struct stat st;
	if (stat(argv[1], &st) == 0 && S_ISREG(st.st_mode) && st.st_mode & 0111) {
		fprintf(stderr, "measure: %s is a program; where is the output to go?\n", argv[1]);
		return 2;
	}
	warm_up();
	double begin = seconds_now();
	pid_t pid = fork();
	if (pid == 0)
		run(argv[1], argv + 2);
	if (pid < 0 || wait4(pid, &status, 0, &usage) < 0) {
		perror("measure");
		return 2;
	}
	double seconds = seconds_now() - begin;
	status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	printf("%.4f %ld %d\n", seconds, usage.ru_maxrss, status);
	return 0;
}
