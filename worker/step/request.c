/* The input of http.request, made into what is sent. */

#include "worker/step/request.h"

#include <string.h>

#include "worker/step/step.h"

/* One request being made. */
typedef struct Build {
    const StepOrder *order;
    Arena *arena;
    StepRequest request;
    StepField fields[REQUEST_HEADERS_MAX];
    Str message;
} Build;

#define REFUSE(build, ...)                                                                         \
    ((build)->message = str_printf((build)->arena, __VA_ARGS__), REQUEST_E_INVALID)

static bool is_among(Str name, const char *const *names, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (str_equal_nocase(name, str_of(names[i])))
            return true;
    }
    return false;
}

static bool is_natural(Str method) {
    static const char *const natural[] = {"GET", "HEAD", "PUT", "DELETE", "OPTIONS"};

    return method.length == 0 || is_among(method, natural, ARRAY_SIZE(natural));
}

bool request_is_single(const Plan *plan, uint32_t node, const Json *input) {
    const PlanNode *plan_node = &plan->nodes[node];

    if (plan_node->idempotency != IDEMPOTENCY_NONE)
        return false;
    return !plan_node->is_idempotency_by_method ||
           !is_natural(json_str(json_member(input, STR("method"))));
}

static bool is_plain(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

void request_encode(Buf *buf, Str text) {
    for (size_t i = 0; i < text.length; i++) {
        if (is_plain(text.data[i]))
            buf_add_char(buf, text.data[i]);
        else
            buf_printf(buf, "%%%02X", (unsigned char)text.data[i]);
    }
}

/* RFC 9110: what may stand in a method or a header's name. */
static bool is_token(Str text) {
    for (size_t i = 0; i < text.length; i++) {
        char c = text.data[i];

        if (!is_plain(c) && (c == 0 || memchr("!#$%&'*+^`|", c, 11) == NULL))
            return false;
    }
    return text.length > 0;
}

/* No line breaks, no other control characters but the tab. */
static bool is_header_value(Str text) {
    for (size_t i = 0; i < text.length; i++) {
        unsigned char c = (unsigned char)text.data[i];

        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return false;
    }
    return true;
}

/* Method and url --------------------------------------------------------------------------- */

static int check_members(Build *build) {
    static const char *const known[] = {"method", "url",       "query",  "headers",
                                        "body",   "timeoutMs", "success"};
    const Json *input = build->order->input;

    if (!json_is(input, JSON_OBJECT))
        return REFUSE(build, "input: it must be an object, not %s", json_type_name(input));
    for (uint32_t i = 0; i < input->count; i++) {
        if (!is_among(input->members[i].key, known, ARRAY_SIZE(known)))
            return REFUSE(build,
                          "input: there is no `%.*s`; known are method, url, query, "
                          "headers, body, timeoutMs and success",
                          (int)MIN(input->members[i].key.length, (size_t)100),
                          input->members[i].key.data);
    }
    return 0;
}

static int read_method(Build *build) {
    const Json *value = json_member(build->order->input, STR("method"));
    Str method = STR("GET");
    char *upper;

    if (value != NULL && value->type != JSON_NULL) {
        if (value->type != JSON_STRING || !is_token(json_str(value)) || value->count > 32)
            return REFUSE(build, "input.method: it must be the name of a method, such as POST");
        method = json_str(value);
    }
    upper = arena_copy(build->arena, method.data, method.length);
    for (size_t i = 0; i < method.length; i++) {
        if (upper[i] >= 'a' && upper[i] <= 'z')
            upper[i] = (char)(upper[i] - ('a' - 'A'));
    }
    build->request.method = str_from(upper, method.length);
    if (str_is(build->request.method, "CONNECT") || str_is(build->request.method, "TRACE"))
        return REFUSE(build, "input.method: %.*s cannot be sent", STR_ARGS(build->request.method));
    return 0;
}

static bool is_url(Str url) {
    if (url.length < 8 || (!str_equal_nocase(str_slice(url, 0, 7), STR("http://")) &&
                           !str_equal_nocase(str_slice(url, 0, 8), STR("https://"))))
        return false;
    for (size_t i = 0; i < url.length; i++) {
        if ((unsigned char)url.data[i] <= ' ' || url.data[i] == 0x7f)
            return false;
    }
    return true;
}

/* Query ------------------------------------------------------------------------------------ */

static bool is_scalar(const Json *value) {
    return value->type != JSON_ARRAY && value->type != JSON_OBJECT;
}

/* A scalar as the text that is sent: strings as they are. */
static Str scalar_text(Build *build, const Json *value) {
    return value->type == JSON_STRING ? json_str(value) : json_text(build->arena, value);
}

static void add_pair(Build *build, Buf *buf, Str name, const Json *value) {
    if (value->type == JSON_NULL)
        return;
    if (buf->length > 0)
        buf_add_char(buf, '&');
    request_encode(buf, name);
    buf_add_char(buf, '=');
    request_encode(buf, scalar_text(build, value));
}

static int add_pairs(Build *build, Buf *buf, const char *place, const JsonMember *member) {
    const Json *value = &member->value;
    const Json *items = value->type == JSON_ARRAY ? value->items : value;
    uint32_t count = value->type == JSON_ARRAY ? value->count : 1;

    for (uint32_t i = 0; i < count; i++) {
        if (!is_scalar(&items[i]))
            return REFUSE(build,
                          "input.%s.%.*s: it must be text, a number, true, false, null or "
                          "a list of them",
                          place, STR_ARGS(member->key));
        add_pair(build, buf, member->key, &items[i]);
    }
    return 0;
}

/* name=value&… of an object */
static int encode_form(Build *build, Buf *buf, const char *place, const Json *object) {
    int r = 0;

    for (uint32_t i = 0; r == 0 && i < object->count; i++)
        r = add_pairs(build, buf, place, &object->members[i]);
    return r;
}

static void join_url(Build *build, Str url, Str query) {
    Str bare = str_split(&url, '#'); /* a fragment is never sent */
    const char *between = "";

    if (query.length > 0 && str_find_char(bare, '?') < 0)
        between = "?";
    else if (query.length > 0 && !str_ends(bare, STR("?")) && !str_ends(bare, STR("&")))
        between = "&";
    build->request.url =
        str_printf(build->arena, "%.*s%s%.*s", STR_ARGS(bare), between, STR_ARGS(query));
}

static int read_url(Build *build) {
    const Json *url = json_member(build->order->input, STR("url"));
    const Json *query = json_member(build->order->input, STR("query"));
    _cleanup_(buf_done) Buf pairs = {0};
    int r = 0;

    if (!json_is(url, JSON_STRING) || !is_url(json_str(url)))
        return REFUSE(build, "input.url: it must be the text of an http or https address, with "
                             "blanks and line breaks encoded");
    if (query != NULL && query->type != JSON_OBJECT && query->type != JSON_NULL)
        return REFUSE(build, "input.query: it must be an object, not %s", json_type_name(query));
    if (json_is(query, JSON_OBJECT))
        r = encode_form(build, &pairs, "query", query);
    if (r)
        return r;
    join_url(build, json_str(url), buf_str(&pairs));
    if (build->request.url.length > REQUEST_URL_BYTES_MAX)
        return REFUSE(build, "input.url: %zu bytes with its query, at most %d",
                      build->request.url.length, REQUEST_URL_BYTES_MAX);
    return 0;
}

/* Headers ---------------------------------------------------------------------------------- */

static Str header(const Build *build, Str name) {
    for (uint32_t i = 0; i < build->request.header_count; i++) {
        if (str_equal_nocase(build->fields[i].name, name))
            return build->fields[i].value;
    }
    return STR_NONE;
}

static int add_header(Build *build, Str name, Str value) {
    if (build->request.header_count == REQUEST_HEADERS_MAX)
        return REFUSE(build, "input.headers: more than %d", REQUEST_HEADERS_MAX);
    build->fields[build->request.header_count++] = (StepField){.name = name, .value = value};
    return 0;
}

/* Ours, unless the author said something else; there is always room for them. */
static int add_own(Build *build, Str name, Str value) {
    if (value.length == 0 || header(build, name).data != NULL)
        return 0;
    return add_header(build, name, value);
}

static int add_authors(Build *build, const JsonMember *member) {
    const Json *value = &member->value;
    const Json *items = value->type == JSON_ARRAY ? value->items : value;
    uint32_t count = value->type == JSON_ARRAY ? value->count : 1;
    int r = 0;

    for (uint32_t i = 0; r == 0 && i < count; i++) {
        Str text;

        if (items[i].type == JSON_NULL)
            continue;
        if (!is_scalar(&items[i]))
            return REFUSE(build, "input.headers.%.*s: it must be text or a list of texts",
                          STR_ARGS(member->key));
        text = scalar_text(build, &items[i]);
        if (!is_header_value(text))
            return REFUSE(build,
                          "input.headers.%.*s: line breaks and control characters cannot "
                          "be sent",
                          STR_ARGS(member->key));
        r = add_header(build, member->key, text);
    }
    return r;
}

static int read_headers(Build *build) {
    /* Of one connection, not of the request; and what only the worker may say. */
    static const char *const refused[] = {
        "connection", "content-length",    "expect",  "host",
        "keep-alive", "proxy-connection",  "te",      "proxy-authorization",
        "trailer",    "transfer-encoding", "upgrade", "x-workflow-attempt",
    };
    const Json *headers = json_member(build->order->input, STR("headers"));
    int r = 0;

    if (headers == NULL || headers->type == JSON_NULL)
        return 0;
    if (headers->type != JSON_OBJECT)
        return REFUSE(build, "input.headers: it must be an object, not %s",
                      json_type_name(headers));
    for (uint32_t i = 0; r == 0 && i < headers->count; i++) {
        Str name = headers->members[i].key;

        if (!is_token(name) || name.length > 200)
            return REFUSE(build, "input.headers: `%.*s` is no name of a header",
                          (int)MIN(name.length, (size_t)100), name.data);
        if (is_among(name, refused, ARRAY_SIZE(refused)))
            return REFUSE(build,
                          "input.headers.%.*s: this header belongs to the connection and "
                          "cannot be set",
                          STR_ARGS(name));
        r = add_authors(build, &headers->members[i]);
    }
    return r;
}

static int add_own_headers(Build *build) {
    const StepOrder *order = build->order;
    StepInstanceId instance = step_instance_id(order->execution, order->plan->nodes[order->node].id,
                                               order->scope, order->visit);
    UuidText key = uuid_text(instance.uuid);
    int r = add_own(build, STR("Idempotency-Key"), str_copy(build->arena, str_of(key.text)));

    if (r == 0)
        r = add_own(build, STR("X-Workflow-Attempt"),
                    str_printf(build->arena, "%u", order->attempt));
    if (r == 0)
        r = add_own(build, STR("traceparent"), order->traceparent);
    return r;
}

/* Body, time, success ---------------------------------------------------------------------- */

static bool is_form(Str content_type) {
    return str_equal_nocase(str_trim(str_split(&content_type, ';')),
                            STR("application/x-www-form-urlencoded"));
}

static int read_body(Build *build) {
    const Json *body = json_member(build->order->input, STR("body"));
    Str content_type = header(build, STR("Content-Type"));
    _cleanup_(buf_done) Buf form = {0};
    int r;

    if (body == NULL || body->type == JSON_NULL)
        return 0;
    if (body->type == JSON_STRING) {
        build->request.body = json_str(body);
        return add_own(build, STR("Content-Type"), STR("text/plain; charset=utf-8"));
    }
    if (body->type == JSON_OBJECT && is_form(content_type)) {
        r = encode_form(build, &form, "body", body);
        build->request.body = str_copy(build->arena, buf_str(&form));
        return r;
    }
    build->request.body = json_text(build->arena, body);
    return add_own(build, STR("Content-Type"), STR("application/json"));
}

static int read_timeout(Build *build) {
    const Json *value = json_member(build->order->input, STR("timeoutMs"));
    int64_t timeout_ms = build->order->timeout_ms;

    build->request.timeout_ms = timeout_ms;
    if (value == NULL || value->type == JSON_NULL)
        return 0;
    if (!json_is(value, JSON_NUMBER) || !json_to_int64(value, &timeout_ms) || timeout_ms < 1)
        return REFUSE(build, "input.timeoutMs: it must be a whole number of milliseconds, at "
                             "least 1");
    build->request.timeout_ms = MIN(timeout_ms, build->order->timeout_ms);
    return 0;
}

/* One of the rule: 200 or "2xx"; its range of statuses. */
static bool read_range(const Json *value, int64_t *ret_low, int64_t *ret_high) {
    Str text = json_str(value);

    if (json_is(value, JSON_NUMBER)) {
        if (!json_to_int64(value, ret_low) || *ret_low < 100 || *ret_low > 599)
            return false;
        *ret_high = *ret_low;
        return true;
    }
    if (text.length != 3 || text.data[0] < '1' || text.data[0] > '5' ||
        !str_equal_nocase(str_slice(text, 1, 2), STR("xx")))
        return false;
    *ret_low = (text.data[0] - '0') * 100;
    *ret_high = *ret_low + 99;
    return true;
}

static int check_success(Build *build) {
    const Json *rule = json_member(build->order->input, STR("success"));
    bool is_list = json_is(rule, JSON_ARRAY);
    int64_t low, high;

    if (rule == NULL || rule->type == JSON_NULL)
        return 0;
    for (uint32_t i = 0; i < (is_list ? rule->count : 1); i++) {
        if (!read_range(is_list ? &rule->items[i] : rule, &low, &high))
            return REFUSE(build, "input.success: it must be a status such as 200, a class such "
                                 "as \"2xx\", or a list of them");
    }
    return 0;
}

bool request_is_success(const Json *input, uint32_t status) {
    const Json *rule = json_member(input, STR("success"));
    bool is_list = json_is(rule, JSON_ARRAY);
    int64_t low, high;

    if (rule == NULL || rule->type == JSON_NULL)
        return status >= 200 && status <= 299;
    for (uint32_t i = 0; i < (is_list ? rule->count : 1); i++) {
        if (read_range(is_list ? &rule->items[i] : rule, &low, &high) && status >= low &&
            status <= high)
            return true;
    }
    return false;
}

int request_build(const StepOrder *order, Arena *arena, StepRequest *ret_request,
                  Str *ret_message) {
    static int (*const parts[])(Build *) = {
        check_members, read_method,  read_url,      read_headers,
        read_body,     read_timeout, check_success, add_own_headers,
    };
    Build build = {.order = order, .arena = arena};

    for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
        if (parts[i](&build)) {
            *ret_message = build.message;
            return REQUEST_E_INVALID;
        }
    }
    build.request.headers =
        arena_copy(arena, build.fields, build.request.header_count * sizeof build.fields[0]);
    build.request.is_single = request_is_single(order->plan, order->node, order->input);
    *ret_request = build.request;
    return 0;
}
