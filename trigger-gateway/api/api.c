/* The authenticated listener. */

#include "trigger-gateway/api/api.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/base/alloc.h"
#include "common/base/check.h"
#include "common/base/fault.h"
#include "common/io/clock.h"
#include "common/io/http_server.h"
#include "common/io/log.h"
#include "common/seal/seal.h"
#include "trigger-gateway/api/keys.h"
#include "trigger-gateway/api/route.h"
#include "trigger-gateway/ports/metrics.h"

#define HEADERS_MAX 12
#define TRACEPARENT_BYTES 55 /* 00-<32>-<16>-<2> */
#define CONNECTIONS_MAX 2048

/* Keys that nobody has heard of cost a look-up each; most lanes and their queue stay for others. */
#define LOOK_UPS_MAX 32

struct Api {
    GatewayPorts ports;
    HttpServer *server;
    Keys keys;
    SealKeys *seal_keys;
    uint32_t look_ups; /* under way */
    LoopFn closed_fn;
    void *closed_context;
};

/*
 * One request in hand.
 *
 *      on_head ──► matched ──► on_request ──► known key? ──► lane ──► Kafka ──► answered
 *                                 │  ▲            │
 *                                 │  └── looked up ◄┘
 *                                 └────► refused
 */
typedef struct ApiTurn {
    Api *api;
    HttpRequest *request;
    RouteMatch match;
    ApiKey key;
    ApiCall call;
    KeyAnswer looked_up;
    int look_up_result;
    int64_t begun_ms;
    KeyCheck bucket; /* principal is not kept */
    bool has_bucket;
} ApiTurn;

/* Answering --------------------------------------------------------------------------------- */

/* What an answer is made of. */
typedef struct ApiHeld {
    Buf answer;
    Arena arena;
} ApiHeld;

typedef struct HeaderList {
    HttpField fields[HEADERS_MAX];
    uint32_t count;
} HeaderList;

static void add_header(HeaderList *list, const char *name, Str value) {
    CHECK(list->count < HEADERS_MAX);
    if (value.length > 0)
        list->fields[list->count++] = (HttpField){.name = str_of(name), .value = value};
}

static void add_number(HeaderList *list, ApiCall *call, const char *name, int64_t number) {
    add_header(list, name, str_printf(&call->arena, "%lld", (long long)number));
}

static void count_answer(const ApiTurn *turn) {
    char status[8];

    snprintf(status, sizeof status, "%u", turn->call.status);
    metric_add_label(turn->api->ports.metrics, METRIC_API_REQUESTS, status, 1);
    metric_observe_ms(turn->api->ports.metrics, METRIC_API_SECONDS,
                      (double)(clock_monotonic_ms() - turn->begun_ms));
}

/* The turn lies in the request's memory, which is gone once it is answered. */
static void answer(ApiTurn *turn) {
    const BucketRate *rate = &turn->api->keys.rate;
    ApiCall *call = &turn->call;
    HeaderList headers = {0};
    ApiHeld held;
    HttpReply reply = {.status = call->status, .body = buf_str(&call->answer)};

    CHECK(call->status >= 200);
    if (reply.body.length > 0)
        reply.content_type =
            call->is_problem ? STR("application/problem+json") : STR("application/json");
    add_header(&headers, "X-Request-Id", str_of(call->request_id.text));
    add_header(&headers, "Cache-Control", STR("no-store"));
    add_header(&headers, "ETag", call->etag);
    add_header(&headers, "Location", call->location);
    if (call->status == 401)
        add_header(&headers, "WWW-Authenticate", STR("Bearer realm=\"headrace\""));
    if (call->status == 405)
        add_header(&headers, "Allow", str_of(turn->match.allowed));
    if (call->retry_after_s > 0)
        add_number(&headers, call, "Retry-After", call->retry_after_s);
    if (turn->has_bucket) {
        add_number(&headers, call, "RateLimit-Limit", (int64_t)rate->burst);
        add_number(&headers, call, "RateLimit-Remaining", turn->bucket.left);
        add_number(&headers, call, "RateLimit-Reset", (turn->bucket.wait_ms + 999) / 1000);
    }
    reply.headers = headers.fields;
    reply.header_count = headers.count;
    count_answer(turn);
    held = (ApiHeld){.answer = call->answer, .arena = call->arena};
    http_reply(turn->request, &reply);
    buf_done(&held.answer);
    arena_done(&held.arena);
}

static void refuse(ApiTurn *turn, ApiProblem problem, Str detail) {
    call_refuse(&turn->call, problem, detail);
    answer(turn);
}

/* Sending ----------------------------------------------------------------------------------- */

