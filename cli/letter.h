#pragma once

/*
 * Letter: one record of headrace.dead-letters.v1, which is a message that nobody could use, or a
 * mark: the word of an operator that a letter is dealt with.
 *
 *   letter   the message's bytes and key; the headers say why (headrace-reason, -detail), from
 *            where (headrace-topic, -partition, -offset), when (headrace-at-ms) and who could not
 *            use it (headrace-by). Behind them stand the headers that the message itself had.
 *   mark     no bytes; headrace-handled is PARTITION/OFFSET of the letter, headrace-how is REPLAYED
 *            or DISCARDED, headrace-at-ms and headrace-by say when and who. It lies behind its
 *            letter in the same partition, so it is there as long as the letter is, for everybody.
 *
 * Anybody may write to the topic: what headers say is foreign, and what is missing is empty or -1.
 */

#include "common/base/arena.h"
#include "common/io/bus.h"
#include "common/json/json.h"

#define LETTER_PLACE_BYTES 40

typedef struct LetterPlace {
    char text[LETTER_PLACE_BYTES]; /* "1/42" */
} LetterPlace;

typedef struct Letter {
    int32_t partition; /* of the letter itself */
    int64_t offset;
    Str reason, detail, by;
    int64_t at_ms;
    Str topic; /* where the message was */
    int64_t source_partition;
    int64_t source_offset;
    Str key;
    Str value;
    size_t value_bytes; /* known without the value too */
    const BusHeader *headers;
    uint32_t header_count; /* of the message itself */
    Str how;               /* REPLAYED, DISCARDED, or "": nobody has dealt with it */
    Str how_by;
    int64_t how_at_ms;
} Letter;

typedef struct LetterMark {
    Str place;
    Str how;
    Str by;
    int64_t at_ms;
} LetterMark;

LetterPlace letter_place(int32_t partition, int64_t offset);
bool letter_place_read(Str text, int32_t *ret_partition, int64_t *ret_offset);

bool letter_is_mark(const BusMessage *message);

/* All texts are copied into the arena; the value and the message's own headers only if wanted. */
Letter letter_read(const BusMessage *message, bool has_value, Arena *arena);
LetterMark letter_mark_read(const BusMessage *message, Arena *arena);
void letter_note(Letter *letter, const LetterMark *mark);

/* As `list` and `show` print it, without value, headers and message. */
Json letter_json(const Letter *letter, Arena *arena);
