/*
 * Temporary files. Where the file system can't make one without a name (O_TMPFILE) it has one for a moment.
 */
#include "base/temp.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

const char *temp_dir(const char *dir)
{
	const char *tmp = dir ? dir : getenv("TMPDIR");
	return tmp && *tmp ? tmp : "/tmp";
}

int temp_open(const char *dir)
{
	char path[4096];
	int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd >= 0)
		return fd;
	int n = snprintf(path, sizeof path, "%s/envscope-XXXXXX", dir);
	if (n < 0 || (size_t)n >= sizeof path) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0)
		unlink(path);
	return fd;
}
