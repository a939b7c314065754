/* The memory of the libraries. */
#ifndef CLI_MEMORY_H
#define CLI_MEMORY_H

/* Gives OpenSSL and jansson the allocation of base/xalloc.h. To be called before either is used. */
void memory_for_libraries(void);

#endif
