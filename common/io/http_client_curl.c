/*
 * The client on libcurl: calls come, wait for their turn to look up a name, and are told what
 * became of them.
 *
 * libcurl looks names up in a thread each, which nothing can end. So lookups are counted: those of
 * one pool may take a quarter of the places, and one that was given up keeps its place until its
 * thread has surely ended.
 *
 * Runs on: loop.
 */

#include "common/base/alloc.h"
#include "common/base/check.h"
#include "common/io/clock.h"
#include "common/io/http_client_private.h"

#define TICK_MS 100

/* The resolver of the C library asks two servers twice, five seconds each. */
#define LOOKUP_HELD_MS 20000

#define OR(value, otherwise) ((value) ? (value) : (otherwise))

int64_t http_client_now_ms(const HttpClient *client) {
    return (int64_t)uv_now(loop_uv(client->loop));
}

uint32_t http_client_calls(const HttpClient *client) {
    return client->call_count;
}

/* Lookups ---------------------------------------------------------------------------------------
 */

static bool may_look_up(const HttpClient *client, const HttpPool *pool) {
    uint32_t places = client->settings.lookups_max;

    return client->lookups + client->held_count < places && pool->lookups < MAX(places / 4, 1u);
}

static void lookup_end(HttpExchange *exchange) {
    CHECK(exchange->state == CALL_LOOKUP);
    exchange->client->lookups--;
    exchange->pool->lookups--;
}

void http_client_looked_up(HttpExchange *exchange) {
    if (exchange->state != CALL_LOOKUP)
        return;
    lookup_end(exchange);
    exchange->state = CALL_TALK;
}

/* Not knowing better, a call that ended before it had an address has left a thread behind. */
static void lookup_hold(HttpClient *client) {
    if (client->held_count < ARRAY_SIZE(client->held))
        client->held[client->held_count++] = http_client_now_ms(client) + LOOKUP_HELD_MS;
}

static void holds_end(HttpClient *client) {
    int64_t now_ms = http_client_now_ms(client);
    uint32_t kept = 0;

    for (uint32_t i = 0; i < client->held_count; i++)
        if (client->held[i] > now_ms)
            client->held[kept++] = client->held[i];
    client->held_count = kept;
}

static void line_join(HttpExchange *exchange) {
    exchange->state = CALL_LINE;
    exchange->client->line_length++;
}

static void line_leave(HttpExchange *exchange) {
    CHECK(exchange->state == CALL_LINE);
    exchange->client->line_length--;
}

static void line_move(HttpClient *client) {
    if (client->line_length == 0)
        return;
    LIST_FOR_EACH(node, &client->calls) {
        HttpExchange *exchange = CONTAINER_OF(node, HttpExchange, node);

        if (exchange->state != CALL_LINE)
            continue;
        if (http_client_now_ms(client) >= exchange->deadline_ms) {
            http_client_finish(exchange, HTTP_E_TIMEOUT);
        } else if (may_look_up(client, exchange->pool)) {
            line_leave(exchange);
            exchange->state = CALL_LOOKUP;
            client->lookups++;
            exchange->pool->lookups++;
            http_exchange_begin(exchange);
        }
    }
}

/* Ends ------------------------------------------------------------------------------------------
 */

static void kick_due(uv_idle_t *idle);

void http_client_finish(HttpExchange *exchange, int r) {
    HttpClient *client = exchange->client;

    CHECK(exchange->state != CALL_FINISHED);
    if (exchange->state == CALL_LOOKUP) {
        if (r == HTTP_E_TIMEOUT || r == HTTP_E_ABORTED)
            lookup_hold(client);
        lookup_end(exchange);
    } else if (exchange->state == CALL_LINE) {
        line_leave(exchange);
    }
    http_exchange_leave(exchange);
    if (exchange->pool)
        exchange->pool->exchanges--;
    exchange->state = CALL_FINISHED;
    exchange->r = r;
    list_drop(&exchange->node);
    list_push_last(&client->finished, &exchange->node);
    uv_idle_start(&client->kick, kick_due);
}

static void tell(HttpExchange *exchange) {
    HttpClient *client = exchange->client;
    HttpAnswer answer = {
        .r = exchange->r,
        .effect = http_exchange_effect(exchange),
        .status = exchange->status,
        .headers = exchange->fields,
        .header_count = exchange->field_count,
        .body = buf_str(&exchange->body),
        .url = exchange->url ? str_of(http_url_text(exchange->url)) : exchange->call.url,
        .redirects = exchange->redirects,
        .duration_ms = http_client_now_ms(client) - exchange->started_ms,
    };

    list_drop(&exchange->node);
    client->call_count--;
    exchange->done(exchange->context, &answer);
    http_exchange_free(exchange);
}

static void tell_all(HttpClient *client) {
    while (!list_is_empty(&client->finished))
        tell(CONTAINER_OF(list_first(&client->finished), HttpExchange, node));
}

static void kick_due(uv_idle_t *idle) {
    uv_idle_stop(idle);
    tell_all(idle->data);
}

