/* Temporary files without a name, which go with the process. */
#ifndef BASE_TEMP_H
#define BASE_TEMP_H

/* Where they are made: `dir`, or if that is NULL $TMPDIR, else /tmp. */
const char *temp_dir(const char *dir);
/* Opens one in that folder for reading and writing, for the user alone. -1, with errno set, if that fails. */
int temp_open(const char *dir);

#endif
