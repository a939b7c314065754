/* Places in one or several files: a number that says which file, and where in it. */
#ifndef BASE_FILES_H
#define BASE_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	FILES_BITS = 48, /* of a place: the offset in its file; above them stands the file's number */
	FILES_MAX = 512, /* files that are read as one */
};

/* Descriptors by number, borrowed; -1 for a file that can't be read again. */
struct files {
	const int *fd;
	size_t count;
};

static inline int files_descriptor(struct files f, uint64_t place)
{
	uint64_t number = place >> FILES_BITS;
	return number < f.count ? f.fd[number] : -1;
}

static inline uint64_t files_offset(uint64_t place)
{
	return place & ((UINT64_C(1) << FILES_BITS) - 1);
}

/* Reads `len` bytes at a place. False if they are not there. */
bool files_read(struct files f, void *to, size_t len, uint64_t place);

#endif