/* libcurl is through with it: an answer, a refusal, or a redirect. */
static void exchange_over(HttpExchange *exchange, CURLcode code) {
    int r = http_exchange_refusal(exchange, code);
    int redirect_r = 0;

    if (r == 0 && http_exchange_redirects(exchange, &redirect_r)) {
        r = redirect_r;
        if (r == 0) {
            http_client_looked_up(exchange);
            http_exchange_leave(exchange);
            line_join(exchange);
            return;
        }
    }
    http_client_finish(exchange, r);
}

void http_client_told(HttpPool *pool) {
    HttpClient *client = pool->client;
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(pool->multi, &left))) {
        HttpExchange *exchange = NULL;
        CURLcode code = message->data.result;

        CHECK(message->msg == CURLMSG_DONE);
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &exchange);
        exchange_over(exchange, code);
    }
    line_move(client);
    tell_all(client);
}

/* Calls -----------------------------------------------------------------------------------------
 */

static void call_fill(HttpCall *call) {
    call->timeout_ms = OR(call->timeout_ms, 30000);
    call->connect_timeout_ms = OR(call->connect_timeout_ms, 10000);
    call->response_bytes_max = OR(call->response_bytes_max, 10u << 20);
    call->header_bytes_max = OR(call->header_bytes_max, 64u << 10);
}

HttpExchange *http_client_call(HttpClient *client, const HttpCall *call, HttpDoneFn done,
                               void *context) {
    HttpCall filled = *call;
    HttpExchange *exchange;
    int r;

    CHECK(done);
    call_fill(&filled);
    exchange = http_exchange_new(client, &filled);
    exchange->done = done;
    exchange->context = context;
    client->call_count++;
    list_push_last(&client->calls, &exchange->node);
    line_join(exchange);

    r = client->is_closing                                ? HTTP_E_ABORTED
        : client->call_count > client->settings.calls_max ? HTTP_E_BUSY
                                                          : http_exchange_check(exchange);
    if (r) {
        http_client_finish(exchange, r);
        return exchange;
    }
    exchange->pool = http_pool_of(client, call->pool);
    exchange->pool->exchanges++;
    line_move(client);
    return exchange;
}

void http_client_abort(HttpExchange *exchange) {
    if (exchange->state != CALL_FINISHED)
        http_client_finish(exchange, HTTP_E_ABORTED);
}

/* The client ------------------------------------------------------------------------------------
 */

static void tick_due(uv_timer_t *timer) {
    HttpClient *client = timer->data;

    holds_end(client);
    line_move(client);
    http_pools_sweep(client);
    tell_all(client);
}

static void settings_fill(HttpClient *client, const HttpClientSettings *settings) {
    client->settings = *settings;
    client->settings.calls_max = OR(settings->calls_max, 1024);
    client->settings.lookups_max = OR(settings->lookups_max, 64);
    client->settings.pools_max = OR(settings->pools_max, 256);
    if (settings->policy)
        client->policy = *settings->policy;
    client->user_agent = str_dup(str_of(OR(settings->user_agent, "headrace/" HEADRACE_VERSION)));
    client->ca_file = settings->ca_file ? str_dup(str_of(settings->ca_file)) : NULL;
    client->proxy = settings->proxy ? str_dup(str_of(settings->proxy)) : NULL;
}

HttpClient *http_client_new(Loop *loop, const HttpClientSettings *settings) {
    HttpClient *client = alloc_zero(sizeof *client);

    CHECK(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
    client->loop = loop;
    settings_fill(client, settings);
    list_init(&client->calls);
    list_init(&client->finished);
    list_init(&client->pools);
    map_init(&client->pools_by_name, clock_random_u64());
    uv_idle_init(loop_uv(loop), &client->kick);
    uv_timer_init(loop_uv(loop), &client->tick);
    client->kick.data = client;
    client->tick.data = client;
    client->handles_open = 2;
    uv_timer_start(&client->tick, tick_due, TICK_MS, TICK_MS);
    return client;
}

void http_client_handle_closed(HttpClient *client) {
    LoopFn closed_fn = client->closed_fn;
    void *context = client->closed_context;

    if (--client->handles_open)
        return;
    CHECK(client->call_count == 0);
    map_done(&client->pools_by_name);
    alloc_free(client->sockets);
    alloc_free(client->user_agent);
    alloc_free(client->ca_file);
    alloc_free(client->proxy);
    alloc_free(client);
    curl_global_cleanup();
    if (closed_fn)
        closed_fn(context);
}

static void own_handle_closed(uv_handle_t *handle) {
    http_client_handle_closed(handle->data);
}

static void close_rest(uv_timer_t *timer) {
    HttpClient *client = timer->data;

    tell_all(client);
    LIST_FOR_EACH(node, &client->pools)
    http_pool_close(CONTAINER_OF(node, HttpPool, node));
    uv_close((uv_handle_t *)&client->kick, own_handle_closed);
    uv_close((uv_handle_t *)&client->tick, own_handle_closed);
}

void http_client_close(HttpClient *client, LoopFn closed_fn, void *context) {
    CHECK(!client->is_closing);
    client->is_closing = true;
    client->closed_fn = closed_fn;
    client->closed_context = context;
    LIST_FOR_EACH(node, &client->calls)
    http_client_finish(CONTAINER_OF(node, HttpExchange, node), HTTP_E_ABORTED);
    uv_timer_start(&client->tick, close_rest, 1, 0);
}
