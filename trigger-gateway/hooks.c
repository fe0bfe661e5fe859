/*
 * Webhooks come in.
 *
 * Runs on: loop.
 */

#include "trigger-gateway/hooks.h"

#include "common/base/alloc.h"
#include "common/base/check.h"
#include "common/base/fault.h"
#include "common/base/hash.h"
#include "common/base/map.h"
#include "common/io/clock.h"
#include "common/io/log.h"
#include "trigger-gateway/answer.h"
#include "trigger-gateway/api/bucket.h"
#include "trigger-gateway/fire/dedupe.h"
#include "trigger-gateway/fire/webhook_scope.h"
#include "trigger-gateway/ports/metrics.h"

#define BUCKETS_MAX 100000 /* past these all begin anew: who was limited is not any more */
#define STALE_RETRY_S 10

struct Hooks {
    HooksPorts ports;
    HttpServer *server;
    Map buckets;      /* SHA-256 of the token → Bucket */
    uint64_t refused; /* by the listener, as the metrics know it */
    LoopFn closed_fn;
    void *closed_context;
};

/* A request while it is judged, within one callback. */
typedef struct Knock {
    Hooks *hooks;
    HttpRequest *request;
    const HookRule *rule;
    Str token;
    Str path; /* behind the token */
    Fields headers;
    WebhookRequest webhook;
    WebhookBody body;
} Knock;

static void refuse(const Knock *knock, HookProblem problem, Str detail, int64_t retry_after_s) {
    answer_refuse(
        knock->hooks->ports.metrics, knock->request,
        &(HookRefusal){.problem = problem, .detail = detail, .retry_after_s = retry_after_s});
}

/* Head -------------------------------------------------------------------------------------- */

static Str without_slashes(Str path) {
    while (path.length > 0 && path.data[0] == '/')
        path = str_slice(path, 1, SIZE_MAX);
    while (path.length > 0 && path.data[path.length - 1] == '/')
        path.length--;
    return path;
}

static bool fits_path(Str wanted, Str path) {
    return wanted.length == 0 || str_equal(wanted, path) ||
           (str_starts(path, wanted) && path.data[wanted.length] == '/');
}

static bool find_rule(Knock *knock) {
    Str rest = http_request_path(knock->request);

    if (!str_starts(rest, STR("/h/")))
        return false;
    rest = str_slice(rest, 3, SIZE_MAX);
    knock->token = str_split(&rest, '/');
    knock->path = without_slashes(rest);
    knock->rule = catalog_hook(knock->hooks->ports.catalog, knock->token);
    return knock->rule != NULL && knock->rule->is_enabled &&
           fits_path(knock->rule->path, knock->path);
}

static void forget_buckets(Hooks *hooks) {
    size_t position = 0;
    void *bucket;
    Str key;

    while (map_next(&hooks->buckets, &position, &key, &bucket))
        alloc_free(bucket);
    map_done(&hooks->buckets);
    map_init(&hooks->buckets, clock_random_u64());
}

/* 0, or the seconds to wait. */
static int64_t take_token(Knock *knock) {
    Hooks *hooks = knock->hooks;
    BucketRate rate = {.per_second = (double)hooks->ports.config->hooks_rate,
                       .burst = (double)hooks->ports.config->hooks_burst};
    Sha256 hash = sha256_of(knock->token);
    Str key = str_from((const char *)hash.bytes, SHA256_BYTES);
    Bucket *bucket = map_find(&hooks->buckets, key);

    if (bucket == NULL) {
        if (hooks->buckets.count >= BUCKETS_MAX)
            forget_buckets(hooks);
        bucket = alloc_zero(sizeof *bucket);
        map_set(&hooks->buckets, key, bucket);
    }
    if (bucket_take(bucket, &rate, loop_now_ms(hooks->ports.loop) + 1))
        return 0;
    return (bucket_wait_ms(bucket, &rate) + 999) / 1000;
}

