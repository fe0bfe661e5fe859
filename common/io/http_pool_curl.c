/*
 * One pool of connections: a multi handle of libcurl, its sockets watched by the loop.
 *
 * A watch is stopped and closed the moment libcurl says that a socket goes, before the descriptor
 * is closed: libuv ends the process when it finds a watched descriptor closed.
 *
 * Runs on: loop.
 */

#include <unistd.h>

#include "common/base/alloc.h"
#include "common/base/check.h"
#include "common/io/http_client_private.h"

/* A pool nobody used for this long keeps no connections open. */
#define POOL_IDLE_MS 60000

static void socket_closed(uv_handle_t *handle) {
    HttpSocket *socket = handle->data;
    HttpClient *client = socket->client;

    alloc_free(socket);
    http_client_handle_closed(client);
}

static void pool_act(HttpPool *pool, curl_socket_t fd, int events) {
    int running;

    curl_multi_socket_action(pool->multi, fd, events, &running);
    http_client_told(pool);
}

static void socket_ready(uv_poll_t *poll, int status, int events) {
    HttpSocket *socket = poll->data;
    int mask = status < 0 ? CURL_CSELECT_ERR : 0;

    if (events & UV_READABLE)
        mask |= CURL_CSELECT_IN;
    if (events & UV_WRITABLE)
        mask |= CURL_CSELECT_OUT;
    pool_act(socket->pool, socket->fd, mask);
}

static HttpSocket *socket_of(HttpClient *client, int fd) {
    return (size_t)fd < client->socket_slots ? client->sockets[fd] : NULL;
}

static HttpSocket *socket_open(HttpPool *pool, int fd) {
    HttpClient *client = pool->client;
    HttpSocket *socket;

    CHECK(fd >= 0);
    if ((size_t)fd >= client->socket_slots) {
        size_t slots = MAX((size_t)fd + 1, client->socket_slots * 2);

        client->sockets = alloc_again(client->sockets, slots * sizeof *client->sockets);
        for (size_t i = client->socket_slots; i < slots; i++)
            client->sockets[i] = NULL;
        client->socket_slots = slots;
    }
    socket = alloc_zero(sizeof *socket);
    socket->client = client;
    socket->pool = pool;
    socket->fd = fd;
    CHECK(uv_poll_init(loop_uv(client->loop), &socket->poll, fd) == 0);
    socket->poll.data = socket;
    client->handles_open++;
    client->sockets[fd] = socket;
    return socket;
}

void http_socket_close(HttpClient *client, int fd) {
    HttpSocket *socket = socket_of(client, fd);

    if (!socket)
        return;
    client->sockets[fd] = NULL;
    uv_poll_stop(&socket->poll);
    uv_close((uv_handle_t *)&socket->poll, socket_closed);
}

static int watch(CURL *easy, curl_socket_t fd, int what, void *context, void *unused) {
    HttpPool *pool = context;
    HttpSocket *socket;
    int events = 0;

    (void)easy;
    (void)unused;
    if (what == CURL_POLL_REMOVE) {
        http_socket_close(pool->client, fd);
        return 0;
    }
    if (what != CURL_POLL_OUT)
        events |= UV_READABLE;
    if (what != CURL_POLL_IN)
        events |= UV_WRITABLE;
    socket = socket_of(pool->client, fd);
    if (!socket)
        socket = socket_open(pool, fd);
    CHECK(socket->pool == pool);
    uv_poll_start(&socket->poll, events, socket_ready);
    return 0;
}

static void timer_due(uv_timer_t *timer) {
    pool_act(timer->data, CURL_SOCKET_TIMEOUT, 0);
}

static void soon_due(uv_idle_t *idle) {
    uv_idle_stop(idle);
    pool_act(idle->data, CURL_SOCKET_TIMEOUT, 0);
}

/*
 * Never back into libcurl from here, and never a timer of 0 ms: both go round and round. What is
 * due at once is done in the next turn of the loop.
 */
static int timer_set(CURLM *multi, long ms, void *context) {
    HttpPool *pool = context;

    (void)multi;
    uv_timer_stop(&pool->timer);
    uv_idle_stop(&pool->soon);
    if (ms == 0) {
        uv_idle_start(&pool->soon, soon_due);
    } else if (ms > 0) {
        uv_update_time(loop_uv(pool->client->loop));
        uv_timer_start(&pool->timer, timer_due, (uint64_t)ms, 0);
    }
    return 0;
}

static HttpPool *pool_new(HttpClient *client, Str name) {
    HttpPool *pool = alloc_zero(sizeof *pool);

    pool->client = client;
    pool->name = str_dup(name);
    pool->multi = curl_multi_init();
    CHECK(pool->multi);
    curl_multi_setopt(pool->multi, CURLMOPT_SOCKETFUNCTION, watch);
    curl_multi_setopt(pool->multi, CURLMOPT_SOCKETDATA, pool);
    curl_multi_setopt(pool->multi, CURLMOPT_TIMERFUNCTION, timer_set);
    curl_multi_setopt(pool->multi, CURLMOPT_TIMERDATA, pool);
    curl_multi_setopt(pool->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
    uv_timer_init(loop_uv(client->loop), &pool->timer);
    uv_idle_init(loop_uv(client->loop), &pool->soon);
    pool->timer.data = pool;
    pool->soon.data = pool;
    pool->handles_open = 2;
    client->handles_open += 2;
    list_push_last(&client->pools, &pool->node);
    map_set(&client->pools_by_name, name, pool);
    client->pool_count++;
    return pool;
}

static void pool_closed(uv_handle_t *handle) {
    HttpPool *pool = handle->data;
    HttpClient *client = pool->client;

    if (--pool->handles_open == 0) {
        alloc_free(pool->name);
        alloc_free(pool);
    }
    http_client_handle_closed(client);
}

void http_pool_close(HttpPool *pool) {
    HttpClient *client = pool->client;

    CHECK(pool->exchanges == 0);
    map_drop(&client->pools_by_name, str_of(pool->name));
    list_drop(&pool->node);
    client->pool_count--;
    curl_multi_cleanup(pool->multi);
    pool->multi = NULL;
    uv_close((uv_handle_t *)&pool->timer, pool_closed);
    uv_close((uv_handle_t *)&pool->soon, pool_closed);
}

/* The longest unused first. */
static void make_room(HttpClient *client) {
    LIST_FOR_EACH(node, &client->pools) {
        HttpPool *pool = CONTAINER_OF(node, HttpPool, node);

        if (client->pool_count < client->settings.pools_max)
            return;
        if (pool->exchanges == 0)
            http_pool_close(pool);
    }
}

HttpPool *http_pool_of(HttpClient *client, Str name) {
    HttpPool *pool = map_find(&client->pools_by_name, name);

    if (!pool) {
        make_room(client);
        pool = pool_new(client, name);
    }
    pool->used_ms = http_client_now_ms(client);
    list_drop(&pool->node);
    list_push_last(&client->pools, &pool->node);
    return pool;
}

void http_pools_sweep(HttpClient *client) {
    int64_t now_ms = http_client_now_ms(client);

    LIST_FOR_EACH(node, &client->pools) {
        HttpPool *pool = CONTAINER_OF(node, HttpPool, node);

        if (pool->exchanges == 0 && now_ms - pool->used_ms > POOL_IDLE_MS)
            http_pool_close(pool);
    }
}
