#pragma once

/*
 * Webhook scope: what `.trigger` sees of a request, as JSON text:
 *
 *   {"body": …, "headers": {…}, "query": {…}, "method": "POST", "path": "orders/7"}
 *
 * The body is JSON where the content type says so, else text, null when it is empty. Header names
 * are in lower case; several of one name are joined by ", ". Headers that carry credentials or
 * signatures are left out. A parameter that is given several times is an array.
 */

#include "common/base/arena.h"
#include "common/json/json.h"
#include "trigger-gateway/fire/field.h"

enum {
    WEBHOOK_E_SYNTAX = 1, /* the content type says JSON, the body is none */
    WEBHOOK_E_TEXT,       /* body, path or query are not UTF-8 text, or hold a NUL */
    WEBHOOK_E_STORABLE,   /* JSON that the database would refuse (storable.h) */
};

typedef struct WebhookRequest {
    Str method;
    Str path; /* behind the token, without slashes at its ends */
    Fields headers;
    Fields query; /* decoded */
    Str body;
} WebhookRequest;

typedef struct WebhookMistake {
    const char *what; /* "body", "path", "query": what is at fault */
    JsonMistake json; /* of the body's JSON; line 0: no place is known */
} WebhookMistake;

typedef struct WebhookBody {
    Json value;   /* borrowed from the request and the arena */
    bool is_json; /* false: text, or nothing */
} WebhookBody;

int webhook_body(const WebhookRequest *request, Arena *arena, WebhookBody *ret_body,
                 WebhookMistake *ret_mistake);

/* The text, in the arena. The body is what webhook_body() made of this request. */
int webhook_scope(const WebhookRequest *request, const WebhookBody *body, Arena *arena,
                  Str *ret_scope, WebhookMistake *ret_mistake);

/* Whether a header is left out: it carries a credential or a signature. */
bool webhook_hides_header(Str name);