/* Everything that is known before the body comes. */
static void on_head(void *owner, HttpRequest *request) {
    Knock knock = {.hooks = owner, .request = request};
    Str method = http_request_method(request);
    int64_t wait_s;

    if (!catalog_is_usable(knock.hooks->ports.catalog)) {
        refuse(&knock, HOOK_UNAVAILABLE, STR_NONE, STALE_RETRY_S);
    } else if (!find_rule(&knock)) {
        refuse(&knock, HOOK_NOT_FOUND, STR_NONE, 0);
    } else if (!str_is(method, "POST") && !str_is(method, "PUT")) {
        refuse(&knock, HOOK_METHOD_NOT_ALLOWED, STR_NONE, 0);
    } else if ((wait_s = take_token(&knock)) > 0) {
        refuse(&knock, HOOK_RATE_LIMITED, STR_NONE, wait_s);
    } else if (!publisher_is_up(knock.hooks->ports.publisher)) {
        refuse(&knock, HOOK_UNAVAILABLE, STR_NONE, PUBLISH_RETRY_AFTER_S);
    }
}

/* Signature --------------------------------------------------------------------------------- */

static Str header_of(void *context, Str name) {
    return fields_find(*(const Fields *)context, name);
}

static bool is_genuine(const Knock *knock) {
    const HookSignature *signature = &knock->rule->signature;
    SignatureRequest request = {
        .body = http_request_body(knock->request),
        .now_ms = clock_now_ms(),
        .header = header_of,
        .context = (void *)&knock->headers,
    };
    int r;

    if (signature->rule.scheme == SIGNATURE_NONE)
        return true;
    r = signature_check(&signature->rule, signature->secrets, signature->secret_count, &request);
    metric_add_label(knock->hooks->ports.metrics, METRIC_SIGNATURES,
                     r ? signature_refusal_word(r) : "GENUINE", 1);
    if (r)
        log_event(LOG_INFO, "hook.unsigned", LOG_ID("tenant", knock->rule->tenant.uuid),
                  LOG_ID("template", knock->rule->template_id.uuid),
                  LOG_TEXT("trigger", knock->rule->trigger),
                  LOG_C("why", signature_refusal_word(r)));
    return r == 0;
}

/* Body -------------------------------------------------------------------------------------- */

static Fields fields_of(const HttpField *fields, uint32_t count, Arena *arena) {
    Field *copies = arena_alloc(arena, (count + 1) * sizeof *copies);

    for (uint32_t i = 0; i < count; i++)
        copies[i] = (Field){.name = fields[i].name, .value = fields[i].value};
    return (Fields){.items = copies, .count = count};
}

static void gather(Knock *knock) {
    Arena *arena = http_request_arena(knock->request);
    const HttpField *fields;
    uint32_t count = http_request_headers(knock->request, &fields);

    knock->headers = fields_of(fields, count, arena);
    count = http_request_params(knock->request, &fields);
    knock->webhook = (WebhookRequest){
        .method = http_request_method(knock->request),
        .path = knock->path,
        .headers = knock->headers,
        .query = fields_of(fields, count, arena),
        .body = http_request_body(knock->request),
    };
}

static void refuse_body(const Knock *knock, int r, const WebhookMistake *mistake) {
    static const HookProblem problems[] = {
        [WEBHOOK_E_SYNTAX] = HOOK_INVALID_JSON,
        [WEBHOOK_E_TEXT] = HOOK_NOT_TEXT,
        [WEBHOOK_E_STORABLE] = HOOK_NOT_STORABLE,
    };
    Arena *arena = http_request_arena(knock->request);
    Str detail = str_printf(arena, "%s: %s", mistake->what, mistake->json.message);

    if (mistake->json.line > 0)
        detail = str_printf(arena, "%s: line %u column %u: %s", mistake->what, mistake->json.line,
                            mistake->json.column, mistake->json.message);
    refuse(knock, problems[r], detail, 0);
}

/* Slack asks whether somebody listens before it sends events. */
static bool is_challenge(const Knock *knock, Str *ret_challenge) {
    const Json *body = &knock->body.value;

    if (knock->rule->signature.rule.scheme != SIGNATURE_SLACK ||
        !str_is(json_str(json_member(body, STR("type"))), "url_verification"))
        return false;
    *ret_challenge = json_str(json_member(body, STR("challenge")));
    return true;
}

static Str delivery_id(const Knock *knock) {
    const HookSignature *signature = &knock->rule->signature;
    Delivery delivery = {
        .scheme = signature->scheme,
        .headers = knock->headers,
        .raw = http_request_body(knock->request),
        .body = &knock->body.value,
        .id_header = signature->rule.id_header,
        .timestamp_header = signature->rule.timestamp_header,
    };

    return dedupe_id(&delivery, http_request_arena(knock->request));
}

