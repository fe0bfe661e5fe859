/*
 * A head is read into a request, or refused. The library is lenient where two readers of the same
 * bytes could disagree about where a request ends; here everything with two readings is refused.
 *
 * Runs on: loop.
 */

#include "common/base/check.h"
#include "common/io/http_server_private.h"

typedef struct HeadScan {
    HttpRequest *request;
    uint32_t header_count_max;
    uint32_t hosts;
    uint32_t codings; /* Transfer-Encoding lines */
    Str coding;
    Str length; /* of the body, as sent */
    uint32_t status;
} HeadScan;

static void scan_length(HeadScan *scan, Str value) {
    if (scan->length.data && !str_equal(scan->length, value))
        scan->status = 400;
    scan->length = value;
}

/* What a header says about the frame of the request. */
static void scan_frame(HeadScan *scan, Str name, Str value) {
    if (str_equal_nocase(name, STR("content-length"))) {
        scan_length(scan, value);
    } else if (str_equal_nocase(name, STR("transfer-encoding"))) {
        scan->codings++;
        scan->coding = value;
    } else if (str_equal_nocase(name, STR("host"))) {
        scan->hosts++;
    }
}

static enum MHD_Result scan_header(void *context, enum MHD_ValueKind kind, const char *key,
                                   size_t key_length, const char *text, size_t length) {
    HeadScan *scan = context;
    HttpRequest *request = scan->request;
    Str name = str_from(key, key_length);
    Str value = text ? str_from(text, length) : STR("");

    CHECK(kind == MHD_HEADER_KIND);
    if (request->header_count == scan->header_count_max) {
        scan->status = 431;
        return MHD_NO;
    }
    if (!http_field_is_token(name) || !http_field_is_value(value)) {
        scan->status = 400;
        return MHD_NO;
    }
    name = str_copy(&request->arena, name);
    value = str_copy(&request->arena, str_trim(value));
    request->headers[request->header_count++] = (HttpField){.name = name, .value = value};
    scan_frame(scan, name, value);
    return MHD_YES;
}

static uint32_t judge_length(HttpRequest *request, Str length) {
    int64_t bytes;

    for (size_t i = 0; i < length.length; i++)
        if (length.data[i] < '0' || length.data[i] > '9')
            return 400;
    if (length.length == 0)
        return 400;
    if (!str_to_int64(length, 0, INT64_MAX, &bytes) || (uint64_t)bytes > request->body_bytes_max)
        return 413;
    request->has_body = bytes > 0;
    request->body_bytes = (uint64_t)bytes;
    return 0;
}

static uint32_t judge_frame(const HeadScan *scan, bool is_old) {
    if (scan->hosts > 1 || (scan->hosts == 0 && !is_old))
        return 400;
    if (scan->codings) {
        if (scan->length.data || is_old || scan->codings > 1)
            return 400;
        if (!str_equal_nocase(scan->coding, STR("chunked")))
            return 400;
        scan->request->has_body = true;
    }
    return scan->length.data ? judge_length(scan->request, scan->length) : 0;
}

static int hex_digit(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* The byte that %XX stands for, or -1. */
static int escaped_byte(Str text, size_t at) {
    int high, low;

    if (text.data[at] != '%' || text.length - at < 3)
        return -1;
    high = hex_digit(text.data[at + 1]);
    low = hex_digit(text.data[at + 2]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

static Str decode(Arena *arena, Str text, bool is_plus_space) {
    char *out = arena_alloc(arena, text.length + 1);
    size_t length = 0;

    for (size_t i = 0; i < text.length; i++) {
        int byte = escaped_byte(text, i);

        if (byte >= 0) {
            out[length++] = (char)byte;
            i += 2;
        } else {
            out[length++] = is_plus_space && text.data[i] == '+' ? ' ' : text.data[i];
        }
    }
    out[length] = '\0';
    return str_from(out, length);
}

/* Every % starts an escape, and none of them is a NUL or a control character. */
static bool is_path(Str text) {
    for (size_t i = 0; i < text.length; i++) {
        unsigned char c = (unsigned char)text.data[i];
        int byte = c == '%' ? escaped_byte(text, i) : c;

        if (byte < 0x20 || byte == 0x7f)
            return false;
    }
    return true;
}

static void read_params(HttpRequest *request) {
    Str rest = request->query;
    uint32_t most = 1;

    for (size_t i = 0; i < rest.length; i++)
        most += rest.data[i] == '&';
    request->params = arena_alloc(&request->arena, most * sizeof *request->params);
    while (rest.data) {
        Str part = str_split(&rest, '&');
        Str value = part;
        Str name = str_split(&value, '=');

        if (part.length == 0)
            continue;
        request->params[request->param_count++] = (HttpField){
            .name = decode(&request->arena, name, true),
            .value = value.data ? decode(&request->arena, value, true) : STR(""),
        };
    }
}

/* "http://host/path" is what proxies are asked; its host says nothing that we look at. */
static Str without_origin(Str target) {
    ptrdiff_t scheme = str_starts(target, STR("http://"))    ? 7
                       : str_starts(target, STR("https://")) ? 8
                                                             : 0;
    ptrdiff_t slash;

    if (!scheme)
        return target;
    slash = str_find_char(str_slice(target, (size_t)scheme, SIZE_MAX), '/');
    return slash < 0 ? STR("/") : str_slice(target, (size_t)(scheme + slash), SIZE_MAX);
}

static uint32_t read_target(HttpRequest *request) {
    Str rest = without_origin(request->target);

    if (str_is(rest, "*") && str_is(request->method, "OPTIONS"))
        rest = STR("/*");
    if (!str_starts(rest, STR("/")))
        return 400;
    request->path_raw = str_split(&rest, '?');
    request->query = rest.data ? rest : STR("");
    if (!is_path(request->path_raw))
        return 400;
    request->path = decode(&request->arena, request->path_raw, false);
    read_params(request);
    return 0;
}

uint32_t http_head_read(HttpRequest *request, const char *version) {
    HeadScan scan = {
        .request = request,
        .header_count_max = request->server->limits.header_count_max,
    };
    bool is_old = str_is(str_of(version), "HTTP/1.0");

    if (!is_old && !str_is(str_of(version), "HTTP/1.1"))
        return 400;
    request->headers =
        arena_alloc(&request->arena, scan.header_count_max * sizeof *request->headers);
    MHD_get_connection_values_n(request->connection->mhd, MHD_HEADER_KIND, scan_header, &scan);
    if (!scan.status)
        scan.status = judge_frame(&scan, is_old);
    if (!scan.status && str_is(request->method, "CONNECT"))
        scan.status = 501;
    if (!scan.status && !http_field_is_token(request->method))
        scan.status = 400;
    return scan.status ? scan.status : read_target(request);
}
