#pragma once

/*
 * Api: the authenticated listener, for people and programs that design and operate workflows.
 *
 * A request is matched to a route from its head alone, and waits for its body no longer than the
 * route allows. Who it acts for comes from its key; then the route's function runs in a lane,
 * inside a transaction of that tenant, and what it wants sent goes to Kafka after the commit: only
 * then is the caller answered.
 *
 * Runs on: loop.
 */

#include "common/base/buf.h"
#include "trigger-gateway/ports/ports.h"

typedef struct Api Api;

/*
 * Listens at ports->config->api_listen. A refusal is one of http_server_open(); a fault: seal.key
 * is no key file.
 */
int api_open(const GatewayPorts *ports, Api **ret_api);

/* "127.0.0.1:8081": where it really listens. */
const char *api_address(const Api *api);

/* No new requests; done_fn comes once when those in hand are answered, or after deadline_ms. */
void api_drain(Api *api, int64_t deadline_ms, LoopFn done_fn, void *context);

/* After lanes and publisher have let go of everything; closed_fn comes once, from the loop. */
void api_close(Api *api, LoopFn closed_fn, void *context);

/* One line for each route: method, path, verb, lowest role. For --print-routes. */
void api_print_routes(Buf *buf);
