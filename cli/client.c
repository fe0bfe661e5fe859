/* How commands reach the API. */

#include "cli/client.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/commands.h"
#include "common/base/alloc.h"

#define TIMEOUT_S 60L
#define CONNECT_TIMEOUT_S 10L

struct Client {
    const char *command;
    const char *url;
    const char *key;
    CURL *curl;
    Arena arena;
};

static const char *setting(const char *command, const char *name) {
    const char *value = getenv(name);

    if (value == NULL || value[0] == '\0') {
        fprintf(stderr, "headrace %s: %s is not set; `source .dev/env` sets it for ./dev up\n",
                command, name);
        return NULL;
    }
    return value;
}

int client_open(const char *command, Client **ret_client) {
    const char *url = setting(command, "HEADRACE_API_URL");
    const char *key = url ? setting(command, "HEADRACE_API_KEY") : NULL;
    Client *client;

    if (key == NULL)
        return EXIT_USAGE;
    client = alloc_zero(sizeof *client);
    client->command = command;
    client->url = url;
    client->key = key;
    client->curl = curl_easy_init();
    if (client->curl == NULL) {
        fprintf(stderr, "headrace %s: libcurl does not start\n", command);
        client_close(client);
        return EXIT_UNAVAILABLE;
    }
    *ret_client = client;
    return EXIT_DONE;
}

Client *client_close(Client *client) {
    if (client == NULL)
        return NULL;
    curl_easy_cleanup(client->curl);
    arena_done(&client->arena);
    return alloc_free(client);
}

Arena *client_arena(Client *client) {
    return &client->arena;
}

void client_forget(Client *client) {
    arena_reset(&client->arena);
}

Str client_escape(Client *client, const char *text) {
    char *escaped = curl_easy_escape(client->curl, text, 0);
    Str copy = str_copy(&client->arena, str_of(escaped ? escaped : ""));

    curl_free(escaped);
    return copy;
}

/* Calling ----------------------------------------------------------------------------------- */

static size_t take_bytes(char *bytes, size_t size, size_t count, void *context) {
    buf_add(context, bytes, size * count);
    return size * count;
}

static struct curl_slist *make_headers(Client *client, const ClientCall *call) {
    struct curl_slist *headers = NULL;

    headers = curl_slist_append(
        headers, arena_printf(&client->arena, "Authorization: Bearer %s", client->key));
    headers = curl_slist_append(headers, "Content-Type: application/json");
    headers = curl_slist_append(headers, "Expect:");
    if (call->idempotency_key != NULL)
        headers = curl_slist_append(
            headers, arena_printf(&client->arena, "Idempotency-Key: %s", call->idempotency_key));
    return headers;
}

static void set_call(Client *client, const ClientCall *call, struct curl_slist *headers,
                     Buf *text) {
    CURL *curl = client->curl;

    curl_easy_reset(curl);
    curl_easy_setopt(curl, CURLOPT_URL,
                     arena_printf(&client->arena, "%s%.*s", client->url, STR_ARGS(call->path)));
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, call->method);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, TIMEOUT_S);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_TIMEOUT_S);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_bytes);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, text);
    if (call->body.length > 0) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, call->body.data);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->body.length);
    }
}

int client_try(Client *client, const ClientCall *call, ClientAnswer *ret_answer) {
    struct curl_slist *headers = make_headers(client, call);
    ClientAnswer answer = {.json = json_null()};
    _cleanup_(buf_done) Buf text = {0};
    CURLcode code;

    set_call(client, call, headers, &text);
    code = curl_easy_perform(client->curl);
    curl_slist_free_all(headers);
    if (code != CURLE_OK) {
        fprintf(stderr, "headrace %s: %s: %s\n", client->command, client->url,
                curl_easy_strerror(code));
        return EXIT_UNAVAILABLE;
    }
    curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &answer.status);
    answer.text = str_copy(&client->arena, buf_str(&text));
    if (json_parse(&client->arena, answer.text, JSON_LIMITS_DEFAULT, &answer.json, NULL))
        answer.json = json_null();
    *ret_answer = answer;
    return EXIT_DONE;
}

/* Complaining ------------------------------------------------------------------------------- */

static int code_of(long status) {
    if (status == 422)
        return EXIT_INVALID;
    return status >= 500 || status == 429 ? EXIT_UNAVAILABLE : EXIT_NOT_DONE;
}

static void tell_errors(const Json *errors) {
    for (uint32_t i = 0; errors != NULL && i < errors->count; i++) {
        const Json *error = json_at(errors, i);
        Str code = json_str(json_member(error, STR("code")));
        Str pointer = json_str(json_member(error, STR("pointer")));
        Str message = json_str(json_member(error, STR("message")));

        fprintf(stderr, "  %.*s%s%.*s: %.*s\n", STR_ARGS(code), pointer.length ? " at " : "",
                STR_ARGS(pointer), STR_ARGS(message));
    }
}

int client_complain(Client *client, const ClientAnswer *answer) {
    Str code = json_str(json_member(&answer->json, STR("code")));
    Str detail = json_str(json_member(&answer->json, STR("detail")));

    if (code.length == 0)
        fprintf(stderr, "headrace %s: %s answered %ld\n", client->command, client->url,
                answer->status);
    else
        fprintf(stderr, "headrace %s: %.*s: %.*s\n", client->command, STR_ARGS(code),
                STR_ARGS(detail));
    tell_errors(json_member(&answer->json, STR("errors")));
    return code_of(answer->status);
}

int client_call(Client *client, const ClientCall *call, ClientAnswer *ret_answer) {
    ClientAnswer answer;
    int code = client_try(client, call, &answer);

    if (code != EXIT_DONE)
        return code;
    if (answer.status >= 400)
        return client_complain(client, &answer);
    *ret_answer = answer;
    return EXIT_DONE;
}

void client_print(const ClientAnswer *answer) {
    printf("%.*s\n", STR_ARGS(answer->text));
}