static void refuse_unsent(ApiTurn *turn, int r) {
    if (r == PUBLISH_E_TOO_LARGE) {
        refuse(turn, API_TOO_LARGE, STR("The input does not fit a message."));
        return;
    }
    turn->call.retry_after_s = PUBLISH_RETRY_AFTER_S;
    refuse(turn, API_UNAVAILABLE,
           STR("The event log cannot take it now. With the same Idempotency-Key, the same request "
               "starts the same execution."));
}

static void send_done(void *context, int r) {
    ApiTurn *turn = context;

    if (r)
        refuse_unsent(turn, r);
    else
        answer(turn);
}

static void send_after(ApiTurn *turn) {
    Publisher *publisher = turn->api->ports.publisher;
    ApiCall *call = &turn->call;
    int r = 0;

    switch (call->after) {
    case AFTER_NOTHING:
        answer(turn);
        return;
    case AFTER_START:
        r = publish_start(publisher, &call->start, send_done, turn);
        break;
    case AFTER_COMMAND:
        r = publish_command(publisher, &call->command, call->partition, send_done, turn);
        break;
    }
    if (r)
        refuse_unsent(turn, r);
}

/* The lane ---------------------------------------------------------------------------------- */

static void run_in_lane(void *lane, void *context) {
    ApiTurn *turn = context;

    call_run(lane, &turn->call);
}

static void run_done(void *context) {
    send_after(context);
}

static void refuse_busy(ApiTurn *turn) {
    turn->call.retry_after_s = 1;
    refuse(turn, API_UNAVAILABLE, STR("Too many requests are waiting."));
}

static void run(ApiTurn *turn) {
    if (lane_pool_run(turn->api->ports.api_lanes, run_in_lane, run_done, turn))
        refuse_busy(turn);
}

/* The key ----------------------------------------------------------------------------------- */

static void look_up(ApiTurn *turn);

static void take_principal(ApiTurn *turn, const KeyCheck *check) {
    ApiCall *call = &turn->call;

    turn->has_bucket = true;
    turn->bucket = *check;
    call->principal = *check->principal;
    turn->bucket.principal = NULL;
    if (!access_allows(call->principal.role, str_of(call->principal.scopes), call->route->verb)) {
        refuse(turn, API_FORBIDDEN,
               str_printf(&call->arena,
                          "The key's role is %s; '%s' needs %s, and a scope where "
                          "the key has scopes.",
                          role_word(call->principal.role), verb_word(call->route->verb),
                          role_word(verb_role(call->route->verb))));
        return;
    }
    run(turn);
}

static void authenticate(ApiTurn *turn, bool is_looked_up) {
    KeyCheck check = {0};
    KeyVerdict verdict = keys_check(&turn->api->keys, &turn->key, clock_monotonic_ms(), &check);

    switch (verdict) {
    case KEY_UNKNOWN_YET:
        /* Looked up a moment ago and gone: the lane pool was slower than the entry's life. */
        if (is_looked_up)
            refuse_busy(turn);
        else
            look_up(turn);
        return;
    case KEY_REFUSED:
        refuse(turn, API_UNAUTHENTICATED, STR("The API key is not known, or not valid any more."));
        return;
    case KEY_LIMITED:
        turn->has_bucket = true;
        turn->bucket = check;
        turn->bucket.principal = NULL;
        turn->call.retry_after_s = (uint32_t)((check.wait_ms + 999) / 1000);
        refuse(turn, API_RATE_LIMITED, STR("Wait as long as Retry-After says."));
        return;
    case KEY_TAKEN:
        take_principal(turn, &check);
        return;
    }
}

static void look_up_in_lane(void *lane, void *context) {
    ApiTurn *turn = context;

    turn->look_up_result = keys_look_up(lane, &turn->key.id, &turn->looked_up);
}

static void look_up_done(void *context) {
    ApiTurn *turn = context;

    turn->api->look_ups--;
    if (turn->look_up_result) {
        turn->call.retry_after_s = 2;
        refuse(turn, API_UNAVAILABLE, STR("The database cannot be reached."));
        return;
    }
    keys_learn(&turn->api->keys, &turn->key.id, &turn->looked_up, clock_monotonic_ms());
    authenticate(turn, true);
}

static void look_up(ApiTurn *turn) {
    if (turn->api->look_ups >= LOOK_UPS_MAX ||
        lane_pool_run(turn->api->ports.api_lanes, look_up_in_lane, look_up_done, turn))
        refuse_busy(turn);
    else
        turn->api->look_ups++;
}

/* The request ------------------------------------------------------------------------------- */

static Str header(const HttpRequest *request, const char *name) {
    Str value = STR_NONE;

    return http_request_header(request, name, &value) ? str_trim(value) : STR_NONE;
}

