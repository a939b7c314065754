/*
 * libcurl, loaded when it is first asked for.
 *
 * Linked as usual it would be loaded at each start, with some thirty libraries that it brings along, and that takes longer than most captures
 * take to be read; only --otlp needs it.
 */
#ifndef EXPORT_CURL_H
#define EXPORT_CURL_H

#include <curl/curl.h>
#include <stdbool.h>

/* The functions that are used, without their prefix. */
/* clang-format off */
#define CURL_FUNCTIONS(F) \
	F(easy_cleanup) F(easy_getinfo) F(easy_init) F(easy_setopt) F(easy_strerror) F(easy_unescape) F(free) \
	F(multi_add_handle) F(multi_cleanup) F(multi_info_read) F(multi_init) F(multi_perform) F(multi_poll) F(multi_remove_handle) \
	F(slist_append) F(slist_free_all) F(url) F(url_cleanup) F(url_get) F(url_set) F(version_info)
/* clang-format on */

struct curl {
#define MEMBER(name) __typeof__(curl_##name) *name;
	CURL_FUNCTIONS(MEMBER)
#undef MEMBER
};

/* Fills in *out. False if the library is not there, or lacks one of the functions. It stays loaded. */
bool curl_load(struct curl *out);

#endif
