#pragma once

/*
 * Letter message: what a dead letter's bytes say, where they can still be read as a message of the
 * topic they came from.
 */

#include "cli/letter.h"

typedef struct LetterMessage {
    Json value;          /* null: there is no reading it */
    const char *refusal; /* why not, as common/wire says it; NULL: no message of the engine's */
} LetterMessage;

LetterMessage letter_message(const Letter *letter, Arena *arena);
