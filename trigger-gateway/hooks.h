#pragma once

/*
 * Hooks: the public listener for webhooks, {hooks}/h/{token}/{path}.
 *
 * A request is judged in this order, and the first "no" is the answer: token, path and method (404
 * alike for everything unknown or switched off, 405), rate (429), Kafka (503), size (413),
 * signature over the raw bytes (401), body (400). Then it is accepted: accept.h.
 *
 * Slack's url_verification is answered with its challenge.
 *
 * Runs on: loop.
 */

#include "trigger-gateway/accept.h"
#include "trigger-gateway/ports/config.h"

typedef struct Hooks Hooks;

typedef struct HooksPorts {
    Loop *loop;
    Metrics *metrics;
    const GatewayConfig *config;
    const Catalog *catalog;
    const Publisher *publisher;
    Accept *accept;
} HooksPorts;

/* A refusal is one of http_server_open(). */
int hooks_open(const HooksPorts *ports, Hooks **ret_hooks);
const char *hooks_address(const Hooks *hooks);
void hooks_gauge(Hooks *hooks); /* now and then: what the listener counts, into the metrics */

/* No new requests; done_fn comes once when those in hand are answered, or after deadline_ms. */
void hooks_drain(Hooks *hooks, int64_t deadline_ms, LoopFn done_fn, void *context);
void hooks_close(Hooks *hooks, LoopFn closed_fn, void *context);
