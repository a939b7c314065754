/*
 * The versions of the libraries as they say themselves while the program runs, which may be newer than those it was built with.
 */
#include "cli/versions.h"

#include "export/curl.h"

#define PCRE2_CODE_UNIT_WIDTH 8

#include <http_parser.h>
#include <jansson.h>
#include <ncurses.h>
#include <nghttp2/nghttp2.h>
#include <openssl/crypto.h>
#include <pcap/pcap.h>
#include <pcre2.h>
#include <protobuf-c/protobuf-c.h>
#include <zlib.h>

void versions_write(FILE *out)
{
	char pcre2[64] = "";
	struct curl curl;
	bool has_curl = curl_load(&curl);
	unsigned long http = http_parser_version();
	pcre2_config(PCRE2_CONFIG_VERSION, pcre2);
	fprintf(out, "envscope %s\n%s\n%s\n", ENVSCOPE_VERSION, pcap_lib_version(), OpenSSL_version(OPENSSL_VERSION));
	fprintf(out, "protobuf-c %s, zlib %s, jansson %s, PCRE2 %s\n", protobuf_c_version(), zlibVersion(), jansson_version_str(), pcre2);
	fprintf(out, "nghttp2 %s, http-parser %lu.%lu.%lu, libcurl %s, %s\n", nghttp2_version(0)->version_str, http >> 16 & 255,
		http >> 8 & 255, http & 255, has_curl ? curl.version_info(CURLVERSION_NOW)->version : "(not there)", curses_version());
}
