#pragma once

/*
 * Letters: the topic headrace.dead-letters.v1, as an operator reads and answers it. Complaints go
 * to standard error, and every function returns an exit code: EXIT_DONE, EXIT_NOT_DONE, EXIT_USAGE
 * or EXIT_UNAVAILABLE.
 */

#include "cli/letter.h"

/* A topic of more letters tells that something is broken at its root: sorting them out one by one
 * is no answer. The oldest are not looked at. */
#define LETTERS_MAX 100000

typedef struct Letters Letters;

typedef struct LetterFilter {
    const char *reason; /* NULL: any */
    const char *topic;
    bool has_handled; /* also those that are dealt with */
} LetterFilter;

typedef struct LetterList {
    Letter *letters; /* newest first, without their values; in the arena */
    uint32_t count;
} LetterList;

/* brokers: --kafka, or NULL for HEADRACE_KAFKA. */
int letters_open(const char *brokers, Letters **ret_letters);
Letters *letters_close(Letters *letters);
CLEANUP_POINTER(Letters, letters_close);

int letters_list(Letters *letters, const LetterFilter *filter, Arena *arena, LetterList *ret_list);

/* With its value and headers. EXIT_NOT_DONE: there is no such letter (any more). */
int letters_find(Letters *letters, const char *place, Arena *arena, Letter *ret_letter);

/* The message once more, to the topic and the partition that it came from; acknowledged. */
int letters_send_back(Letters *letters, const Letter *letter);

/* The mark that the letter is dealt with; how is REPLAYED or DISCARDED. */
int letters_mark(Letters *letters, const Letter *letter, const char *how);
