/*
 * Loading libcurl: one look-up for each function of the list. The name of the library is that of the interface it was built against
 * (libcurl.so.4 since 2006); which version it is, it says itself.
 */
#include "export/curl.h"

#include <dlfcn.h>

bool curl_load(struct curl *out)
{
	void *library = dlopen("libcurl.so.4", RTLD_NOW);
	bool good = library;
#define LOAD(name) good = good && (out->name = (__typeof__(out->name))dlsym(library, "curl_" #name));
	CURL_FUNCTIONS(LOAD)
#undef LOAD
	return good;
}
