#pragma once

/*
 * Http url: an absolute http or https URL, read by libcurl's own parser, so that what is judged and
 * what is asked are one thing.
 *
 * Refused: what is malformed, another scheme, a user or password, a host that is not ASCII or has a
 * zone, more than HTTP_URL_BYTES_MAX.
 */

#include <stdbool.h>
#include <stdint.h>

#include "common/base/str.h"

enum {
    HTTP_URL_E_BAD = 1, /* one of the above */
};

#define HTTP_URL_BYTES_MAX 8192

typedef struct HttpUrl HttpUrl;

int http_url_read(Str text, HttpUrl **ret_url);
HttpUrl *http_url_free(HttpUrl *url);

/* What a Location header of an answer from there means; relative ones too. */
int http_url_follow(const HttpUrl *url, Str location, HttpUrl **ret_url);

const char *http_url_text(const HttpUrl *url); /* normalised */
const char *http_url_host(const HttpUrl *url);
uint32_t http_url_port(const HttpUrl *url); /* also when it is the scheme's own */
bool http_url_is_secure(const HttpUrl *url);

/* Same scheme, host and port: who may see the same credentials. */
bool http_url_same_origin(const HttpUrl *a, const HttpUrl *b);
