#pragma once

/*
 * Execution: one execution as commands show it: its facts, its steps, and how long each took.
 */

#include "cli/client.h"

/* GET /v1/executions/…; NOT_FOUND and the like are told. */
int execution_get(Client *client, Str id, ClientAnswer *ret_answer);

/* Ended, or an INCIDENT that waits for a person. */
bool execution_has_ended(const Json *execution);

/* EXIT_DONE when it completed, else EXIT_NOT_DONE. */
int execution_code(const Json *execution);

/* Facts, steps with bars, error and output. Returns how many lines it wrote. */
int execution_print(Arena *arena, const Json *execution);

/* Polls until it has ended; redraws on a terminal, else says each change once. */
int execution_watch(Client *client, Str id);

/* Between two looks. */
void execution_pause(void);
