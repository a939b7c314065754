/*
 * Reading at a place of one or several files.
 */
#include "base/files.h"

#include <errno.h>
#include <unistd.h>

bool files_read(struct files f, void *to, size_t len, uint64_t place)
{
	uint8_t *at = to;
	uint64_t offset = files_offset(place);
	int fd = files_descriptor(f, place);
	while (len) {
		ssize_t n = pread(fd, at, len, (off_t)offset);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		at += n;
		offset += (uint64_t)n;
		len -= (size_t)n;
	}
	return true;
}
