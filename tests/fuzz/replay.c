/* Feeds files to a fuzz target, one after the other: a main() in place of libFuzzer's, so that what once failed is tried again where there is
 * no clang. Says which file it is at before it is fed. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

/* For targets with a mutator of their own, which is not called here. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size)
{
	(void)data;
	return size < max_size ? size : max_size;
}

/* The whole file in a heap block of its size; NULL if it can't be read. */
static uint8_t *read_file(const char *path, size_t *size)
{
	FILE *f = fopen(path, "rb");
	if (!f || fseek(f, 0, SEEK_END) != 0)
		return NULL;
	*size = (size_t)ftell(f);
	rewind(f);
	uint8_t *bytes = malloc(*size ? *size : 1);
	if (bytes && fread(bytes, 1, *size, f) != *size)
		*size = 0;
	fclose(f);
	return bytes;
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		size_t size;
		uint8_t *bytes = read_file(argv[i], &size);
		if (!bytes) {
			fprintf(stderr, "%s can't be read\n", argv[i]);
			return 1;
		}
		fprintf(stderr, "%s\n", argv[i]);
		LLVMFuzzerTestOneInput(bytes, size);
		free(bytes);
	}
	return 0;
}
