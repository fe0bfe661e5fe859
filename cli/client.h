#pragma once

/*
 * Client: how commands reach the API: HEADRACE_API_URL and HEADRACE_API_KEY. Answers live in the
 * client's memory until it is closed. Complaints go to standard error, and every function returns
 * an exit code: EXIT_DONE, EXIT_NOT_DONE, EXIT_INVALID, EXIT_USAGE or EXIT_UNAVAILABLE.
 */

#include "common/base/arena.h"
#include "common/json/json.h"

typedef struct Client Client;

typedef struct ClientCall {
    const char *method;
    Str path;                    /* with its query; parts by client_escape() */
    Str body;                    /* JSON; "": none */
    const char *idempotency_key; /* NULL: none */
} ClientCall;

typedef struct ClientAnswer {
    long status;
    Str text;
    Json json; /* null when the text is no JSON */
} ClientAnswer;

int client_open(const char *command, Client **ret_client);
Client *client_close(Client *client);
CLEANUP_POINTER(Client, client_close);

Arena *client_arena(Client *client);

/* Everything the client has answered so far is gone: for commands that ask again and again. */
void client_forget(Client *client);

/* EXIT_DONE with any answer below 400; else the problem was told. */
int client_call(Client *client, const ClientCall *call, ClientAnswer *ret_answer);

/* The same, and whoever asks tells the problem, or does not. */
int client_try(Client *client, const ClientCall *call, ClientAnswer *ret_answer);
int client_complain(Client *client, const ClientAnswer *answer);

/* For a part of a path or a query. */
Str client_escape(Client *client, const char *text);

/* The answer as it came, and a newline. */
void client_print(const ClientAnswer *answer);