static void hand_over(const Knock *knock, Str scope) {
    Str delivery = delivery_id(knock);
    AcceptOrder order = {
        .request = knock->request,
        .has_delivery = delivery.length > 0,
        .answer = knock->rule->response,
    };

    if (delivery.length == 0)
        delivery = str_printf(http_request_arena(knock->request), "request:%s",
                              uuid_text(clock_uuid_v7()).text);
    order.event = (TriggerEvent){
        .tenant = knock->rule->tenant,
        .template_id = knock->rule->template_id,
        .trigger = knock->rule->trigger,
        .type = TRIGGER_WEBHOOK,
        .event = delivery,
        .scope = scope,
        .traceparent = traceparent_of(fields_find(knock->headers, STR("traceparent"))),
    };
    accept_take(knock->hooks->ports.accept, &order);
}

static void on_request(void *owner, HttpRequest *request) {
    Knock knock = {.hooks = owner, .request = request};
    Arena *arena = http_request_arena(request);
    WebhookMistake mistake = {0};
    Str scope, challenge;
    int r;

    /* The trigger may have changed while the body came. */
    if (!find_rule(&knock)) {
        refuse(&knock, HOOK_NOT_FOUND, STR_NONE, 0);
        return;
    }
    gather(&knock);
    if (!is_genuine(&knock)) {
        refuse(&knock, HOOK_SIGNATURE_INVALID, STR_NONE, 0);
        return;
    }
    r = webhook_body(&knock.webhook, arena, &knock.body, &mistake);
    if (r == 0 && is_challenge(&knock, &challenge)) {
        answer_send(
            knock.hooks->ports.metrics, request,
            &(HookAnswer){.status = 200, .content_type = STR("text/plain"), .body = challenge});
        return;
    }
    if (r == 0)
        r = webhook_scope(&knock.webhook, &knock.body, arena, &scope, &mistake);
    if (r)
        refuse_body(&knock, r, &mistake);
    else
        hand_over(&knock, scope);
}

/* Life -------------------------------------------------------------------------------------- */

int hooks_open(const HooksPorts *ports, Hooks **ret_hooks) {
    Hooks *hooks = alloc_zero(sizeof *hooks);
    HttpServerSpec spec = {
        .name = "hooks",
        .address = ports->config->hooks_listen,
        .limits = {.body_bytes_max = (size_t)ports->config->hooks_body_bytes,
                   .connections_max = (uint32_t)ports->config->hooks_connections},
        .on_head = on_head,
        .on_request = on_request,
        .owner = hooks,
    };
    int r;

    hooks->ports = *ports;
    map_init(&hooks->buckets, clock_random_u64());
    r = http_server_open(ports->loop, &spec, &hooks->server);
    if (r) {
        map_done(&hooks->buckets);
        alloc_free(hooks);
        return r;
    }
    log_event(LOG_INFO, "hooks.listening", LOG_C("address", http_server_address(hooks->server)));
    *ret_hooks = hooks;
    return 0;
}

const char *hooks_address(const Hooks *hooks) {
    return http_server_address(hooks->server);
}

void hooks_gauge(Hooks *hooks) {
    HttpServerCounts counts = http_server_counts(hooks->server);
    uint64_t refused = counts.refused + counts.late;

    metric_set(hooks->ports.metrics, METRIC_HOOK_CONNECTIONS, counts.connections);
    metric_add(hooks->ports.metrics, METRIC_HOOK_CONNECTIONS_REFUSED,
               (double)(refused - hooks->refused));
    hooks->refused = refused;
}

void hooks_drain(Hooks *hooks, int64_t deadline_ms, LoopFn done_fn, void *context) {
    http_server_drain(hooks->server, deadline_ms, done_fn, context);
}

static void server_closed(void *context) {
    Hooks *hooks = context;
    LoopFn closed_fn = hooks->closed_fn;
    void *closed_context = hooks->closed_context;

    forget_buckets(hooks);
    map_done(&hooks->buckets);
    alloc_free(hooks);
    if (closed_fn)
        closed_fn(closed_context);
}

void hooks_close(Hooks *hooks, LoopFn closed_fn, void *context) {
    hooks->closed_fn = closed_fn;
    hooks->closed_context = context;
    http_server_close(hooks->server, server_closed, hooks);
}