/* A malformed one is left out, as the specification wants it. */
static Str traceparent(const HttpRequest *request) {
    Str value = header(request, "traceparent");

    if (value.length != TRACEPARENT_BYTES)
        return STR_NONE;
    for (size_t i = 0; i < value.length; i++)
        if (strchr("0123456789abcdef-", value.data[i]) == NULL || value.data[i] == '\0')
            return STR_NONE;
    return value;
}

static ApiTurn *turn_new(Api *api, HttpRequest *request) {
    ApiTurn *turn = arena_zero(http_request_arena(request), sizeof *turn);

    turn->api = api;
    turn->request = request;
    turn->begun_ms = clock_monotonic_ms();
    turn->call.ports = &api->ports;
    turn->call.seal_keys = api->seal_keys;
    turn->call.request_id = uuid_text(clock_uuid_v7());
    arena_init(&turn->call.arena, 0);
    return turn;
}

/* Everything that can be refused without the body is refused before it is read. */
static void on_head(void *owner, HttpRequest *request) {
    ApiTurn *turn = turn_new(owner, request);

    turn->match = route_find(http_request_method(request), http_request_path(request));
    turn->call.route = turn->match.route;
    if (turn->match.allowed[0] == '\0') {
        refuse(turn, API_NOT_FOUND, STR("There is no such path; docs/openapi.yaml lists them."));
    } else if (turn->match.route == NULL) {
        refuse(turn, API_METHOD_NOT_ALLOWED,
               str_printf(&turn->call.arena, "The path knows %s.", turn->match.allowed));
    } else if (!api_key_read(header(request, "Authorization"), &turn->key)) {
        refuse(turn, API_UNAUTHENTICATED, STR("Send Authorization: Bearer hr_<id>_<secret>."));
    } else {
        size_t limit =
            MIN(turn->match.route->body_bytes_max, (size_t)turn->api->ports.config->api_body_bytes);

        http_request_body_max(request, limit);
        http_request_context_set(request, turn);
    }
}

static void on_request(void *owner, HttpRequest *request) {
    ApiTurn *turn = http_request_context(request);
    ApiCall *call = &turn->call;

    (void)owner;
    memcpy(call->params, turn->match.params, sizeof call->params);
    call->path = http_request_path(request);
    call->body = http_request_body(request);
    call->query_count = http_request_params(request, &call->queries);
    call->content_type = header(request, "Content-Type");
    call->idempotency_key = header(request, "Idempotency-Key");
    call->if_match = header(request, "If-Match");
    call->if_none_match = header(request, "If-None-Match");
    call->traceparent = traceparent(request);
    authenticate(turn, false);
}

/* The listener ------------------------------------------------------------------------------ */

static void api_free(Api *api) {
    keys_done(&api->keys);
    seal_keys_free(api->seal_keys);
    alloc_free(api);
}

static int open_seal(Api *api) {
    _cleanup_(buf_done) Buf message = {0};

    if (seal_keys_read(str_of(api->ports.config->seal_key), &api->seal_keys, &message) == 0)
        return 0;
    log_event(LOG_ERROR, "config.seal_key", LOG_TEXT("why", buf_str(&message)));
    return fault_raise(-EINVAL);
}

int api_open(const GatewayPorts *ports, Api **ret_api) {
    Api *api = alloc_zero(sizeof *api);
    HttpServerSpec spec = {
        .name = "api",
        .address = ports->config->api_listen,
        .limits =
            {
                     .body_bytes_max = (size_t)ports->config->api_body_bytes,
                     .connections_max = CONNECTIONS_MAX,
                     },
        .on_head = on_head,
        .on_request = on_request,
        .owner = api,
    };
    BucketRate rate = {
        .per_second = (double)ports->config->api_rate,
        .burst = (double)ports->config->api_burst,
    };
    int r;

    api->ports = *ports;
    keys_init(&api->keys, clock_random_u64(), &rate);
    r = open_seal(api);
    if (r == 0)
        r = http_server_open(ports->loop, &spec, &api->server);
    if (r) {
        api_free(api);
        return r;
    }
    *ret_api = api;
    return 0;
}

const char *api_address(const Api *api) {
    return http_server_address(api->server);
}

void api_drain(Api *api, int64_t deadline_ms, LoopFn done_fn, void *context) {
    http_server_drain(api->server, deadline_ms, done_fn, context);
}

static void close_done(void *context) {
    Api *api = context;
    LoopFn closed_fn = api->closed_fn;
    void *closed_context = api->closed_context;

    api_free(api);
    if (closed_fn != NULL)
        closed_fn(closed_context);
}

void api_close(Api *api, LoopFn closed_fn, void *context) {
    api->closed_fn = closed_fn;
    api->closed_context = context;
    http_server_close(api->server, close_done, api);
}

void api_print_routes(Buf *buf) {
    routes_print(buf);
}
