/* URLs of http and https, read by libcurl. */

#include "common/io/http_url.h"

#include <curl/curl.h>

#include "common/base/alloc.h"
#include "common/base/check.h"
#include "common/base/defs.h"

struct HttpUrl {
    CURLU *parts;
    char *text; /* libcurl's */
    char *host;
    uint32_t port;
    bool is_secure;
};

CLEANUP_POINTER(HttpUrl, http_url_free);

HttpUrl *http_url_free(HttpUrl *url) {
    if (!url)
        return NULL;
    curl_free(url->text);
    curl_free(url->host);
    curl_url_cleanup(url->parts);
    return alloc_free(url);
}

static void part_free(char **part) {
    curl_free(*part);
}

static bool has_part(CURLU *parts, CURLUPart part) {
    _cleanup_(part_free) char *text = NULL;

    return curl_url_get(parts, part, &text, 0) == CURLUE_OK;
}

static bool read_scheme(HttpUrl *url) {
    _cleanup_(part_free) char *scheme = NULL;

    if (curl_url_get(url->parts, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK)
        return false;
    url->is_secure = str_is(str_of(scheme), "https");
    return url->is_secure || str_is(str_of(scheme), "http");
}

static bool read_port(HttpUrl *url) {
    _cleanup_(part_free) char *port = NULL;
    int64_t number;

    if (curl_url_get(url->parts, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) != CURLUE_OK ||
        !str_to_int64(str_of(port), 1, 65535, &number))
        return false;
    url->port = (uint32_t)number;
    return true;
}

/* Letters, digits and what addresses are written with; no % of a zone, nothing beyond ASCII. */
static bool is_host(Str host) {
    for (size_t i = 0; i < host.length; i++) {
        char c = host.data[i];
        bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');

        if (!is_plain && str_find_char(STR("-._:[]"), c) < 0)
            return false;
    }
    return host.length > 0 && host.length <= 255;
}

static bool read_parts(HttpUrl *url) {
    if (!read_scheme(url) || !read_port(url))
        return false;
    if (has_part(url->parts, CURLUPART_USER) || has_part(url->parts, CURLUPART_PASSWORD) ||
        has_part(url->parts, CURLUPART_OPTIONS) || has_part(url->parts, CURLUPART_ZONEID))
        return false;
    if (curl_url_get(url->parts, CURLUPART_HOST, &url->host, 0) != CURLUE_OK ||
        !is_host(str_of(url->host)))
        return false;
    curl_url_set(url->parts, CURLUPART_FRAGMENT, NULL, 0);
    return curl_url_get(url->parts, CURLUPART_URL, &url->text, 0) == CURLUE_OK;
}

/* No NUL ends it early, and no other control character or space gets into a request line. */
static bool is_printable(Str text) {
    for (size_t i = 0; i < text.length; i++)
        if ((unsigned char)text.data[i] <= 0x20 || text.data[i] == 0x7f)
            return false;
    return text.length > 0 && text.length <= HTTP_URL_BYTES_MAX;
}

/* Takes the parts. */
static int read_text(CURLU *parts, Str text, HttpUrl **ret_url) {
    _cleanup_(http_url_free_p) HttpUrl *url = alloc_zero(sizeof *url);
    _cleanup_(alloc_free_p) char *copy = NULL;

    CHECK(parts);
    url->parts = parts;
    if (!is_printable(text))
        return HTTP_URL_E_BAD;
    copy = str_dup(text);
    if (curl_url_set(parts, CURLUPART_URL, copy, 0) != CURLUE_OK || !read_parts(url))
        return HTTP_URL_E_BAD;
    *ret_url = url;
    url = NULL;
    return 0;
}

int http_url_read(Str text, HttpUrl **ret_url) {
    return read_text(curl_url(), text, ret_url);
}

int http_url_follow(const HttpUrl *url, Str location, HttpUrl **ret_url) {
    return read_text(curl_url_dup(url->parts), location, ret_url);
}

const char *http_url_text(const HttpUrl *url) {
    return url->text;
}

const char *http_url_host(const HttpUrl *url) {
    return url->host;
}

uint32_t http_url_port(const HttpUrl *url) {
    return url->port;
}

bool http_url_is_secure(const HttpUrl *url) {
    return url->is_secure;
}

bool http_url_same_origin(const HttpUrl *a, const HttpUrl *b) {
    return a->is_secure == b->is_secure && a->port == b->port &&
           str_equal_nocase(str_of(a->host), str_of(b->host));
}
