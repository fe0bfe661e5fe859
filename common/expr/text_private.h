#pragma once

/*
 * Text: bytes being written in an arena, within a limit. Once a piece did not fit, is_full is set
 * and nothing more is written.
 */

#include <stdbool.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/str.h"
#include "common/json/json.h"

typedef struct Text {
    Arena *arena;
    char *data;
    size_t length;
    size_t capacity;
    size_t bytes_max; /* of the text; 0: none */
    bool is_full;
} Text;

bool text_room(Text *text, size_t bytes); /* false, and is_full, when there is none */
void text_add(Text *text, Str bytes);
void text_add_char(Text *text, char c);
void text_add_code(Text *text, uint32_t code); /* as UTF-8 */
void text_add_number(Text *text, const Json *number);
void text_add_quoted(Text *text, Str bytes); /* as a JSON string */
Str text_str(const Text *text);

/* A number of the program's text: kept exactly when it is JSON too. */
Json expr_number(Arena *arena, Str text);

/* UTF-8, which every Str here is. */
uint32_t utf8_read(Str text, size_t *offset); /* the character at offset, which moves behind it */
size_t utf8_count(Str text);
size_t utf8_offset(Str text, size_t index); /* where the index-th character starts */
