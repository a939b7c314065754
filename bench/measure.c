/*
 * measure OUTPUT COMMAND [ARGUMENT…]: runs a command once and prints "seconds kilobytes status": wall time
 * from fork to exit, the largest resident set that getrusage knows of (file pages that are mapped count
 * too), and the exit status (128 + N when signal N ended it).
 *
 * The command's standard output goes to the file OUTPUT (usually /dev/null), its standard input is empty. A program is refused as
 * OUTPUT: then it was forgotten.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

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
